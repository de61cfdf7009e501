//! Whether applications get what the repository offers, and what changes for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use manifest::Index;
use repo_tool::open;
use repository::index::{self, FILE_NAME};
use resolution::{Lock, Offer, Pick, Stack};
use tool::{Failure, Io};

use crate::Error;
use crate::args::Target;
use crate::finding::{Finding, Kind};

/// What is to be found out.
#[derive(Debug, Default)]
pub struct Resolve {
    /// The stacks; without any, those that the packages are for.
    pub stacks: Vec<String>,
    /// `composer.lock` of applications.
    pub locks: Vec<PathBuf>,
    /// The other repository: a file, or bucket and prefix.
    pub against: Option<String>,
}

/// Asks the resolver about an index.
pub fn run(
    index: &Index,
    how: &Resolve,
    target: &Target,
    io: &Io,
) -> Result<Vec<Finding>, Failure> {
    let stacks: Vec<Stack> = how.stacks.iter().map(|name| Stack::named(name)).collect();
    let read = |name: &str, bytes: &[u8]| {
        Offer::read(name, &String::from_utf8_lossy(bytes), &stacks).map_err(Error::from)
    };
    let offer = read(FILE_NAME, &index.to_bytes())?;
    let other = match &how.against {
        None => None,
        Some(against) => Some(read(against, &other_index(against, target, io)?)?),
    };
    let mut locks = Vec::new();
    for path in &how.locks {
        locks.push(lock(path, io.folder())?);
    }
    let mut findings = Vec::new();
    for found in resolution::check(&offer).map_err(Error::from)? {
        let kind = match found.kind {
            resolution::Kind::Unreadable | resolution::Kind::Unresolvable => Kind::Unresolvable,
            resolution::Kind::LowerPhp => Kind::LowerPhp,
            resolution::Kind::Shadowed => Kind::Shadowed,
        };
        let (name, version) = &found.package;
        let message = format!("offers {name} {version}: {}", found.message);
        findings.push(Finding::new(kind, FILE_NAME, message).of(name, version));
    }
    for lock in &locks {
        findings.extend(application(lock, &offer, other.as_ref())?);
    }
    if let Some(other) = &other {
        findings.extend(requirements(&offer, other)?);
    }
    Ok(findings)
}

/// What becomes of an application, on each stack that the repository is for.
fn application(lock: &Lock, offer: &Offer, other: Option<&Offer>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let stacks: Vec<Option<&Stack>> = match offer.stacks() {
        [] => vec![None],
        stacks => stacks.iter().map(Some).collect(),
    };
    for stack in stacks {
        let on = stack.map(|stack| format!(" on {stack}")).unwrap_or_default();
        let now = lock.resolve(offer, stack)?;
        if let Pick::Nothing(why) = &now {
            let message = format!("does not serve {}{on}: {why}", lock.name());
            findings.push(Finding::new(Kind::BrokenLock, FILE_NAME, message));
            continue;
        }
        let Some(other) = other else { continue };
        let question = format!("{}{on}", lock.name());
        let one = |pick| BTreeMap::from([(question.clone(), pick)]);
        let before = one(lock.resolve(other, stack)?);
        for difference in resolution::compare(&before, &one(now)) {
            let message = format!("gives {question} something else: {difference}");
            findings.push(Finding::new(Kind::ChangedLock, FILE_NAME, message));
        }
    }
    Ok(findings)
}

/// What the usual requirements give, where the other repository gives something else.
fn requirements(offer: &Offer, other: &Offer) -> Result<Vec<Finding>, Error> {
    let (now, before) = (resolution::picks(offer, other)?, resolution::picks(other, offer)?);
    let findings = resolution::compare(&before, &now).into_iter().map(|difference| {
        let kind = match difference.lost {
            Some(_) => Kind::LostRequirement,
            None => Kind::ChangedRequirement,
        };
        Finding::new(kind, FILE_NAME, format!("answers {}: {difference}", difference.question))
    });
    Ok(findings.collect())
}

fn lock(path: &Path, folder: &Path) -> Result<Lock, Error> {
    let full = folder.join(path);
    let bytes = fs::read(&full).map_err(|source| Error::Local { path: full, source })?;
    Ok(Lock::read(&path.display().to_string(), &bytes)?)
}

/// The bytes of the other `packages.json`.
fn other_index(against: &str, target: &Target, io: &Io) -> Result<Vec<u8>, Failure> {
    let path = io.folder().join(against);
    if path.is_file() {
        return Ok(fs::read(&path).map_err(|source| Error::Local { path, source })?);
    }
    let place = against.strip_prefix("s3://").unwrap_or(against);
    let Some((bucket, prefix)) = place.split_once('/') else {
        return Err(Failure::usage(format!("--against: there is no file {against}"))
            .hint("It takes a packages.json, or a repository as BUCKET/PREFIX."));
    };
    let location = target.beside(io, bucket, prefix)?;
    let store = open::readable(io, &location, target.profile.as_deref())?;
    let current = index::read(&store, &location)?;
    let missing = || Error::NoRepository { place: location.to_string() };
    Ok(current.ok_or_else(missing)?.bytes)
}
