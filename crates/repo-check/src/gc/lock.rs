//! The archives that lock files name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use location::Location;
use manifest::json::{self, Object, Value};
use repository::references::paths_of;

use crate::Error;

/// What a file named with `--lock` should be.
const WHAT: &str = "a composer.lock or a packages.json";

/// The archives of the repository at `location` that these files name: `composer.lock` of
/// applications, or an index of another repository; each of at most `limit` bytes.
pub fn read(
    paths: &[PathBuf],
    folder: &Path,
    location: &Location,
    limit: u64,
) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    for path in paths {
        let path = folder.join(path);
        let local = |source| Error::Local { path: path.clone(), source };
        let unfit = |reason: String| Error::Document { path: path.clone(), what: WHAT, reason };
        if fs::metadata(&path).map_err(local)?.is_dir() {
            return Err(unfit("it is a folder".to_owned()));
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(local)?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(local)?;
        if bytes.len() as u64 > limit {
            let how = tool::max_index_hint();
            return Err(unfit(format!("it is larger than {limit} bytes. {how}")));
        }
        let document = json::parse_object(&bytes).map_err(|error| unfit(error.to_string()))?;
        let packages = packages(&document).ok_or_else(|| unfit("it has no packages".to_owned()))?;
        for package in packages {
            let dist = package.get("dist").and_then(Value::as_object);
            let url = dist.and_then(|dist| dist.get("url")).and_then(Value::as_str);
            // Whatever the host is called in the lock file, it may mean this repository.
            names.extend(
                url.into_iter()
                    .flat_map(|url| location.relative(url).into_iter().chain(paths_of(url))),
            );
        }
    }
    Ok(names)
}

/// The packages that a lock file, or an index, lists.
fn packages(document: &Object) -> Option<Vec<&Object>> {
    let lists: Vec<&Value> = match document.get("packages")? {
        Value::Object(by_name) => by_name.values().collect(),
        list => vec![list],
    };
    let mut packages = Vec::new();
    for list in lists.into_iter().chain(document.get("packages-dev")) {
        match list {
            Value::Array(list) => packages.extend(list.iter().filter_map(Value::as_object)),
            Value::Null => {}
            _ => return None,
        }
    }
    Some(packages)
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region, Service};

    use super::*;

    fn names(text: &str) -> Result<Vec<String>, Error> {
        let folder = scratch::Folder::new("lock-test-").unwrap();
        fs::write(folder.path().join("composer.lock"), text).unwrap();
        let service = Service::Aws { region: Region::default() };
        let location = Location::new(service, "b", Prefix::parse("p/").unwrap()).unwrap();
        let names = read(&["composer.lock".into()], folder.path(), &location, 1 << 20)?;
        Ok(names.into_iter().collect())
    }

    #[test]
    fn locks_and_indexes() {
        let lock = r#"{"packages": [
            {"name": "php", "dist": {"url": "https://b.s3.amazonaws.com/p/php%2B1.tar.gz"}},
            {"name": "ext", "dist": {"url": "https://b.s3-eu-west-1.amazonaws.com/p/e.tar.gz?extension=x"}},
            {"name": "old", "dist": {"url": "http://s3.amazonaws.com/b/p/old.tar.gz"}},
            {"name": "plain", "dist": {"url": "https://example.com/x.zip"}},
            {"name": "meta", "dist": null}],
            "packages-dev": [{"name": "d", "dist": {"url": "s3://b/p/dev.tar.gz"}}]}"#;
        // What lies elsewhere may be here under another name of the host.
        let all = ["dev.tar.gz", "e.tar.gz", "old.tar.gz", "php+1.tar.gz", "x.zip"];
        let found = names(lock).unwrap();
        assert!(all.iter().all(|name| found.iter().any(|found| found == name)), "{found:?}");
        let index = r#"{"packages": {"a": [{"dist": {"url": "s3://b/p/a.tar.gz"}}]}}"#;
        assert_eq!(names(index).unwrap(), ["a.tar.gz", "p/a.tar.gz"]);
        assert_eq!(names(r#"{"packages": [], "packages-dev": null}"#).unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "[]", "{}", r#"{"packages": 7}"#, r#"{"packages": {"a": 7}}"#] {
            assert!(matches!(names(text), Err(Error::Document { .. })), "{text}");
        }
    }
}
