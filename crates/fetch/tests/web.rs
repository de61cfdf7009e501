//! Reading from a web server that behaves badly.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::cell::RefCell;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use fetch::{Cache, Client, Error, Expected, Origin, Place, Sums};
use store::Patience;
use test_kit::web::{Fault, Server};

struct Lab {
    folder: tempfile::TempDir,
    server: Server,
    client: Client,
    content: Vec<u8>,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Longer than any buffer on the way, and different everywhere.
        let content: Vec<u8> = (0..600_000_u32).flat_map(u32::to_le_bytes).collect();
        std::fs::create_dir(folder.path().join("web")).unwrap();
        std::fs::write(folder.path().join("web/a.tar.gz"), &content).unwrap();
        let server = Server::start(&folder.path().join("web"));
        let patience = Patience {
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(5),
            ..Patience::default()
        };
        let client = Client::with_patience(Box::new(|_| None), patience, 4);
        Self { folder, server, client, content }
    }

    fn place(&self, name: &str) -> Place {
        let origin = Origin::parse(&self.server.url(), Path::new("/"), &|_| None).unwrap();
        origin.package(&format!("{}/{name}", self.server.url())).unwrap()
    }

    fn document(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.client.document(&self.place(name), limit)
    }

    fn archive(&self, cache: Option<&Cache>, expected: &Expected) -> Result<Sums, Error> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"what was there before").unwrap();
        let place = self.place("a.tar.gz");
        let steps = RefCell::new(0);
        let watch = |so_far: u64, _: Option<u64>| *steps.borrow_mut() = so_far;
        let sums = match cache {
            Some(cache) => cache.archive(&self.client, &place, expected, &mut file, &watch)?,
            None => self.client.archive(&place, expected, &mut file, &watch)?,
        };
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes == self.content, "other bytes came out");
        Ok(sums)
    }

    fn ranges(&self) -> Vec<Option<String>> {
        let requests = self.server.requests().into_iter();
        requests.map(|request| request.headers.get("range").cloned()).collect()
    }
}

fn expected(lab: &Lab) -> Expected {
    Expected {
        sha1: None,
        sha256: Some(checksum::of_bytes(&lab.content)),
        size: Some(lab.content.len() as u64),
    }
}

#[test]
fn broken_transfers_go_on_where_they_broke() {
    let lab = Lab::new();
    lab.server.fault("/a.tar.gz", Fault::Cut(300_000));
    lab.server.fault("/a.tar.gz", Fault::Status(503));
    lab.server.fault("/a.tar.gz", Fault::Cut(600_000));
    lab.archive(None, &expected(&lab)).unwrap();
    let ranges = lab.ranges();
    assert_eq!(ranges.len(), 4);
    assert_eq!(ranges[0], None);
    let starts: Vec<u64> = ranges[1..]
        .iter()
        .map(|range| {
            range.as_ref().unwrap().strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap()
        })
        .map(|start| start.parse().unwrap())
        .collect();
    assert!(starts[0] > 0 && starts[0] == starts[1] && starts[2] > starts[1], "{starts:?}");
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let lab = Lab::new();
    lab.server.fault("/a.tar.gz", Fault::Cut(300_000));
    lab.server.fault("/a.tar.gz", Fault::IgnoreRange);
    lab.archive(None, &expected(&lab)).unwrap();
}

#[test]
fn the_rest_of_something_else_is_not_taken() {
    let lab = Lab::new();
    lab.server.fault("/a.tar.gz", Fault::Cut(300_000));
    lab.server.fault("/a.tar.gz", Fault::OtherPart);
    lab.archive(None, &Expected::default()).unwrap();
    let asked: Vec<bool> = lab.ranges().iter().map(Option::is_some).collect();
    assert_eq!(asked, [false, true, false]);
}

#[test]
fn a_server_that_never_gets_better_is_given_up() {
    let lab = Lab::new();
    for _ in 0..20 {
        lab.server.fault("/a.tar.gz", Fault::Status(500));
        lab.server.fault("/b", Fault::Cut(0));
    }
    let error = lab.archive(None, &Expected::default()).unwrap_err();
    assert!(matches!(error, Error::Status { status: 500, .. }), "{error}");
    assert_eq!(lab.server.requests().len(), Patience::default().attempts as usize);
    std::fs::write(lab.folder.path().join("web/b"), "content").unwrap();
    let error = lab.document("b", 100).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. } | Error::Unreachable { .. }), "{error}");
}

/// Tries are counted from the start again only where a transfer has come further than before, so
/// that what never ends well takes no more requests than something that does not answer.
#[test]
fn what_does_not_get_further_is_given_up() {
    let most = Patience::default().attempts as usize;
    for fault in [
        // Announced too long: all there is comes each time.
        Fault::TooLong(7),
        // Cut each time, and all of it from the beginning again.
        Fault::CutWhole(200_000),
        // Cut each time, and the rest is that of another content.
        Fault::CutAndChange(200_000),
        // No more than a little each time.
        Fault::Cut(1000),
    ] {
        let lab = Lab::new();
        lab.server.always("/a.tar.gz", fault.clone());
        for cache in [None, Some(Cache::new(lab.folder.path().join("cache")))] {
            let before = lab.server.requests().len();
            // Of a known size, one that is announced too long is not even begun with.
            let unknown = Expected { size: None, ..expected(&lab) };
            let error = lab.archive(cache.as_ref(), &unknown).unwrap_err();
            let ends = matches!(error, Error::Truncated { .. } | Error::Unreachable { .. });
            assert!(ends, "{fault:?}: {error}");
            let requests = lab.server.requests().len() - before;
            assert!(requests <= most, "{fault:?}: {requests} requests");
        }
        // Documents are not resumed.
        let error = lab.document("a.tar.gz", 1 << 30).unwrap_err();
        assert!(!matches!(error, Error::TooLarge { .. }), "{error}");
    }
}

/// A proxy that cuts each answer, and sends the rest when it is asked for that: however often.
#[test]
fn what_gets_further_each_time_comes_to_its_end() {
    let lab = Lab::new();
    lab.server.always("/a.tar.gz", Fault::Cut(200_000));
    lab.archive(None, &expected(&lab)).unwrap();
    assert_eq!(lab.server.requests().len(), lab.content.len().div_ceil(200_000));
}

#[test]
fn as_many_tries_as_the_environment_says() {
    let lab = Lab::new();
    for (attempts, tries, silent) in [("1", 1, 1), ("2", 2, 2), ("4", 4, 3)] {
        let env = move |name: &str| match name {
            "AWS_MAX_ATTEMPTS" => Some(attempts.to_owned()),
            "SLIPWAY_TIMEOUT" => Some("0.2".to_owned()),
            _ => None,
        };
        let client = Client::new(Box::new(env), 4).unwrap();
        for (fault, expected) in
            [(Fault::Status(503), tries), (Fault::Cut(10), tries), (Fault::Stall, silent)]
        {
            lab.server.always("/a.tar.gz", fault.clone());
            let before = lab.server.requests().len();
            client.document(&lab.place("a.tar.gz"), 1 << 30).unwrap_err();
            let requests = lab.server.requests().len() - before;
            assert_eq!(requests, expected, "{attempts}: {fault:?}");
        }
    }
    assert!(Client::new(Box::new(|_| Some("x".to_owned())), 4).is_err());
}

#[test]
fn what_is_not_what_it_should_be() {
    let lab = Lab::new();
    let right = expected(&lab);
    // Once may be a proxy's fault.
    lab.server.fault("/a.tar.gz", Fault::Damage);
    lab.archive(None, &right).unwrap();
    lab.server.fault("/a.tar.gz", Fault::Damage);
    lab.server.fault("/a.tar.gz", Fault::Damage);
    let error = lab.archive(None, &right).unwrap_err();
    assert!(matches!(&error, Error::Differs { what: "SHA-256", .. }), "{error}");
    assert!(error.to_string().contains("/a.tar.gz"), "{error}");
    let sha1 = Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned());
    let error = lab.archive(None, &Expected { sha1, ..Expected::default() }).unwrap_err();
    assert!(matches!(error, Error::Differs { what: "SHA-1", .. }), "{error}");
    // Larger than it should be is not even read to its end.
    let error = lab.archive(None, &Expected { size: Some(10), ..right }).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 10, .. }), "{error}");
    let missing = lab.document("gone", 10).unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

#[test]
fn documents_are_bounded_packed_or_not() {
    let lab = Lab::new();
    let web = lab.folder.path().join("web");
    let text = "x".repeat(100_000);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    std::fs::write(web.join("packed.json"), &packed).unwrap();
    std::fs::write(web.join("half.json"), &packed[..packed.len() / 2]).unwrap();
    let gzip = || Fault::Header("Content-Encoding", "gzip".to_owned());
    for encoding in ["gzip", "gzip, aws-chunked", "gzip,aws-chunked", "aws-chunked"] {
        lab.server.fault("/packed.json", Fault::Header("Content-Encoding", encoding.to_owned()));
        assert_eq!(lab.document("packed.json", 100_000).unwrap(), text.as_bytes(), "{encoding}");
    }
    lab.server.fault("/packed.json", gzip());
    let error = lab.document("packed.json", 99_999).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let error = lab.document("a.tar.gz", 1000).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let error = lab.document("half.json", 100_000).unwrap_err();
    assert!(matches!(error, Error::Gzip { .. }), "{error}");
}

#[test]
fn redirects_stay_on_the_web() {
    let lab = Lab::new();
    let web = lab.folder.path().join("web");
    std::fs::write(web.join("end"), "content").unwrap();
    lab.server.fault("/start", Fault::Redirect("/end?x".to_owned()));
    assert_eq!(lab.document("start", 100).unwrap(), b"content");
    for to in ["file:///etc/passwd", "ftp://127.0.0.1/x", "s3://b/x"] {
        lab.server.fault("/start", Fault::Redirect(to.to_owned()));
        let error = lab.document("start", 100).unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{to}: {error}");
    }
    for _ in 0..50 {
        lab.server.fault("/start", Fault::Redirect("/start".to_owned()));
    }
    let error = lab.document("start", 100).unwrap_err();
    assert!(error.to_string().contains("too many redirects"), "{error}");
}

#[test]
fn passwords_go_to_their_host_only() {
    let lab = Lab::new();
    let other = Server::start(&lab.folder.path().join("web"));
    let url = lab.server.url().replace("http://", "http://user:secret@");
    let origin = Origin::parse(&url, Path::new("/"), &|_| None).unwrap();
    lab.server.fault("/packages.json", Fault::Redirect(format!("{}/gone", other.url())));
    let error = lab.client.document(origin.index(), 100).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    let header = |server: &Server| server.requests()[0].headers.get("authorization").cloned();
    assert_eq!(header(&lab.server).as_deref(), Some("Basic dXNlcjpzZWNyZXQ="));
    assert_eq!(header(&other), None);
}

#[test]
fn the_cache_knows_archives_by_their_content() {
    let lab = Lab::new();
    let cache = Cache::new(lab.folder.path().join("cache/deep"));
    let known = expected(&lab);
    let first = lab.archive(Some(&cache), &known).unwrap();
    let count = || lab.server.requests().len();
    assert_eq!(count(), 1);
    // By its checksums nobody is asked.
    lab.archive(Some(&cache), &known).unwrap();
    let sha1 = Expected { sha1: Some(first.sha1.clone()), ..Expected::default() };
    lab.archive(Some(&cache), &sha1).unwrap();
    assert_eq!(count(), 1);
    // Without one the server says whether it has changed.
    lab.archive(Some(&cache), &Expected::default()).unwrap();
    assert_eq!(count(), 2);
    assert!(lab.server.requests()[1].headers.contains_key("if-none-match"));

    // What went bad is thrown away and read anew.
    let blob = lab.folder.path().join("cache/deep/sha256").join(&first.sha256);
    for expected in [&known, &sha1, &Expected::default()] {
        let before = count();
        std::fs::write(&blob, "bad").unwrap();
        lab.archive(Some(&cache), expected).unwrap();
        assert!(count() > before);
        assert_eq!(std::fs::metadata(&blob).unwrap().len(), first.size);
    }
}

#[test]
fn whoever_clears_a_cache_sees_what_is_in_use() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    let folder = lab.folder.path().join("cache");
    let cache = Cache::new(folder.clone());
    let known = expected(&lab);
    let sums = lab.archive(Some(&cache), &known).unwrap();
    let blob = folder.join("sha256").join(sums.sha256);
    std::fs::File::open(&blob).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    lab.archive(Some(&cache), &known).unwrap();
    let about = std::fs::metadata(&blob).unwrap();
    assert!(about.modified().unwrap() > std::time::UNIX_EPOCH + Duration::from_secs(86400));
    // And is who keeps it.
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn runs_side_by_side_share_a_cache() {
    let lab = Lab::new();
    let cache = Cache::new(lab.folder.path().join("cache"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| lab.archive(Some(&cache), &Expected::default()).unwrap());
        }
    });
    let left: Vec<_> = ["url", "sha1", "sha256"]
        .iter()
        .flat_map(|name| std::fs::read_dir(lab.folder.path().join("cache").join(name)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
}
