//! Which host a bucket is asked at, and which region the requests are signed for.

use location::Service;
use rusoto_core::Region;
use rusoto_core::signature::SignedRequest;

/// Where requests for one bucket go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme, host, port and path, without a trailing slash.
    endpoint: String,
    /// Whether the bucket is part of the host name rather than of the path.
    virtual_host: bool,
    /// The region's name, for signatures.
    region: String,
}

impl Address {
    /// The address of a bucket. `moved` is a region that the service itself named.
    pub(super) fn new(service: &Service, bucket: &str, moved: Option<&str>) -> Self {
        match service {
            Service::Aws { region } => {
                let name = moved.unwrap_or_else(|| region.name());
                let label = moved.map_or_else(|| region.host(), |name| format!("s3.{name}"));
                let domain =
                    if name.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
                // A bucket with a dot does not match the service's wildcard certificate.
                let virtual_host = bucket
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                let endpoint = if virtual_host {
                    format!("https://{bucket}.{label}.{domain}")
                } else {
                    format!("https://{label}.{domain}")
                };
                Self { endpoint, virtual_host, region: name.to_owned() }
            }
            Service::Endpoint { url, region } => Self {
                endpoint: url.clone(),
                virtual_host: false,
                region: moved.unwrap_or_else(|| region.name()).to_owned(),
            },
            // Not reached: a folder is not opened here. There is nobody at this address.
            Service::Folder { .. } => {
                Self { endpoint: String::new(), virtual_host: false, region: String::new() }
            }
        }
    }

    /// Scheme, host, port and path.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region's name.
    pub(super) fn region_name(&self) -> &str {
        &self.region
    }

    /// The region in the form that requests are made with.
    pub(super) fn region(&self) -> Region {
        Region::Custom { name: self.region.clone(), endpoint: self.endpoint.clone() }
    }

    /// Points a request with the path `/bucket…` here.
    pub(super) fn aim(&self, request: &mut SignedRequest, bucket: &str, path: &str) {
        request.region = self.region();
        request.hostname = None;
        request.path = match path.strip_prefix('/').and_then(|path| path.strip_prefix(bucket)) {
            Some("") if self.virtual_host => "/".to_owned(),
            Some(below) if self.virtual_host => below.to_owned(),
            _ => path.to_owned(),
        };
    }
}

/// Whether a bucket's name can be part of a host name and a path at all.
pub(super) fn bucket_is_valid(bucket: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (1..=255).contains(&bucket.len()) && bucket.bytes().all(fits) && bucket != "." && bucket != ".."
}

/// Whether a text that a service sent can be a region's name, and so part of a host name.
pub(super) fn region_is_valid(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aimed(service: &Service, bucket: &str, moved: Option<&str>) -> (String, String) {
        let address = Address::new(service, bucket, moved);
        let path = format!("/{bucket}/a b/c+d");
        let mut request = SignedRequest::new("GET", "s3", &Region::UsEast1, &path);
        address.aim(&mut request, bucket, &path);
        let url =
            format!("{}://{}{}", request.scheme(), request.hostname(), request.canonical_path());
        (url, request.region_for_service())
    }

    #[test]
    fn addresses() {
        let aws =
            |region: &str| Service::Aws { region: location::Region::parse(Some(region)).unwrap() };
        let other = Service::Endpoint {
            url: "http://127.0.0.1:8333/s3".into(),
            region: location::Region::parse(Some("eu-west-1")).unwrap(),
        };
        let cases = [
            (aws(""), "bucket", None, "https://bucket.s3.amazonaws.com/a%20b/c%2Bd", "us-east-1"),
            (
                aws(""),
                "b",
                Some("eu-west-3"),
                "https://b.s3.eu-west-3.amazonaws.com/a%20b/c%2Bd",
                "eu-west-3",
            ),
            (
                aws("s3-eu-west-1"),
                "b",
                None,
                "https://b.s3-eu-west-1.amazonaws.com/a%20b/c%2Bd",
                "eu-west-1",
            ),
            (
                aws("eu-west-1"),
                "b",
                None,
                "https://b.s3.dualstack.eu-west-1.amazonaws.com/a%20b/c%2Bd",
                "eu-west-1",
            ),
            (aws("s3"), "a.b", None, "https://s3.amazonaws.com/a.b/a%20b/c%2Bd", "us-east-1"),
            (
                aws("cn-north-1"),
                "b",
                Some("cn-north-1"),
                "https://b.s3.cn-north-1.amazonaws.com.cn/a%20b/c%2Bd",
                "cn-north-1",
            ),
            (other.clone(), "b", None, "http://127.0.0.1:8333/s3/b/a%20b/c%2Bd", "eu-west-1"),
            (other, "b", Some("x-1"), "http://127.0.0.1:8333/s3/b/a%20b/c%2Bd", "x-1"),
        ];
        for (service, bucket, moved, url, region) in cases {
            assert_eq!(aimed(&service, bucket, moved), (url.to_owned(), region.to_owned()));
        }
    }

    #[test]
    fn names() {
        for good in ["lang-php", "a.b", "My_Bucket"] {
            assert!(bucket_is_valid(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "a@b", "ä", "a?b"] {
            assert!(!bucket_is_valid(bad), "{bad}");
        }
        for bad in ["", "evil.example/", "eu-west-1.evil", "EU", "a:1"] {
            assert!(!region_is_valid(bad), "{bad}");
        }
    }
}
