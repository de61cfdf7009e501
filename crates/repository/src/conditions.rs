//! Whether a service heeds the conditions of writes, and what is done where it does not.
//!
//! A compare-and-swap is worth what the service makes of `If-Match` and `If-None-Match`. Some answer
//! 200 to each, others 501. Amazon S3 and the folder store are trusted; any other service is asked
//! once, on a scratch key below the prefix (see `probe`). A verdict needs a control: a write that
//! succeeds without the condition, and not with it. An error that meets both is that error. The verdict
//! is remembered with its reason by the process, and for a day beside the cache of manifests;
//! [`forget_verdict`] clears it.
//!
//! Where conditions are worth nothing, those who write by way of a [`Guard`] take turns (see
//! `turns`), look before a write and again after it: other tools, which do not, are noticed mostly.
//! [`crate::publish()`] needs no turns, since it starts over until what is stored is what the
//! manifests make.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use location::{Location, Service};
use store::{Condition, Store, Tags, Upload};

use crate::turns;

mod probe;

use probe::probe;

/// How long a verdict is believed that was written down.
const EXPIRY: Duration = Duration::from_secs(24 * 3600);

const HEADER: &str = "slipway conditions 2";

/// What a service makes of the conditions of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It heeds them.
    Kept,
    /// It writes all the same, and says nothing.
    Ignored,
    /// It refuses such writes as not implemented.
    Refused,
}

/// The verdict for each kind of condition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdicts {
    if_absent: Verdict,
    if_match: Verdict,
    tags: Tags,
    /// What the service answered, in one line.
    reason: String,
}

/// What this process knows, by service and bucket.
static KNOWN: Mutex<BTreeMap<String, Verdicts>> = Mutex::new(BTreeMap::new());

/// Conditional writes into one repository, on any service.
pub struct Guard<'a> {
    store: &'a Store,
    location: &'a Location,
    folder: Option<PathBuf>,
    warn: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Guard<'a> {
    /// Nothing is asked yet. Verdicts are kept in `folder`, where there is one; `warn` is told when
    /// it turns out that conditions are worth nothing here.
    #[must_use]
    pub fn new(
        store: &'a Store,
        location: &'a Location,
        folder: Option<PathBuf>,
        warn: &'a (dyn Fn(&str) + Sync),
    ) -> Self {
        let guard = Self { store, location, folder, warn };
        // What is known of the tags matters to what is read before the first write.
        if let Some(verdicts) = guard.file().and_then(|file| recall(&file)) {
            store.distrust_tags(verdicts.tags);
        }
        guard
    }

    /// The store that is written to.
    #[must_use]
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// Whether the service heeds such a condition.
    ///
    /// # Errors
    /// As of the store.
    pub fn keeps(&self, condition: &Condition) -> Result<bool, store::Error> {
        if *condition == Condition::Always
            || !matches!(self.location.service, Service::Endpoint { .. })
        {
            return Ok(true);
        }
        // Held while it is found out, so that the threads of a process ask once.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let verdicts = match known.get(&self.name()) {
            Some(verdicts) => verdicts.clone(),
            None => {
                let verdicts = match self.file().and_then(|file| recall(&file)) {
                    Some(verdicts) => verdicts,
                    None => self.find_out()?,
                };
                known.insert(self.name(), verdicts.clone());
                self.tell(&verdicts);
                verdicts
            }
        };
        // Another store of this process may have been opened since.
        self.store.distrust_tags(verdicts.tags);
        Ok(verdicts.of(condition) == Verdict::Kept)
    }

    /// Writes an object from memory, as [`Store::put`] does. Without a service's help the condition
    /// is checked before, and afterwards whether these bytes are there.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub fn put(
        &self,
        key: &str,
        bytes: &[u8],
        upload: &Upload<'_>,
    ) -> Result<String, store::Error> {
        let by_service = || self.store.put(key, bytes, upload);
        let by_looking = |upload: &Upload<'_>| {
            let etag = self.store.put(key, bytes, upload)?;
            let there = self.store.get(key)?.is_some_and(|content| content.bytes == bytes);
            Ok((etag, there))
        };
        self.write(key, upload, by_service, by_looking)
    }

    /// Writes an object from a file, as [`Store::put_file`] does; else as [`Guard::put`].
    ///
    /// # Errors
    /// As [`Store::put_file`].
    pub fn put_file(
        &self,
        key: &str,
        file: &Path,
        upload: &Upload<'_>,
    ) -> Result<String, store::Error> {
        let by_service = || self.store.put_file(key, file, upload);
        let by_looking = |upload: &Upload<'_>| {
            let etag = self.store.put_file(key, file, upload)?;
            let there = self.store.head(key)?.is_some_and(|head| head.etag == etag);
            Ok((etag, there))
        };
        self.write(key, upload, by_service, by_looking)
    }

    fn write(
        &self,
        key: &str,
        upload: &Upload<'_>,
        by_service: impl FnOnce() -> Result<String, store::Error>,
        by_looking: impl FnOnce(&Upload<'_>) -> Result<(String, bool), store::Error>,
    ) -> Result<String, store::Error> {
        if self.keeps(&upload.condition)? {
            match by_service() {
                Err(error) if is_refusal(&error) && upload.condition != Condition::Always => {
                    self.distrust();
                }
                done => return done,
            }
        }
        let holds = || {
            let there = self.store.head(key)?;
            Ok(match (&upload.condition, &there) {
                (Condition::Always, _) | (Condition::IfAbsent, None) => true,
                (Condition::IfMatch(etag), Some(head)) => *etag == head.etag,
                (Condition::IfAbsent, Some(_)) | (Condition::IfMatch(_), None) => false,
            })
        };
        let work = || by_looking(&Upload { condition: Condition::Always, ..upload.clone() });
        match turns::in_turn(self.store, self.location, key, &holds, work)? {
            Some((etag, true)) => Ok(etag),
            Some((_, false)) | None => Err(store::Error::Precondition { key: key.to_owned() }),
        }
    }

    /// Takes a trusted service at its later word: it refused a condition after all.
    pub(crate) fn distrust(&self) {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let verdicts = Verdicts {
            if_absent: Verdict::Refused,
            if_match: Verdict::Refused,
            tags: self.store.tags(),
            reason: "a conditional write was refused later".to_owned(),
        };
        if known.insert(self.name(), verdicts.clone()).as_ref() != Some(&verdicts) {
            self.remember(&verdicts);
            self.tell(&verdicts);
        }
    }

    fn find_out(&self) -> Result<Verdicts, store::Error> {
        let verdicts = probe(self.store, self.location)?;
        self.remember(&verdicts);
        Ok(verdicts)
    }

    /// Tells the user something that concerns this repository.
    pub(crate) fn warn(&self, text: &str) {
        (self.warn)(text);
    }

    fn tell(&self, verdicts: &Verdicts) {
        match verdicts.tags {
            Tags::Useful => {}
            Tags::Unlisted => (self.warn)(&format!(
                "NOTICE: listings of the service of {} do not have the ETags of the objects. Each \
                 object is asked for.",
                self.location
            )),
            Tags::Constant => (self.warn)(&format!(
                "WARNING: the service of {} gives objects with other contents the same ETag. They \
                 are compared by size, date and checksum, and each one is asked for.",
                self.location
            )),
        }
        let does = match (verdicts.if_absent, verdicts.if_match) {
            (Verdict::Kept, Verdict::Kept) => return,
            (Verdict::Refused, _) | (_, Verdict::Refused) => "refuses conditional writes",
            _ => "ignores the conditions of writes",
        };
        (self.warn)(&format!(
            "WARNING: the service of {} {does} ({}). Publishing checks after each write and repeats \
             it where need be, and these tools take turns; other programs know nothing of that. \
             'repo-check --service' asks again.",
            self.location, verdicts.reason
        ));
    }

    fn name(&self) -> String {
        name(self.location)
    }

    fn file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| file(folder, self.location))
    }

    fn remember(&self, verdicts: &Verdicts) {
        if let Some(file) = self.file() {
            // Where it cannot be written down, the next run asks again.
            let _unsaved = save(&file, verdicts);
        }
    }
}

/// Forgets the verdict about a service, here and in the folder where verdicts are kept: the next
/// conditional write asks again.
pub fn forget_verdict(location: &Location, folder: Option<&Path>) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(location));
    if let Some(folder) = folder {
        // Most often there is none.
        let _missing = fs::remove_file(file(folder, location));
    }
}

fn name(location: &Location) -> String {
    format!("{:?}\n{}", location.service, location.bucket)
}

fn file(folder: &Path, location: &Location) -> PathBuf {
    let digest = checksum::of_bytes(name(location));
    folder.join(format!("{}.conditions", &digest[..32]))
}

impl Verdicts {
    fn of(&self, condition: &Condition) -> Verdict {
        match condition {
            Condition::Always => Verdict::Kept,
            Condition::IfAbsent => self.if_absent,
            Condition::IfMatch(_) => self.if_match,
        }
    }
}

/// Whether a service says that it knows no conditions.
pub(crate) fn is_refusal(error: &store::Error) -> bool {
    matches!(error, store::Error::Service { status: 405 | 501, .. })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept",
        Verdict::Ignored => "ignored",
        Verdict::Refused => "refused",
    }
}

fn tags_word(tags: Tags) -> &'static str {
    match tags {
        Tags::Useful => "useful",
        Tags::Unlisted => "unlisted",
        Tags::Constant => "constant",
    }
}

fn save(file: &Path, verdicts: &Verdicts) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    scratch::make_private(folder)?;
    let (absent, matching) = (word(verdicts.if_absent), word(verdicts.if_match));
    let (tags, reason) = (tags_word(verdicts.tags), &verdicts.reason);
    let mut scratch = scratch::File::new_in(folder, ".conditions-")?;
    let at = seconds();
    writeln!(scratch.file(), "{HEADER}\n{absent}\n{matching}\n{tags}\n{at}\n{reason}")?;
    scratch.persist(file)?;
    Ok(())
}

/// What was written down, unless it is too old, or not ours.
fn recall(file: &Path) -> Option<Verdicts> {
    let text = fs::read_to_string(file).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let [HEADER, if_absent, if_match, tags, at, reason] = lines.as_slice() else { return None };
    let age = seconds().checked_sub(at.parse().ok()?)?;
    let verdict = |text: &str| {
        let all = [Verdict::Kept, Verdict::Ignored, Verdict::Refused];
        all.into_iter().find(|verdict| word(*verdict) == text)
    };
    let all = [Tags::Useful, Tags::Unlisted, Tags::Constant];
    let verdicts = Verdicts {
        if_absent: verdict(if_absent)?,
        if_match: verdict(if_match)?,
        tags: all.into_iter().find(|known| tags_word(*known) == *tags)?,
        reason: (*reason).to_owned(),
    };
    (age < EXPIRY.as_secs()).then_some(verdicts)
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use location::{Prefix, Region};

    use super::*;

    #[test]
    fn amazon_and_folders_are_not_asked() {
        let folder = scratch::Folder::new("conditions-test-").unwrap();
        fs::create_dir(folder.path().join("bucket")).unwrap();
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let env = |name: &str| keys.contains(&name).then(|| "x".to_owned());
        for service in [
            // A request would fail: there is no such account.
            Service::Aws { region: Region::default() },
            Service::Folder { root: folder.path().to_owned() },
        ] {
            let store = Store::open(&service, "bucket", store::Options::default(), &env).unwrap();
            let location = Location::new(service, "bucket", Prefix::default()).unwrap();
            let guard = Guard::new(&store, &location, None, &|text| panic!("{text}"));
            assert!(guard.keeps(&Condition::IfAbsent).unwrap());
            assert!(guard.keeps(&Condition::IfMatch("x".to_owned())).unwrap());
        }
    }

    #[test]
    fn what_was_written_down_is_believed_for_a_day() {
        let folder = scratch::Folder::new("conditions-test-").unwrap();
        let file = folder.path().join("x.conditions");
        assert_eq!(recall(&file), None);
        let verdicts = Verdicts {
            if_absent: Verdict::Kept,
            if_match: Verdict::Refused,
            tags: Tags::Unlisted,
            reason: "501 NotImplemented".to_owned(),
        };
        save(&file, &verdicts).unwrap();
        assert_eq!(recall(&file), Some(verdicts));

        let at = |at: u64| {
            let text = format!("{HEADER}\nkept\nignored\nuseful\n{at}\n200\n");
            fs::write(&file, text).unwrap();
        };
        let day = EXPIRY.as_secs();
        at(seconds() - day + 60);
        assert!(recall(&file).is_some());
        at(seconds() - day);
        assert_eq!(recall(&file), None);
        // From a clock that was wrong.
        at(seconds() + 1000);
        assert_eq!(recall(&file), None);
        for text in ["", "slipway conditions 1\nkept\nkept\n0\n", "slipway conditions 2\nkept\n"] {
            fs::write(&file, text).unwrap();
            assert_eq!(recall(&file), None);
        }
    }
}
