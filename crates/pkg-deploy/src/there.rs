//! What is in the bucket of a package before it is deployed.
//!
//! Archives are reproducible, so a build that is run again has the same bytes. That tells a deploy
//! that died from a name that is taken, wherever it died:
//!
//! - the very archive without a manifest: it died between the two ([`There::HalfDone`]);
//! - the very archive and the very manifest, which no `packages.json` lists: it died before it was
//!   published ([`There::Done`], and [`is_published`]).
//!
//! Several deploys of the very same package at once look like one that died and was run again. The
//! metadata names the process that wrote: on one machine that tells whether it lives. From another
//! machine it cannot be told; there the one wins that brings the manifest, on condition that there is
//! none, and whoever finds all in place waits a moment for the other to publish it.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use location::Location;
use manifest::{Manifest, json};
use repository::index;
use repository::layout::WRITER;
use store::{Content, Head, Store};

use crate::Error;
use crate::upload::{MANIFEST, Package};

/// How long somebody on another machine may take from the manifest to the index. A deploy that has
/// put its manifest longer ago than `RECENT` is dead.
const IN_A_MOMENT: Duration = Duration::from_secs(5);
const RECENT: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What is there of a package.
#[derive(Debug, Clone)]
pub(crate) enum There {
    /// No archive, and in place of the manifest at most the tag of one that lost its archive.
    Free { manifest: Option<String> },
    /// The very archive, with this tag, and no manifest.
    HalfDone { archive: String },
    /// The very archive and, unless it has none, the very manifest.
    Done(Box<Done>),
    /// Another archive of that name.
    Taken,
}

/// A package that is there already.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// The archive.
    pub archive: Head,
    /// The manifest.
    pub manifest: Option<Content>,
}

/// Looks at what is there of `package`.
///
/// A manifest that describes another archive is another package's; replacing it would take that
/// package from its users.
pub(crate) fn look(
    store: &Store,
    location: &Location,
    package: &Package<'_>,
) -> Result<There, Error> {
    let archive = store.head(&package.key(location))?;
    let manifest = match package.manifest_key(location) {
        Some(key) => store.get(&key)?,
        None => None,
    };
    let names = |bytes: &[u8]| {
        let manifest = Manifest::parse(bytes).ok()?;
        location.relative(manifest.dist_url()?)
    };
    let ours = package.manifest_bytes();
    if let (Some(there), Some(ours)) = (&manifest, ours) {
        let (old, new) = (names(&there.bytes), names(ours));
        if old.is_some() && old != new {
            let key = package.manifest_key(location).unwrap_or_default();
            return Err(Error::OtherManifest { key });
        }
    }
    let Some(archive) = archive else {
        return Ok(There::Free { manifest: manifest.map(|content| content.head.etag) });
    };
    if !package.is(&archive) {
        return Ok(There::Taken);
    }
    if is_alive(&archive) == Some(true) {
        return Ok(There::Taken);
    }
    Ok(match (&manifest, ours) {
        (None, Some(_)) => There::HalfDone { archive: archive.etag },
        (Some(there), Some(ours))
            if !is_same(&there.bytes, ours) || is_alive(&there.head) == Some(true) =>
        {
            There::Taken
        }
        (None, None) | (Some(_), _) => There::Done(Box::new(Done { archive, manifest })),
    })
}

/// Whether the process that has written an object still runs, where that can be told.
fn is_alive(head: &Head) -> Option<bool> {
    tool::is_at_work(head.metadata.get(WRITER)?)
}

/// Whether two manifests say the same but for the time of the build.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let timeless = |bytes: &[u8]| {
        let mut object = json::parse_object(bytes).ok()?;
        object.remove("time");
        Some(object)
    };
    matches!((timeless(left), timeless(right)), (Some(left), Some(right)) if left == right)
}

/// Whether `packages.json` lists all of these packages, now or in a moment: whoever has put the
/// manifests may be about to publish them.
pub(crate) fn is_published(
    store: &Store,
    location: &Location,
    packages: &[(&Package<'_>, &Done)],
) -> Result<bool, Error> {
    let wanted: BTreeSet<String> = packages
        .iter()
        .filter(|(_, done)| done.manifest.is_some())
        .map(|(package, _)| package.path())
        .collect();
    if wanted.is_empty() {
        return Ok(true);
    }
    let manifests = packages.iter().filter_map(|(_, done)| Some(&done.manifest.as_ref()?.head));
    let recent = manifests
        .filter(|head| is_alive(head).is_none())
        .map(|head| head.modified)
        .max()
        .is_some_and(|latest| Timestamp::now().duration_since(latest).unsigned_abs() < RECENT);
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let current = index::read(store, location)?;
        let index = current.and_then(|current| current.parse(index::FILE_NAME).ok());
        let listed: BTreeSet<String> = index
            .iter()
            .flat_map(|index| index.manifests())
            .filter_map(|manifest| location.relative(manifest.dist_url()?))
            .collect();
        if wanted.is_subset(&listed) {
            return Ok(true);
        }
        if !recent || begin.elapsed() > IN_A_MOMENT {
            return Ok(false);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether an archive that is there may be one of a deploy that died, by what can be told before a
/// build: it has no manifest, or, where it is to be published, no `packages.json` lists it. One with a
/// `Content-Encoding` was not uploaded by a deploy.
pub(crate) fn may_be_completed(
    store: &Store,
    location: &Location,
    path: &str,
    archive: &Head,
    publish: bool,
) -> Result<bool, Error> {
    let Some(manifest) = archive.metadata.get(MANIFEST) else {
        return Ok(false);
    };
    if archive.encodings().next().is_some() {
        return Ok(false);
    }
    if store.head(&location.key(manifest))?.is_none() {
        return Ok(true);
    }
    if !publish {
        return Ok(false);
    }
    let Some(current) = index::read(store, location)? else {
        return Ok(true);
    };
    let Ok(index) = current.parse(index::FILE_NAME) else {
        return Ok(true);
    };
    let mut listed =
        index.manifests().filter_map(|manifest| location.relative(manifest.dist_url()?));
    Ok(!listed.any(|listed| listed == path))
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn the_time_of_a_build_is_no_difference() {
        let old = br#"{"name": "a/b", "time": "2026-01-01 00:00:00", "version": "1"}"#;
        assert!(is_same(old, br#"{"version": "1", "name": "a/b", "time": "2026-01-02 00:00:00"}"#));
        assert!(!is_same(
            old,
            br#"{"version": "2", "name": "a/b", "time": "2026-01-01 00:00:00"}"#
        ));
        assert!(!is_same(b"x", b"x"));
    }
}
