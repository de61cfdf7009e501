//! What a manifest, or an entry of an index, says of its archive.

use location::Location;
use manifest::Manifest;
use manifest::json::{Object, Value};

/// How the types of packages begin that come with an archive.
const PLATFORM: &str = "heroku-sys-";

/// Where a package's archive is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Archive {
    /// In this repository: the key without the prefix.
    Here(String),
    /// Elsewhere: the URL without its query.
    Elsewhere(String),
    /// The package names none.
    Nowhere,
}

/// What is said of an archive's content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// `extra.size`.
    pub size: Option<u64>,
    /// `extra.sha256`.
    pub sha256: Option<String>,
    /// `dist.shasum`.
    pub sha1: Option<String>,
}

/// One package version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Whether packages of this type are unpacked from an archive.
    pub platform: bool,
    /// Where its archive is.
    pub archive: Archive,
    /// What the archive holds.
    pub content: Content,
}

impl Entry {
    /// What a manifest says, for a reader of the repository at `location`.
    pub fn of(manifest: &Manifest, location: &Location) -> Self {
        let archive = match manifest.dist_url().filter(|url| !url.is_empty()) {
            None => Archive::Nowhere,
            Some(url) => match location.relative(url) {
                Some(name) => Archive::Here(name),
                None => {
                    let bare = url.split(['?', '#']).next().unwrap_or_default();
                    Archive::Elsewhere(bare.to_owned())
                }
            },
        };
        Self {
            package: manifest.name().to_owned(),
            version: manifest.version().to_owned(),
            platform: manifest.kind_name().starts_with(PLATFORM),
            archive,
            content: content(manifest),
        }
    }
}

fn content(manifest: &Manifest) -> Content {
    // Most manifests say nothing of it: then they need not be taken apart.
    let text = manifest.as_text();
    if !["\"shasum\"", "\"sha256\"", "\"size\""].iter().any(|key| text.contains(key)) {
        return Content::default();
    }
    let (dist, extra) = (manifest.section("dist"), manifest.section("extra"));
    let hex = |object: Option<&Object>, key: &str| {
        let text = object?.get(key)?.as_str()?;
        // Composer takes an empty one for none.
        (!text.is_empty()).then(|| text.to_ascii_lowercase())
    };
    Content {
        size: extra.and_then(|extra| extra.get("size")).and_then(Value::as_u64),
        sha256: hex(extra, "sha256"),
        sha1: hex(dist, "shasum"),
    }
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};

    use super::*;

    fn entry(rest: &str) -> Entry {
        let service = Service::Aws { region: Region::default() };
        let location = Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap();
        let text = format!(r#"{{"name": "heroku-sys/php", "version": "8", {rest}}}"#);
        Entry::of(&Manifest::parse(text).unwrap(), &location)
    }

    #[test]
    fn every_url_form_is_known() {
        for (url, archive) in [
            ("https://b.s3.amazonaws.com/p/a%2B1.tar.gz", Archive::Here("a+1.tar.gz".into())),
            ("s3://b/p/a.tar.gz?extension=x", Archive::Here("a.tar.gz".into())),
            ("https://b.s3.amazonaws.com/q/a?x#y", {
                Archive::Elsewhere("https://b.s3.amazonaws.com/q/a".into())
            }),
            ("", Archive::Nowhere),
        ] {
            let found = entry(&format!(r#""dist": {{"url": "{url}"}}"#));
            assert_eq!(found.archive, archive, "{url}");
        }
        assert_eq!(entry(r#""dist": null"#).archive, Archive::Nowhere);
    }

    #[test]
    fn what_is_said_of_the_content() {
        let found = entry(
            r#""type": "heroku-sys-php", "dist": {"url": "x", "shasum": "AB"}, "extra": {"sha256": "CD", "size": 7}"#,
        );
        assert!(found.platform);
        let (sha1, sha256) = (Some("ab".to_owned()), Some("cd".to_owned()));
        assert_eq!(found.content, Content { size: Some(7), sha256, sha1 });
        let found = entry(r#""dist": {"shasum": ""}, "extra": {"sha256": 7, "size": "x"}"#);
        assert_eq!(found.content, Content::default());
        assert_eq!(entry(r#""extra": []"#).content, Content::default());
    }
}
