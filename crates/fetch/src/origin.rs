//! Addresses: where a repository is, and where its packages may be.

use std::path::{Path, PathBuf};

use location::{Env, Location, Prefix, Region, Service};
use url::Url;

use crate::Error;

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a web server.
    Http(Url),
    /// On this machine.
    File(PathBuf),
    /// In a bucket that is read with our credentials.
    Object(Location, String),
}

/// A repository's address.
///
/// What a repository says is not trusted: it may send nobody to this machine's files, unless it is
/// one of them, and nobody from a safe connection to one that is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    index: Place,
}

/// An address as it may be shown: without passwords, query and control characters.
#[must_use]
pub fn show(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let shown = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    };
    shown.replace(char::is_control, "_")
}

/// A web address in its one spelling: the host in lower case and without a trailing dot, and no port
/// that the scheme has anyway.
fn read(text: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(text).map_err(|error| match error {
        url::ParseError::InvalidPort => PORT,
        _ => "not a URL",
    })?;
    if url.port() == Some(0) {
        return Err(PORT);
    }
    let undotted = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned);
    if let Some(host) = undotted {
        url.set_host(Some(&host)).map_err(|_| "not a URL")?;
    }
    Ok(url)
}

const PORT: &str = "the port must be a number from 1 to 65535";

impl Origin {
    /// Reads a repository's address as Composer does: that of its `packages.json`, or of the folder
    /// above it. `folder` is what a path is relative to; `env` says where buckets are.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Location`].
    pub fn parse(text: &str, folder: &Path, env: Env<'_>) -> Result<Self, Error> {
        let bad = |problem| Error::Address { url: show(text), problem };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self { index: Place::File(index_file(folder.join(text))) });
        };
        let index = match scheme.to_ascii_lowercase().as_str() {
            "file" => Place::File(index_file(file_path(text).ok_or_else(|| bad("not a path"))?)),
            "s3" => {
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let (prefix, name) = match key.rsplit_once('/').unwrap_or(("", key)) {
                    (prefix, name) if name.ends_with(".json") => (prefix, name),
                    _ => (key, "packages.json"),
                };
                let region = env("S3_REGION").filter(|region| !region.is_empty());
                let region = Region::parse(region.as_deref()).map_err(Error::Location)?;
                let service = Service::from_env(env, region).map_err(Error::Location)?;
                let prefix = Prefix::parse(prefix).map_err(Error::Location)?;
                let key = format!("{}{name}", prefix.as_str());
                // All of the bucket, since packages may be shared by several prefixes.
                let mut bucket =
                    Location::new(service, bucket, Prefix::default()).map_err(Error::Location)?;
                bucket.public_url = location::public_url(env).map_err(Error::Location)?;
                Place::Object(bucket, key)
            }
            "http" | "https" => {
                let mut url = read(text).map_err(bad)?;
                if !url.path().contains(".json") {
                    let path = format!("{}/packages.json", url.path().trim_end_matches('/'));
                    url.set_path(&path);
                }
                Place::Http(url)
            }
            _ => return Err(bad("the scheme is not one of http, https, s3 and file")),
        };
        Ok(Self { index })
    }

    /// Where its `packages.json` is.
    #[must_use]
    pub fn index(&self) -> &Place {
        &self.index
    }

    /// Where a package is that the repository names by `url`.
    ///
    /// # Errors
    /// [`Error::Address`]; [`Error::Forbidden`] for what a repository may not name.
    pub fn package(&self, url: &str) -> Result<Place, Error> {
        if let Place::Object(bucket, _) = &self.index
            && let Some(key) = bucket.relative(url)
        {
            return Ok(Place::Object(bucket.clone(), key));
        }
        let bad = |problem| Error::Address { url: show(url), problem };
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("http" | "https") => {
                let to = read(url).map_err(bad)?;
                if to.scheme() == "http" && !self.may_be_plain() {
                    let problem = "the repository is read safely, and this would not be";
                    return Err(Error::Forbidden { url: show(url), problem });
                }
                Ok(Place::Http(self.with_password(to)))
            }
            Some("file") | None if matches!(self.index, Place::File(_)) => {
                let path = match scheme {
                    Some(_) => file_path(url).ok_or_else(|| bad("not a path"))?,
                    None => PathBuf::from(url),
                };
                if path.is_relative() {
                    return Err(bad("the path is not absolute"));
                }
                Ok(Place::File(path))
            }
            Some("file") | None => {
                let problem = "a repository elsewhere may not name files of this machine";
                Err(Error::Forbidden { url: show(url), problem })
            }
            Some("s3") => {
                let problem = "it is not in the bucket of its repository";
                Err(Error::Forbidden { url: show(url), problem })
            }
            Some(_) => Err(bad("the scheme is not one of http, https, s3 and file")),
        }
    }

    /// Whether a place of a package is one that only this repository gives access to: in its
    /// bucket, or with its password.
    #[must_use]
    pub fn opens(&self, place: &Place) -> bool {
        match (&self.index, place) {
            (Place::Object(..), Place::Object(..)) => true,
            (Place::Http(index), Place::Http(url)) => {
                has_password(index) && index.origin() == url.origin()
            }
            _ => false,
        }
    }

    /// The URL with the repository's user and password, if it is on the same server and has none of
    /// its own: a repository names its archives without them.
    fn with_password(&self, mut url: Url) -> Url {
        if let Place::Http(index) = &self.index
            && index.origin() == url.origin()
            && has_password(index)
            && !has_password(&url)
        {
            // These fail for URLs without a host only.
            let _ = url
                .set_username(index.username())
                .and_then(|()| url.set_password(index.password()));
        }
        url
    }

    /// Whether packages may come over plain HTTP: where the repository does.
    fn may_be_plain(&self) -> bool {
        match &self.index {
            Place::Http(url) => url.scheme() == "http",
            Place::File(_) => true,
            Place::Object(bucket, _) => match &bucket.service {
                Service::Aws { .. } => false,
                Service::Endpoint { url, .. } => url.starts_with("http:"),
                Service::Folder { .. } => true,
            },
        }
    }
}

fn has_password(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn index_file(path: PathBuf) -> PathBuf {
    let is_file = path.extension().is_some_and(|extension| extension == "json");
    if is_file { path } else { path.join("packages.json") }
}

fn file_path(url: &str) -> Option<PathBuf> {
    Url::parse(url).ok()?.to_file_path().ok()
}

impl Place {
    /// The whole address, with all that must not be shown.
    pub(crate) fn shown_whole(&self) -> String {
        match self {
            Self::Http(url) => url.to_string(),
            _ => self.shown(),
        }
    }

    /// The place as it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Http(url) => show(url.as_str()),
            Self::File(path) => format!("file://{}", path.display()),
            Self::Object(bucket, key) => format!("s3://{}/{key}", bucket.bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        let env =
            |name: &str| (name == "AWS_ENDPOINT_URL_S3").then(|| "http://s3.local:9000".to_owned());
        Origin::parse(text, Path::new("/app"), &env).unwrap()
    }

    #[test]
    fn indexes() {
        for (text, expected) in [
            ("https://u:p@h/a/", "https://h/a/packages.json"),
            ("https://h", "https://h/packages.json"),
            ("HTTPS://Repo.Example.:443/A", "https://repo.example/A/packages.json"),
            ("http://[0::1]:80/", "http://[::1]/packages.json"),
            ("https://h/a/packages-old.json?x=1", "https://h/a/packages-old.json"),
            ("https://h/a?x=y", "https://h/a/packages.json"),
            ("file:///srv/a%20b", "file:///srv/a b/packages.json"),
            ("/srv/x.json", "file:///srv/x.json"),
            ("repo", "file:///app/repo/packages.json"),
            ("s3://b/dist/", "s3://b/dist/packages.json"),
            ("s3://b/dist/packages-snap.json", "s3://b/dist/packages-snap.json"),
            ("s3://b", "s3://b/packages.json"),
        ] {
            assert_eq!(origin(text).index().shown(), expected, "{text}");
        }
        for port in ["http://h:65536", "https://h:0/x"] {
            let error = Origin::parse(port, Path::new("/"), &|_| None).unwrap_err().to_string();
            assert!(error.contains(PORT), "{error}");
        }
        for bad in ["ftp://h/x", "http://", "s3:///x"] {
            assert!(Origin::parse(bad, Path::new("/"), &|_| None).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_repository_may_name() {
        let named = |repository: &str, url: &str| {
            origin(repository)
                .package(url)
                .map(|place| place.shown())
                .map_err(|error| matches!(error, Error::Forbidden { .. }))
        };
        let (web, safe) = ("http://h/", "https://h/");
        assert_eq!(named(web, "http://other/x?y"), Ok("http://other/x".to_owned()));
        assert_eq!(named(safe, "https://other/x"), Ok("https://other/x".to_owned()));
        assert_eq!(named(safe, "http://h/x"), Err(true));
        for local in ["file:///etc/passwd", "/etc/passwd", "FILE:///x", "x", "s3://b/x"] {
            assert_eq!(named(web, local), Err(true), "{local}");
            assert_eq!(named("s3://b2/", local), Err(true), "{local}");
        }
        assert_eq!(named("/srv", "file:///srv/x"), Ok("file:///srv/x".to_owned()));
        assert_eq!(named("/srv", "x"), Err(false));
        assert_eq!(named("s3://b/p/", "s3://b/q/x"), Ok("s3://b/q/x".to_owned()));
        let public = "https://b.s3.amazonaws.com/p/x%2B1";
        assert_eq!(named("s3://b/p/", public), Ok("s3://b/p/x+1".to_owned()));
        assert_eq!(named("s3://b/", "http://s3.local:9000/b/x"), Ok("s3://b/x".to_owned()));
        assert_eq!(named(web, "gopher://x/"), Err(false));
    }

    #[test]
    fn archives_beside_a_repository_are_read_with_its_password() {
        let repository = origin("https://u:p%40@h/dist/");
        for (url, expected, opens) in [
            ("https://h/dist/x", "https://u:p%40@h/dist/x", true),
            ("https://h:443/x", "https://u:p%40@h/x", true),
            ("https://own:one@h/x", "https://own:one@h/x", true),
            ("https://h:8443/x", "https://h:8443/x", false),
            ("https://other/x", "https://other/x", false),
        ] {
            let place = repository.package(url).unwrap();
            assert_eq!(place, Place::Http(Url::parse(expected).unwrap()), "{url}");
            assert_eq!(repository.opens(&place), opens, "{url}");
        }
        let open = origin("https://h/");
        assert!(!open.opens(&open.package("https://h/x").unwrap()));
    }
}
