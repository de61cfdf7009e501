//! Archives, side by side.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use composer::{Dist, Package};
use fetch::{Cache, Client, Expected, Origin, Place, Sums};
use php_json::Value;
use platform::INSTALLER;

use crate::Error;
use crate::report::Report;
use crate::resolve::{shown, shown_package};

/// The type of archives.
const TAR: &str = "heroku-sys-tar";
/// What packages have for an archive whose files come with PHP's.
pub const BUNDLED: &str = "heroku-sys-php-bundled-extension";
/// The type of packages without files.
pub const METAPACKAGE: &str = "metapackage";

/// A package to install, with its archive if it has one.
pub struct Item {
    /// The package.
    pub package: Arc<Package>,
    /// Its JSON.
    pub json: php_json::Object,
    /// Where its archive is.
    pub place: Option<Place>,
    /// What is known of the archive.
    expected: Expected,
    /// The archive here.
    pub archive: Option<PathBuf>,
    /// What the archive turned out to be.
    pub sums: Option<Sums>,
}

impl Item {
    /// Looks at a package, which may name what one of `origins` may name.
    pub fn new(package: Arc<Package>, origins: &[&Origin]) -> Result<Self, Error> {
        let name = shown_package(&package);
        let json = crate::project::object(&name, package.json())?;
        let refused = |problem| Error::Package { package: name.clone(), problem };
        let dist = archive_of(&package).map_err(refused)?;
        let place = match dist {
            None => None,
            Some(dist) => Some(place(origins, &dist.url).map_err(refused)?),
        };
        let extra = |key: &str| json.get("extra").and_then(|extra| extra.get(key));
        let expected = Expected {
            sha1: dist.and_then(|dist| dist.shasum.clone()),
            sha256: extra("sha256").and_then(Value::as_str).map(str::to_owned),
            size: match extra("size") {
                Some(Value::Number(number)) => number.parse().ok(),
                _ => None,
            },
        };
        Ok(Self { package, json, place, expected, archive: None, sums: None })
    }
}

/// The archive of a package, which only those of some kinds do without.
fn archive_of(package: &Package) -> Result<Option<&Dist>, String> {
    if package.kind == METAPACKAGE || &*package.name == INSTALLER {
        return Ok(None);
    }
    match &package.dist {
        Some(dist) if dist.kind == TAR => Ok(Some(dist)),
        Some(dist) if dist.kind == BUNDLED => Ok(None),
        Some(dist) => Err(format!("its archive is of type '{}', not '{TAR}'", dist.kind)),
        None => Err("it has no archive".to_owned()),
    }
}

/// Where an archive is that one of `origins` names: best by one that gives access to it.
fn place(origins: &[&Origin], url: &str) -> Result<Place, String> {
    let mut found = Err("archives are for packages of a repository only".to_owned());
    for origin in origins {
        match origin.package(url) {
            Ok(place) if origin.opens(&place) => return Ok(place),
            Ok(place) if found.is_err() => found = Ok(place),
            Ok(_) => {}
            Err(error) if found.is_err() => found = Err(error.to_string()),
            Err(_) => {}
        }
    }
    found
}

/// Fetches all archives into `folder`, and verifies them.
pub fn fetch_all(
    items: &mut [Item],
    client: &Client,
    cache: Option<&Cache>,
    folder: &std::path::Path,
    report: &Report,
) -> Result<(), Error> {
    let wanted: Vec<(usize, &Item)> =
        items.iter().enumerate().filter(|(_, item)| item.place.is_some()).collect();
    let total = AtomicU64::new(0);
    let progress = report.downloads(wanted.len());
    let fetched = store::parallel::map(client.connections(), &wanted, |(index, item)| {
        let Some(place) = &item.place else { return Ok(None) };
        let path = folder.join(format!("{index}.tar.gz"));
        let mut file = std::fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(Error::local("write", &path))?;
        let before = std::cell::Cell::new(0);
        let watch = |so_far: u64, _| {
            let more = so_far.saturating_sub(before.replace(so_far));
            total.fetch_add(more, Ordering::Relaxed);
        };
        let sums = match cache {
            Some(cache) => cache.archive(client, place, &item.expected, &mut file, &watch),
            None => client.archive(place, &item.expected, &mut file, &watch),
        };
        let sums = sums
            .map_err(|source| Error::Download { package: shown_package(&item.package), source })?;
        let mib = total.load(Ordering::Relaxed) >> 20;
        progress.step(&format!("{} ({mib} MiB)", shown(&item.package.pretty_name)));
        Ok(Some((*index, path, sums)))
    })?;
    drop(progress);
    for (index, path, sums) in fetched.into_iter().flatten() {
        items[index].archive = Some(path);
        items[index].sums = Some(sums);
    }
    Ok(())
}
