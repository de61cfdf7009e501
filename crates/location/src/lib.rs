//! Where a repository is: bucket, prefix and service, and the URLs of what lies there.
//!
//! Pure text: nothing here touches the network, a disk or the process environment. The environment
//! comes in as a function ([`Env`]), so that every caller, and every test, says what it is.

mod address;
mod aws;
mod error;
mod prefix;
mod region;
mod service;
mod url;

use std::borrow::Cow;
use std::fmt;

pub use address::{Authority, Invalid, usual_port};
pub use error::Error;
pub use prefix::{PRIVATE, Prefix};
pub use region::Region;
pub use service::Service;
pub use url::{path_segments, site, without_secrets};

/// Looks up one variable of the environment. An empty value counts as unset everywhere here.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Which set of variables describes a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `S3_BUCKET`, `S3_PREFIX`, `S3_REGION`: where packages are built to.
    Own,
    /// `UPSTREAM_S3_BUCKET` and so on: where dependencies come from that [`Role::Own`] lacks.
    Upstream,
}

/// A bucket and prefix of a service: the place of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Who serves the bucket.
    pub service: Service,
    /// The bucket's name, without slashes.
    pub bucket: String,
    /// The folder in it: empty, or ending in a slash.
    pub prefix: Prefix,
    /// What readers see instead of the service and bucket (a CDN, a website endpoint), without a
    /// trailing slash.
    pub public_url: Option<String>,
    /// Further URLs under which readers know the service and bucket, such as a former CDN, without
    /// trailing slashes. URLs below them are recognised; none is written.
    pub known_as: Vec<String>,
}

impl Location {
    /// A location without a public URL.
    ///
    /// # Errors
    /// [`Error::Bucket`] when `bucket` cannot be a bucket's name.
    pub fn new(service: Service, bucket: &str, prefix: Prefix) -> Result<Self, Error> {
        let unfit = bucket.is_empty()
            || bucket == "."
            || bucket == ".."
            || bucket.contains(['/', '\\', '?', '#', '\0'])
            || bucket.contains(char::is_whitespace);
        if unfit {
            return Err(Error::Bucket { bucket: bucket.to_owned() });
        }
        Ok(Self {
            service,
            bucket: bucket.to_owned(),
            prefix,
            public_url: None,
            known_as: Vec::new(),
        })
    }

    /// The location that the environment names for `role`; `None` where its bucket is not set.
    ///
    /// # Errors
    /// Any [`Error`], for the variable that is wrong.
    pub fn from_env(role: Role, env: Env<'_>) -> Result<Option<Self>, Error> {
        let names = match role {
            Role::Own => ["S3_BUCKET", "S3_PREFIX", "S3_REGION"],
            Role::Upstream => ["UPSTREAM_S3_BUCKET", "UPSTREAM_S3_PREFIX", "UPSTREAM_S3_REGION"],
        };
        let [bucket, prefix, region] = names.map(|name| set(env, name));
        let Some(bucket) = bucket else {
            return Ok(None);
        };
        let region = Region::parse(region.as_deref())?;
        let upstream_endpoint = match role {
            Role::Own => None,
            Role::Upstream => set(env, service::UPSTREAM_ENDPOINT),
        };
        let service = match upstream_endpoint {
            Some(url) => Service::from_endpoint(service::UPSTREAM_ENDPOINT, &url, region)?,
            None => Service::from_env(env, region)?,
        };
        let mut location =
            Self::new(service, &bucket, Prefix::parse(prefix.as_deref().unwrap_or_default())?)?;
        if role == Role::Own {
            location.public_url = public_url(env)?;
        }
        Ok(Some(location))
    }

    /// The key of `name` below the prefix.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The URL under which readers find `name`: what a manifest's `dist.url` holds.
    #[must_use]
    pub fn dist_url(&self, name: &str) -> String {
        self.dist_url_as_written(&url::encode_path(name))
    }

    /// The URL of a name that is percent-encoded already, such as
    /// [`Location::relative_as_written`] gives it.
    #[must_use]
    pub fn dist_url_as_written(&self, written: &str) -> String {
        let base = match &self.public_url {
            Some(url) => url.clone(),
            None => self.service.bucket_url(&self.bucket),
        };
        format!("{base}/{}{written}", url::encode_path(self.prefix.as_str()))
    }

    /// What `url` names below this prefix, percent-decoded and without query, whichever of the
    /// bucket's URL forms it has; `None` when it lies elsewhere.
    ///
    /// Host forms of AWS are recognised on every service: repositories that were made by older
    /// tools carry them on custom endpoints too.
    #[must_use]
    pub fn relative(&self, url: &str) -> Option<String> {
        let key = url::decode(self.path_in_bucket(url)?)?;
        let name = key.strip_prefix(self.prefix.as_str())?;
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The same as [`Location::relative`], as `url` writes it: there are several ways to
    /// percent-encode a name, and whoever copies an URL keeps to that of its author.
    #[must_use]
    pub fn relative_as_written<'u>(&self, url: &'u str) -> Option<Cow<'u, str>> {
        let name = self.relative(url)?;
        let segments = self.prefix.as_str().matches('/').count();
        let rest = self.path_in_bucket(url)?.splitn(segments + 1, '/').nth(segments);
        // Where the prefix's own slashes are encoded, `rest` is not what follows it.
        Some(match rest.filter(|rest| url::decode(rest).as_ref() == Some(&name)) {
            Some(rest) => rest.into(),
            None => url::encode_path(&name).into(),
        })
    }

    /// What follows the bucket in `url`, still percent-encoded and without query.
    fn path_in_bucket<'u>(&self, url: &'u str) -> Option<&'u str> {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let bases = self.public_url.iter().chain(&self.known_as);
        bases
            .filter_map(|base| url::below(url, base))
            .next()
            .or_else(|| self.service.path_in_bucket(&self.bucket, url))
            .or_else(|| aws::path_in_bucket(&self.bucket, url))
    }
}

impl fmt::Display for Location {
    /// As `s3://bucket/prefix/`, on the folder store as the folder's path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Service::Folder { root } => {
                write!(f, "{}/{}", root.join(&self.bucket).display(), self.prefix)
            }
            Service::Aws { .. } | Service::Endpoint { .. } => {
                write!(f, "s3://{}/{}", self.bucket, self.prefix)
            }
        }
    }
}

/// `S3_PUBLIC_URL`, without its trailing slashes.
///
/// # Errors
/// [`Error::PublicUrl`] when it holds a user or a password: they would stand in every manifest.
pub fn public_url(env: Env<'_>) -> Result<Option<String>, Error> {
    set(env, "S3_PUBLIC_URL").map(|url| parse_public_url(&url)).transpose()
}

/// A public URL, without its trailing slashes.
///
/// # Errors
/// [`Error::PublicUrl`] when it holds a user or a password, [`Error::Port`] for a port that cannot be one.
pub fn parse_public_url(url: &str) -> Result<String, Error> {
    if url::authority(url).contains('@') {
        return Err(Error::PublicUrl { value: url::without_secrets(url) });
    }
    if let Err(problem @ Invalid::Port) = Authority::parse(url::authority(url)) {
        let variable = "S3_PUBLIC_URL".to_owned();
        return Err(Error::Port { variable, value: url::without_secrets(url), problem });
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// A variable that is set to something.
fn set(env: Env<'_>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Location {
        let env = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Location::from_env(Role::Own, &env).unwrap().unwrap()
    }

    #[test]
    fn the_environment_decides_the_dist_url() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("S3_PREFIX", "p/")], "https://b.s3.amazonaws.com/p/a%2B1.tar.gz"),
            (&[("S3_PREFIX", "/")], "https://b.s3.amazonaws.com/a%2B1.tar.gz"),
            (&[("S3_PREFIX", "p")], "https://b.s3.amazonaws.com/p/a%2B1.tar.gz"),
            (&[("S3_REGION", "")], "https://b.s3.amazonaws.com/a%2B1.tar.gz"),
            (&[("S3_REGION", "s3")], "https://b.s3.amazonaws.com/a%2B1.tar.gz"),
            (&[("S3_REGION", "s3-eu-west-1")], "https://b.s3-eu-west-1.amazonaws.com/a%2B1.tar.gz"),
            (&[("S3_REGION", "s3.eu-west-1")], "https://b.s3.eu-west-1.amazonaws.com/a%2B1.tar.gz"),
            (
                &[("S3_REGION", "eu-west-1")],
                "https://b.s3.dualstack.eu-west-1.amazonaws.com/a%2B1.tar.gz",
            ),
            (
                &[("AWS_ENDPOINT_URL", "http://127.0.0.1:5555/"), ("S3_PREFIX", "p/")],
                "http://127.0.0.1:5555/b/p/a%2B1.tar.gz",
            ),
            (
                &[("AWS_ENDPOINT_URL_S3", "file:///srv/my%20store"), ("S3_PREFIX", "p/")],
                "file:///srv/my%20store/b/p/a%2B1.tar.gz",
            ),
            (
                &[("S3_PUBLIC_URL", "https://cdn.example/x/"), ("S3_PREFIX", "p/")],
                "https://cdn.example/x/p/a%2B1.tar.gz",
            ),
        ];
        for (vars, expected) in cases {
            let vars = [&[("S3_BUCKET", "b")], *vars].concat();
            assert_eq!(from(&vars).dist_url("a+1.tar.gz"), *expected, "{vars:?}");
            assert_eq!(from(&vars).relative(expected).as_deref(), Some("a+1.tar.gz"), "{vars:?}");
        }
    }

    #[test]
    fn every_url_form_of_the_bucket_is_recognised() {
        let at = from(&[
            ("S3_BUCKET", "my.b"),
            ("S3_PREFIX", "p/"),
            ("AWS_ENDPOINT_URL", "http://s3.local:9000"),
        ]);
        for url in [
            "https://my.b.s3.amazonaws.com/p/x%2B1.tar.gz",
            "http://my.b.s3.amazonaws.com/p/x+1.tar.gz",
            "https://my.b.s3-eu-west-1.amazonaws.com/p/x+1.tar.gz",
            "https://my.b.s3.eu-west-1.amazonaws.com/p/x+1.tar.gz?extension=a%2Fb",
            "https://my.b.s3.dualstack.eu-west-1.amazonaws.com/p/x+1.tar.gz",
            "https://s3.amazonaws.com/my.b/p/x+1.tar.gz",
            "https://s3.eu-west-1.amazonaws.com/my.b/p/x+1.tar.gz",
            "https://s3-eu-west-1.amazonaws.com/my.b/p/x+1.tar.gz",
            "https://my.b.s3.cn-north-1.amazonaws.com.cn/p/x+1.tar.gz",
            "http://s3.local:9000/my.b/p/x+1.tar.gz",
            "http://my.b.s3.local:9000/p/x+1.tar.gz",
            "s3://my.b/p/x+1.tar.gz",
            "https://MY.B.S3.amazonaws.com/p/x+1.tar.gz",
            "https://my.b.s3.amazonaws.com:443/p/x+1.tar.gz",
            "https://s3.local:9000/my.b/p/x+1.tar.gz",
            "http://S3.local.:9000/my.b/p/x+1.tar.gz",
        ] {
            assert_eq!(at.relative(url).as_deref(), Some("x+1.tar.gz"), "{url}");
        }
        for url in [
            "https://other.s3.amazonaws.com/p/x.tar.gz",
            "https://my.b.s3.amazonaws.com/other/x.tar.gz",
            "https://my.b.s3.amazonaws.com/p/",
            "https://my.b.s3.amazonaws.com.evil.example/p/x.tar.gz",
            "https://my.b.evil.amazonaws.com/p/x.tar.gz",
            "https://amy.b.s3.amazonaws.com/p/x.tar.gz",
            "http://s3.local:9001/my.b/p/x.tar.gz",
            "https://example.com/p/x.tar.gz",
            "p/x.tar.gz",
            "",
        ] {
            assert_eq!(at.relative(url), None, "{url}");
        }
    }

    #[test]
    fn a_name_as_its_url_writes_it() {
        let at = from(&[("S3_BUCKET", "b"), ("S3_PREFIX", "p q/r/")]);
        for (path, written) in [
            ("p%20q/r/x%2B1.tar.gz?a=b", "x%2B1.tar.gz"),
            ("p%20q/r/x+1~%7e(2).tar.gz", "x+1~%7e(2).tar.gz"),
            ("p q/r/lib/x%2f1.tar.gz", "lib/x%2f1.tar.gz"),
            ("p%20q%2Fr/lib/x+1.tar.gz", "lib/x%2B1.tar.gz"),
        ] {
            let url = format!("https://b.s3.amazonaws.com/{path}");
            assert_eq!(at.relative_as_written(&url).as_deref(), Some(written), "{url}");
            let copy = at.dist_url_as_written(written);
            assert_eq!(at.relative(&copy), at.relative(&url), "{url}");
        }
        assert_eq!(at.relative_as_written("https://b.s3.amazonaws.com/p/x.tar.gz"), None);
    }

    #[test]
    fn a_bucket_is_a_name_and_not_a_path() {
        for bucket in ["", ".", "..", "a/b", "a b", "a?b"] {
            let made =
                Location::new(Service::Folder { root: "/srv".into() }, bucket, Prefix::default());
            assert_eq!(made, Err(Error::Bucket { bucket: bucket.to_owned() }));
        }
    }

    #[test]
    fn what_all_readers_see_holds_no_password() {
        for (url, shown) in [
            ("https://user:secret@cdn.example/x", "https://…@cdn.example/x"),
            ("http://secret@cdn.example", "http://…@cdn.example"),
        ] {
            let env = |name: &str| match name {
                "S3_BUCKET" => Some("b".to_owned()),
                "S3_PUBLIC_URL" => Some(url.to_owned()),
                _ => None,
            };
            let error = Location::from_env(Role::Own, &env).unwrap_err().to_string();
            assert!(error.contains(shown) && !error.contains("secret"), "{error}");
        }
        let error = parse_public_url("https://cdn.example:65536/x").unwrap_err().to_string();
        assert!(error.starts_with("S3_PUBLIC_URL is ") && error.contains("65535"), "{error}");
        let plain = |name: &str| (name == "S3_PUBLIC_URL").then(|| "https://h/a@b/".to_owned());
        assert_eq!(public_url(&plain).unwrap().as_deref(), Some("https://h/a@b"));
    }

    #[test]
    fn upstream_has_variables_of_its_own() {
        let env = |name: &str| match name {
            "UPSTREAM_S3_BUCKET" => Some("up".to_owned()),
            "UPSTREAM_S3_PREFIX" => Some("/stable".to_owned()),
            "UPSTREAM_S3_ENDPOINT_URL" => Some("http://up:1".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://own:2".to_owned()),
            "S3_PUBLIC_URL" => Some("http://cdn".to_owned()),
            _ => None,
        };
        let upstream = Location::from_env(Role::Upstream, &env).unwrap().unwrap();
        assert_eq!(upstream.dist_url("x"), "http://up:1/up/stable/x");
        assert_eq!(Location::from_env(Role::Own, &env), Ok(None));
    }
}
