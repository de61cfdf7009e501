//! What a service makes of conditions, found out on a key of its own that is removed afterwards.
//!
//! Each write has other bytes of the same length, so that a repeated request is never taken for a
//! success, and so that tags that tell contents apart must differ.

use location::Location;
use store::{Condition, Error, Store, Tags, Upload};

use super::{Verdict, Verdicts};
use crate::dice;
use crate::history::FOLDER;

/// What became of one write.
enum Outcome {
    /// It took place; the tag.
    Written(String),
    /// The condition does not hold.
    Failed,
    /// The service does not take it; its reason.
    Refused(String),
}

struct Probe<'a> {
    store: &'a Store,
    key: String,
    writes: u32,
}

/// Asks the service.
pub(super) fn probe(store: &Store, location: &Location) -> Result<Verdicts, Error> {
    let key = location.key(&format!("{FOLDER}probe-{}", dice::name()));
    let mut probe = Probe { store, key, writes: 0 };
    let verdicts = probe.verdicts();
    // A key that stays is litter of ours, and harms nobody; not everybody may delete.
    let _litter = store.delete_many(std::slice::from_ref(&probe.key));
    verdicts
}

impl Probe<'_> {
    fn verdicts(&mut self) -> Result<Verdicts, Error> {
        let mut reason = String::new();
        let mut refused = |text: String| {
            reason = text;
            Verdict::Refused
        };
        // The key is free, so this must be written.
        let if_absent = match self.put(Condition::IfAbsent)? {
            Outcome::Written(_) => match self.put(Condition::IfAbsent)? {
                Outcome::Written(_) => Verdict::Ignored,
                Outcome::Failed => Verdict::Kept,
                Outcome::Refused(text) => refused(text),
            },
            Outcome::Failed => refused("412 to a key that is free".to_owned()),
            Outcome::Refused(text) => refused(text),
        };
        // The control: without a condition it must be written, or there is nothing to judge.
        let tag = self.control()?;
        let wrong = Condition::IfMatch("00000000000000000000000000000000".to_owned());
        let mut last = tag.clone();
        let if_match = match self.put(wrong)? {
            Outcome::Written(written) => {
                last = written;
                Verdict::Ignored
            }
            Outcome::Refused(text) => refused(text),
            Outcome::Failed => match self.put(Condition::IfMatch(tag.clone()))? {
                Outcome::Written(written) => {
                    last = written;
                    Verdict::Kept
                }
                Outcome::Failed => refused("412 to the ETag that the object has".to_owned()),
                Outcome::Refused(text) => refused(text),
            },
        };
        if reason.is_empty() && (if_absent, if_match) != (Verdict::Kept, Verdict::Kept) {
            "200".clone_into(&mut reason);
        }
        if last == tag {
            last = self.control()?;
        }
        let tags = self.tags(&tag, &last)?;
        // A condition on a tag that all objects have holds for each of them.
        let if_match = if tags == Tags::Constant { Verdict::Ignored } else { if_match };
        Ok(Verdicts { if_absent, if_match, tags, reason })
    }

    /// What the tags of two contents are worth, and those of the listing.
    fn tags(&self, one: &str, other: &str) -> Result<Tags, Error> {
        if one == other {
            return Ok(Tags::Constant);
        }
        let Some(head) = self.store.head(&self.key)? else { return Ok(self.store.tags()) };
        let listed = self.store.list(&self.key)?;
        let same = listed.iter().any(|object| object.key == self.key && object.etag == head.etag);
        Ok(if same { self.store.tags() } else { Tags::Unlisted })
    }

    fn control(&mut self) -> Result<String, Error> {
        let body = self.body();
        self.store.put(&self.key, &body, &Upload::new("text/plain"))
    }

    /// A write on condition. What fails without the condition too is an error, and no verdict.
    fn put(&mut self, condition: Condition) -> Result<Outcome, Error> {
        let body = self.body();
        let upload = Upload { condition, ..Upload::new("text/plain") };
        match self.store.put(&self.key, &body, &upload) {
            Ok(tag) => Ok(Outcome::Written(tag)),
            Err(Error::Precondition { .. }) => Ok(Outcome::Failed),
            Err(Error::Service { status: status @ (400 | 405 | 501), code, .. }) => {
                self.control()?;
                Ok(Outcome::Refused(format!("{status} {code}")))
            }
            Err(error) => Err(error),
        }
    }

    fn body(&mut self) -> Vec<u8> {
        self.writes += 1;
        format!("probe {:02}", self.writes).into_bytes()
    }
}
