//! Who serves a bucket.

use std::path::PathBuf;

use crate::address::{Authority, Invalid};
use crate::{Env, Error, Region, set, url};

/// The variables that name another S3 service; the first one that is set wins.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT_URL"];
/// Names another service for the upstream bucket alone.
pub(crate) const UPSTREAM_ENDPOINT: &str = "UPSTREAM_S3_ENDPOINT_URL";

/// Who serves a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// Amazon S3, addressed by virtual host.
    Aws {
        /// The bucket's region.
        region: Region,
    },
    /// Another S3 service, addressed by path.
    Endpoint {
        /// `http(s)://host[:port][/path]`, without a trailing slash.
        url: String,
        /// The region that requests are signed for.
        region: Region,
    },
    /// The embedded store: a folder whose folders are buckets.
    Folder {
        /// An absolute path.
        root: PathBuf,
    },
}

impl Service {
    /// The service that the environment names: an endpoint, else AWS.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when the endpoint is no URL of a known scheme.
    pub fn from_env(env: Env<'_>, region: Region) -> Result<Self, Error> {
        let found = ENDPOINTS.iter().find_map(|name| Some((*name, set(env, name)?)));
        match found {
            Some((name, url)) => Self::from_endpoint(name, &url, region),
            None => Ok(Self::Aws { region }),
        }
    }

    /// The service at an endpoint's URL. `source` names the variable or option for the error.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when it is no URL of a known scheme.
    pub fn from_endpoint(source: &str, endpoint: &str, region: Region) -> Result<Self, Error> {
        let unfit = || {
            let value = url::without_secrets(endpoint);
            Error::Endpoint { variable: source.to_owned(), value }
        };
        let trimmed = endpoint.trim().trim_end_matches('/');
        if let Some(path) = endpoint.strip_prefix("file://") {
            let path = path.strip_prefix("localhost").unwrap_or(path);
            let path = url::decode(path).filter(|path| path.starts_with('/')).ok_or_else(unfit)?;
            let parents = path.split('/').any(|part| part == "..");
            if parents || path.contains('\0') {
                return Err(unfit());
            }
            return Ok(Self::Folder { root: PathBuf::from(path) });
        }
        let (scheme, rest) = trimmed.split_once("://").ok_or_else(unfit)?;
        let scheme = scheme.to_ascii_lowercase();
        // Credentials in a URL would end up in manifests and logs.
        let strange = rest.contains(['@', '?', '#', '\\']) || rest.contains(char::is_whitespace);
        if !matches!(&*scheme, "http" | "https") || strange {
            return Err(unfit());
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // One spelling: what is signed is what is sent, and what manifests hold is what is compared.
        let authority = Authority::parse(authority).map_err(|problem| match problem {
            Invalid::Port => Error::Port {
                variable: source.to_owned(),
                value: url::without_secrets(endpoint),
                problem,
            },
            Invalid::Host => unfit(),
        })?;
        let authority = authority.without_usual_port(&scheme);
        let url = format!("{scheme}://{authority}{path}");
        Ok(Self::Endpoint { url, region })
    }

    /// The region; a folder has none.
    #[must_use]
    pub fn region(&self) -> Option<&Region> {
        match self {
            Self::Aws { region } | Self::Endpoint { region, .. } => Some(region),
            Self::Folder { .. } => None,
        }
    }

    /// The endpoint's URL, as [`Service::from_endpoint`] takes it; none for Amazon S3.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Self::Aws { .. } => None,
            Self::Endpoint { url, .. } => Some(url.clone()),
            Self::Folder { root } => {
                Some(format!("file://{}", url::encode_path(&root.to_string_lossy())))
            }
        }
    }

    /// The URL of a bucket, without a trailing slash.
    pub(crate) fn bucket_url(&self, bucket: &str) -> String {
        match self {
            Self::Aws { region } => format!("https://{bucket}.{}.amazonaws.com", region.host()),
            Self::Endpoint { url, .. } => format!("{url}/{bucket}"),
            Self::Folder { root } => {
                let path = root.join(bucket);
                format!("file://{}", url::encode_path(&path.to_string_lossy()))
            }
        }
    }

    /// What follows the bucket in a URL of this service, still percent-encoded.
    pub(crate) fn path_in_bucket<'u>(&self, bucket: &str, url: &'u str) -> Option<&'u str> {
        if let Some(path) = url::below(url, &self.bucket_url(bucket)) {
            return Some(path);
        }
        let Self::Endpoint { url: endpoint, .. } = self else {
            return None;
        };
        let (scheme, host) = endpoint.split_once("://")?;
        url::below(url, &format!("{scheme}://{bucket}.{host}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let region = Region::default;
        let parse = |url: &str| Service::from_endpoint("X", url, region());
        assert_eq!(parse("file:///a%20b/").unwrap(), Service::Folder { root: "/a b/".into() });
        assert_eq!(parse("file://localhost/a").unwrap(), Service::Folder { root: "/a".into() });
        assert_eq!(
            parse("http://h:1/").unwrap(),
            Service::Endpoint { url: "http://h:1".into(), region: region() }
        );
        for url in ["", "h:1", "ftp://h", "file://a/b", "http://", "http://u:p@h", "file:///a/../b"]
        {
            assert!(parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn an_endpoint_has_one_spelling() {
        for (given, url) in [
            ("http://host:80", "http://host"),
            ("https://host:443/", "https://host"),
            ("https://host:80", "https://host:80"),
            ("HTTP://Host.Example:9000/S3", "http://host.example:9000/S3"),
            ("http://host.:9000", "http://host:9000"),
            ("https://s3.example.", "https://s3.example"),
            ("http://[::1]:8333", "http://[::1]:8333"),
            ("http://[0:0::1]:80/x/", "http://[::1]/x"),
            ("http://my_store:9000\n", "http://my_store:9000"),
        ] {
            let found = Service::from_endpoint("X", given, Region::default());
            let expected = Service::Endpoint { url: url.to_owned(), region: Region::default() };
            assert_eq!(found, Ok(expected), "{given}");
        }
        for (given, shown) in [
            ("http://h:65536", "http://h:65536"),
            ("https://h:99999/x", "https://h:99999/x"),
            ("http://h:0", "http://h:0"),
            ("http://[::1]:x", "http://[::1]:x"),
        ] {
            let error = Service::from_endpoint("--endpoint", given, Region::default()).unwrap_err();
            let text =
                format!("--endpoint is {shown:?}: the port must be a number from 1 to 65535");
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn what_is_refused_is_shown_without_its_secrets() {
        for (given, shown) in [
            ("http://user:geheim@h:1", "http://…@h:1"),
            ("user:geheim@h:1/x", "…@h:1/x"),
            ("https://geheim@h", "https://…@h"),
            ("ftp://user:ge/he?im@h", "ftp://…@h"),
            ("http://user:geheim@b@h", "http://…@h"),
            ("http://h/?token=geheim", "http://h/?…"),
            ("http://user:x@h#geheim", "http://…@h#…"),
            ("ftp://h", "ftp://h"),
        ] {
            let error = Service::from_endpoint("X", given, Region::default()).unwrap_err();
            let value = shown.to_owned();
            assert_eq!(error, Error::Endpoint { variable: "X".to_owned(), value }, "{given}");
        }
    }

    #[test]
    fn the_first_variable_that_is_set_wins() {
        let env = |name: &str| match name {
            "AWS_ENDPOINT_URL_S3" => Some(String::new()),
            "AWS_ENDPOINT_URL" => Some("http://second".to_owned()),
            "S3_ENDPOINT_URL" => Some("http://third".to_owned()),
            _ => None,
        };
        let service = Service::from_env(&env, Region::default()).unwrap();
        assert_eq!(service.bucket_url("b"), "http://second/b");
    }
}
