//! Taking turns at a key, on a service that heeds no conditions.
//!
//! Whoever wants to write puts a claim, an object of a name that nobody else has, and then lists the
//! claims on that key. Who is alone may look and write. Of two, the one that listed later has seen
//! the claim of the other, which stays until the other has written: so no two are alone. Where there
//! are several, all but the first by name withdraw for a moment.
//!
//! A claim is renewed while its owner writes. One that is not belongs to a process that has died,
//! and counts no more after a minute.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use location::Location;
use store::{Error, Object, Store, Upload};

use crate::dice;
use crate::history::FOLDER;

/// What claims begin with, below the prefix of the repository.
const CLAIM: &str = "claim-";

/// A claim that is older than the newest one by so much is that of a process that has died.
const EXPIRY: SignedDuration = SignedDuration::from_secs(60);
/// How often a claim is renewed.
const BEAT: Duration = Duration::from_secs(15);

/// Does `work` while nobody else does who comes this way for the same key; `None` as soon as
/// `holds` says that there is nothing to do any more.
pub(crate) fn in_turn<T>(
    store: &Store,
    location: &Location,
    key: &str,
    holds: &dyn Fn() -> Result<bool, Error>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let prefix = format!("{FOLDER}{CLAIM}{}-", &checksum::of_bytes(key)[..24]);
    let prefix = location.key(&prefix);
    let claim = Claim { store, key: format!("{prefix}{}", dice::name()) };
    let mut attempt = 0;
    loop {
        if !holds()? {
            return Ok(None);
        }
        claim.put()?;
        match claim.standing(&prefix)? {
            Standing::Alone => break,
            // Close by, so as not to miss the moment.
            Standing::First => dice::pause(0),
            Standing::Later => {
                claim.withdraw();
                attempt += 1;
                dice::pause(attempt);
            }
        }
    }
    // Before we were alone somebody else may have been.
    if !holds()? {
        return Ok(None);
    }
    claim.hold(work)?.map(Some)
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Alone,
    /// There are others, and they give way.
    First,
    /// There are others, and this one gives way.
    Later,
}

/// Our claim; gone when it is dropped.
struct Claim<'a> {
    store: &'a Store,
    key: String,
}

impl Claim<'_> {
    fn put(&self) -> Result<(), Error> {
        self.store.put(&self.key, b"claimed", &Upload::new("text/plain")).map(drop)
    }

    fn standing(&self, prefix: &str) -> Result<Standing, Error> {
        Ok(standing(&self.store.list(prefix)?, &self.key))
    }

    /// Renews the claim while `work` is under way.
    ///
    /// # Errors
    /// When there is no thread to renew it; then nothing is done.
    fn hold<T>(&self, work: impl FnOnce() -> T) -> Result<T, Error> {
        thread::scope(|scope| {
            let (done, ended) = channel::<()>();
            let started = thread::Builder::new().spawn_scoped(scope, move || {
                while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                    // What cannot be renewed now is renewed the next time.
                    let _late = self.put();
                }
            });
            started.map_err(|error| Error::Local {
                path: format!("a claim on {}", self.key).into(),
                source: parallel::refused(error),
            })?;
            let result = work();
            drop(done);
            Ok(result)
        })
    }

    /// Takes the claim back; who may not delete leaves an empty one, which is none.
    fn withdraw(&self) {
        if self.store.delete_many(std::slice::from_ref(&self.key)).is_err() {
            let _litter = self.store.put(&self.key, b"", &Upload::new("text/plain"));
        }
    }
}

/// Where `ours` stands among all claims.
fn standing(claims: &[Object], ours: &str) -> Standing {
    // By the service's clock. Ours is fresh, so the newest one tells what time it is.
    let now = claims.iter().map(|claim| claim.modified).max();
    let lives = |claim: &&Object| {
        claim.size > 0 && now.is_some_and(|now| now.duration_since(claim.modified) < EXPIRY)
    };
    let others = claims.iter().filter(lives).map(|claim| claim.key.as_str());
    match others.filter(|key| *key != ours).min() {
        None => Standing::Alone,
        Some(first) if first > ours => Standing::First,
        Some(_) => Standing::Later,
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn claims_of_the_living_count() {
        let claim = |key: &str, size, second| Object {
            key: key.to_owned(),
            size,
            etag: String::new(),
            modified: Timestamp::from_second(second).unwrap(),
            storage_class: None,
        };
        let ours = claim("m", 7, 1000);
        let check = |others: &[Object], expected| {
            assert_eq!(standing(&[std::slice::from_ref(&ours), others].concat(), "m"), expected);
        };
        check(&[], Standing::Alone);
        check(&[claim("z", 7, 999)], Standing::First);
        check(&[claim("z", 7, 999), claim("a", 7, 941)], Standing::Later);
        // Not renewed for a minute, or taken back by one who may not delete.
        check(&[claim("a", 7, 940), claim("b", 0, 1000)], Standing::Alone);
        // A listing that does not know of ours yet.
        assert_eq!(standing(&[claim("a", 7, 1000)], "m"), Standing::Later);
    }
}
