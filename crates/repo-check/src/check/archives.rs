//! What is wrong with archives, and with those who name them.

use std::collections::{BTreeMap, BTreeSet};

use repository::references::paths_of;

use super::{Evidence, MANIFEST, SHA256, named_by};
use crate::entry::Archive;
use crate::finding::{Finding, Kind};
use crate::inventory::Class;
use crate::state::{Source, State};

/// Whether what is named is there, and here.
pub(super) fn references(state: &State, evidence: &Evidence, findings: &mut Vec<Finding>) {
    for (name, sources) in state.references() {
        if evidence.is_there(state, name) {
            continue;
        }
        let (manifests, readers): (Vec<Source>, Vec<Source>) =
            sources.into_iter().partition(|source| matches!(source, Source::Manifest(_)));
        if !readers.is_empty() {
            let message = format!("is not there, but named by {}", named_by(&readers));
            findings.push(Finding::new(Kind::MissingArchive, name, message));
        }
        for source in manifests {
            let message = format!("names {name}, which is not there");
            findings.push(Finding::new(Kind::OrphanedManifest, source.to_string(), message));
        }
    }
    // Of what the index and snapshots repeat, the manifest is told.
    let mut external: BTreeMap<&str, Vec<Source>> = BTreeMap::new();
    state.each_entry(&mut |source, entry| match &entry.archive {
        Archive::Elsewhere(url) => {
            let sources = external.entry(url).or_default();
            if sources.last() != Some(source) {
                sources.push(source.clone());
            }
        }
        Archive::Nowhere if entry.platform && matches!(source, Source::Manifest(_)) => {
            let finding = Finding::new(Kind::NoUrl, source.to_string(), "has no dist.url");
            findings.push(finding.of(&entry.package, &entry.version));
        }
        Archive::Nowhere | Archive::Here(_) => {}
    });
    other_hosts(state, evidence, &external, findings);
    for (url, sources) in external {
        let Some((first, others)) = sources.split_first() else { continue };
        let also = match others {
            [] => String::new(),
            others => format!(", and so does {}", named_by(others)),
        };
        let message = format!("names {url}{also}");
        findings.push(Finding::new(Kind::ExternalUrl, first.to_string(), message));
    }
}

/// Hosts that are named for archives which are here: probably this place under another name.
fn other_hosts(
    state: &State,
    evidence: &Evidence,
    external: &BTreeMap<&str, Vec<Source>>,
    findings: &mut Vec<Finding>,
) {
    let mut hosts: BTreeMap<&str, (BTreeSet<String>, Vec<Source>)> = BTreeMap::new();
    for (url, sources) in external {
        let is_here = |name: &String| {
            state.inventory.get(name).is_some_and(|item| item.class == Class::Archive)
        };
        let Some(name) = paths_of(url).find(is_here) else { continue };
        let key = format!("{}{name}", evidence.prefix);
        let host = location::site(url, &key).or_else(|| location::site(url, &name));
        let (names, by) = hosts.entry(host.unwrap_or(url)).or_default();
        names.insert(name);
        by.extend(sources.iter().cloned());
    }
    for (host, (names, by)) in hosts {
        let (Some(first), [by, more @ ..]) = (names.first(), by.as_slice()) else { continue };
        let also = match more {
            [] => String::new(),
            more => format!(", and so does {}", named_by(more)),
        };
        let message = format!(
            "names {host} as the host of {} of the archives here, such as {first}{also}; if it \
             serves this place: --public-url {host}",
            names.len()
        );
        findings.push(Finding::new(Kind::OtherHost, by.to_string(), message));
    }
}

/// What is expected of one archive, and by whom.
#[derive(Default)]
struct Expected<'a> {
    size: BTreeMap<u64, Vec<Source>>,
    sha256: BTreeMap<&'a str, Vec<Source>>,
    sha1: BTreeMap<&'a str, Vec<Source>>,
}

/// Whether archives hold what is said of them.
pub(super) fn contents(state: &State, evidence: &Evidence, findings: &mut Vec<Finding>) {
    let mut expected: BTreeMap<&str, Expected<'_>> = BTreeMap::new();
    state.each_entry(&mut |source, entry| {
        let Archive::Here(name) = &entry.archive else { return };
        let content = &entry.content;
        if content.size.is_none() && content.sha256.is_none() && content.sha1.is_none() {
            return;
        }
        let archive = expected.entry(name).or_default();
        if let Some(size) = content.size {
            archive.size.entry(size).or_default().push(source.clone());
        }
        if let Some(sha256) = &content.sha256 {
            archive.sha256.entry(sha256).or_default().push(source.clone());
        }
        if let Some(sha1) = &content.sha1 {
            archive.sha1.entry(sha1).or_default().push(source.clone());
        }
    });
    for item in state.inventory.of(Class::Archive) {
        let name = item.name.as_str();
        let expected = expected.remove(name).unwrap_or_default();
        let deep = evidence.deep.get(name);
        let head = evidence.heads.get(name).and_then(Option::as_ref);
        let stored = head.and_then(|head| head.metadata.get(SHA256)).map(String::as_str);
        let size = deep.map_or(item.size, |deep| deep.size);
        for (wanted, sources) in expected.size.iter().filter(|(wanted, _)| **wanted != size) {
            let message = format!("has {size} bytes, but {wanted} by {}", named_by(sources));
            findings.push(Finding::new(Kind::WrongSize, name, message));
        }
        let mut checksum = |what: &str, found: &str, wanted: &str, by: String| {
            if !found.eq_ignore_ascii_case(wanted) {
                let message = format!("has the {what} {found}, but {wanted} by {by}");
                findings.push(Finding::new(Kind::WrongChecksum, name, message));
            }
        };
        if let Some(deep) = deep {
            for (wanted, sources) in &expected.sha256 {
                checksum("SHA-256", &deep.sha256, wanted, named_by(sources));
            }
            for (wanted, sources) in &expected.sha1 {
                checksum("SHA-1", &deep.sha1, wanted, named_by(sources));
            }
            if let Some(stored) = &deep.stored {
                checksum("SHA-256", &deep.sha256, stored, "what its upload stored".to_owned());
            }
        } else if let Some(stored) = stored {
            for (wanted, sources) in &expected.sha256 {
                checksum("stored SHA-256", stored, wanted, named_by(sources));
            }
        }
        let encodings: Vec<&str> = head.into_iter().flat_map(|head| head.encodings()).collect();
        if !encodings.is_empty() {
            let message = format!(
                "is stored with 'Content-Encoding: {}', which Composer undoes before it looks at \
                 the checksum and unpacks",
                encodings.join(", ")
            );
            findings.push(Finding::new(Kind::EncodedArchive, name, message));
        }
        match deep {
            Some(deep) if deep.damage.is_some() => {
                let damage = deep.damage.clone().unwrap_or_default();
                findings.push(Finding::new(Kind::DamagedArchive, name, damage));
            }
            Some(deep) if !deep.unpacked => {
                let message = "was read, but is no .tar.gz, and was not unpacked";
                findings.push(Finding::new(Kind::UncheckedArchive, name, message));
            }
            _ => {}
        }
    }
}

/// Archives that nothing names.
pub(super) fn orphans(state: &State, evidence: &Evidence, findings: &mut Vec<Finding>) {
    let references = state.referrers();
    for item in state.inventory.of(Class::Archive) {
        let name = item.name.as_str();
        if references.has(name) || evidence.keeps(name) {
            continue;
        }
        if state.history.archives.contains(name) {
            let message = "is named by generations of the history only";
            findings.push(Finding::new(Kind::HistoryOnly, name, message));
            continue;
        }
        let head = evidence.heads.get(name).and_then(Option::as_ref);
        let manifest = head.and_then(|head| head.metadata.get(MANIFEST));
        let (kind, message) = match manifest {
            Some(manifest) if state.manifests.contains_key(manifest) => {
                (Kind::OrphanedArchive, format!("belongs to {manifest}, which does not name it"))
            }
            Some(manifest) => {
                (Kind::OrphanedArchive, format!("belongs to {manifest}, which is not there"))
            }
            None if head.is_some_and(is_bare) => {
                (Kind::BareArchive, "was deployed without a manifest".to_owned())
            }
            None => (Kind::OrphanedArchive, "is named by nothing".to_owned()),
        };
        findings.push(Finding::new(kind, name, message));
    }
}

/// Whether `pkg-deploy` put an archive there on purpose without a manifest: it always stores a
/// checksum, and the manifest's name where there is one.
pub fn is_bare(head: &store::Head) -> bool {
    head.metadata.contains_key(SHA256) && !head.metadata.contains_key(MANIFEST)
}
