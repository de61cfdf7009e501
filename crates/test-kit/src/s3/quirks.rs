//! How services stray from the ideal.

/// How the server strays from the ideal service, as real ones do.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// `If-Match` and `If-None-Match` on a write are ignored and answered 200 (Garage, s3rver).
    pub ignore_conditions: bool,
    /// Writes with `If-Match` or `If-None-Match` are answered 501, without any effect.
    pub refuse_conditions: bool,
    /// A copy is answered 200, and nothing is copied (Ceph radosgw on dbstore).
    pub copy_nothing: bool,
    /// `Content-Encoding` of a write is not kept.
    pub drop_encoding: bool,
    /// At most so many keys on a page of a listing, whatever the client asks for.
    pub page_size: usize,
    /// Listings sort `/` before every other byte (`q/1` before `q.txt`), as SeaweedFS does.
    pub slash_first: bool,
    /// Parts of a multipart upload (but the last) must have so many bytes; AWS wants 5 MiB.
    pub smallest_part: usize,
    /// By how many days its clock is behind this machine's.
    pub days_behind: u32,
    /// Credentials have rights below this prefix only, as many policies have it: the bucket itself
    /// may not be asked for or listed, so a missing key is answered with 403.
    pub restricted_to: Option<&'static str>,
    /// Every object has the same ETag.
    pub constant_etags: bool,
    /// Listings have no ETags.
    pub unlisted_etags: bool,
    /// Listings have other ETags than the objects.
    pub other_etags: bool,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            ignore_conditions: false,
            refuse_conditions: false,
            copy_nothing: false,
            drop_encoding: false,
            page_size: 1000,
            slash_first: false,
            smallest_part: 0,
            days_behind: 0,
            restricted_to: None,
            constant_etags: false,
            unlisted_etags: false,
            other_etags: false,
        }
    }
}
