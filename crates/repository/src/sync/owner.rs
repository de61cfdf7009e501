//! A sync owns only what it names.
//!
//! An archive's key is that of its URL, and two packages may name one. Where the source's archive
//! has other bytes than the destination's, copying it would change a package that the sync does
//! not name: that is refused. Where only packages of the sync name it, it is replaced, and said so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use location::Location;
use manifest::plan::{Claim, Contents, Urls};
use store::{Object, Store, parallel};

use super::archives::{same_entry, same_object};
use super::{LocationUrls, Side, Work};
use crate::Error;
use crate::objects::{by_key, sha256};
use crate::references::archive_of;

/// Refuses work that would change the archive of a package that it does not name, and finds out
/// which archives it replaces ([`Work::replaced`]).
///
/// # Errors
/// [`Error::Claimed`]; what goes wrong with a store.
pub fn settle(work: &mut Work, source: &Side<'_>, destination: &Side<'_>) -> Result<(), Error> {
    let entries = destination.manifests.entries.iter();
    let manifests = entries.map(|stored| (stored.file_name.as_str(), &stored.manifest));
    let urls = AnyHost { location: destination.location, present: &work.present };
    let claims = work.plan.claims(manifests, &urls);
    work.replaced = match (source.store, destination.store) {
        (Some(from), Some(to)) => replaced(work, (source, from), (destination, to))?,
        _ => BTreeSet::new(),
    };
    let refused = claims.iter().filter(|claim| match claim.contents {
        Contents::Same => false,
        Contents::Unknown => work.replaced.contains(&claim.archive),
        Contents::Other => true,
    });
    let archives: Vec<String> = refused.map(describe).collect();
    if archives.is_empty() {
        return Ok(());
    }
    Err(Error::Claimed { place: destination.location.to_string(), archives })
}

/// The archives of the destination by any URL whose path ends in that of one.
struct AnyHost<'a> {
    location: &'a Location,
    present: &'a BTreeMap<String, Object>,
}

impl Urls for AnyHost<'_> {
    fn relative(&self, url: &str) -> Option<String> {
        let is_present = |path: &str| self.present.contains_key(&self.location.key(path));
        archive_of(self.location, url, &is_present)
    }

    fn written<'u>(&self, url: &'u str) -> Option<Cow<'u, str>> {
        LocationUrls(self.location).written(url)
    }

    fn url(&self, written: &str) -> String {
        LocationUrls(self.location).url(written)
    }
}

fn describe(claim: &Claim) -> String {
    let Claim { archive, owner, package, .. } = claim;
    format!("{archive}: {owner} has it there, and {package} would bring other contents")
}

/// The archives of the destination that are to be copied over, and are others.
fn replaced(
    work: &Work,
    (source, from): (&Side<'_>, &Store),
    (destination, to): (&Side<'_>, &Store),
) -> Result<BTreeSet<String>, Error> {
    let paths = work.archives_to_copy().into_iter();
    let present: Vec<(&str, &Object)> = paths
        .filter_map(|path| Some((path, work.present.get(&destination.location.key(path))?)))
        .collect();
    if present.is_empty() {
        return Ok(BTreeSet::new());
    }
    let theirs = by_key(from.list(&source.location.key(""))?);
    let compared = parallel::map(to.parallel(), &present, |(path, ours)| {
        let key = source.location.key(path);
        let listed = theirs.get(&key).and_then(|theirs| same_entry(theirs, ours));
        let same = match listed {
            Some(same) => same,
            None => is_same((from, &key), (to, &ours.key))?,
        };
        Ok::<_, Error>((!same).then(|| (*path).to_owned()))
    })?;
    Ok(compared.into_iter().flatten().collect())
}

/// Whether two objects hold the same bytes, which are read where nothing else says so. Without one
/// of them nothing is replaced.
pub(super) fn is_same(
    (from, theirs): (&Store, &str),
    (to, ours): (&Store, &str),
) -> Result<bool, Error> {
    let (Some(head), Some(other)) = (from.head(theirs)?, to.head(ours)?) else {
        return Ok(true);
    };
    let says = |head: &store::Head| head.metadata.contains_key("sha256");
    if same_object(&head, &other) {
        return Ok(true);
    }
    if head.size != other.size || (says(&head) && says(&other)) {
        return Ok(false);
    }
    // Two tags, one length, no checksums: an archive in many parts, or a folder.
    Ok(match (sha256(from, theirs)?, sha256(to, ours)?) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => true,
    })
}
