//! The time, by the clock of the service.
//!
//! How old an object is, the service says; so what time it is must come from there too. The clock of
//! this machine may be days ahead of it, and everything would be old then.

use jiff::Timestamp;
use location::Location;
use store::{Store, Upload};

use crate::history::FOLDER;
use crate::{Error, dice};

/// How often an object is asked for that was just written.
const ATTEMPTS: u32 = 5;

/// What time it is by the service's clock: that of a scratch object, which is written for it below
/// the prefix and removed again. Some services know whole seconds only; it is never later than the
/// actual time.
///
/// # Errors
/// As of the store, where it may not be written to, too.
pub fn now(store: &Store, location: &Location) -> Result<Timestamp, Error> {
    let key = location.key(&format!("{FOLDER}probe-{}", dice::name()));
    let written = written(store, &key);
    // A key that stays is litter of ours and does no harm; some users may not delete.
    let _litter = store.delete_many(std::slice::from_ref(&key));
    Ok(written?)
}

/// The same without a write: as the service says when it is asked, else the time of the newest object
/// below the prefix. So it may be long before the actual time, and is never after it.
///
/// # Errors
/// As of the store.
pub fn without_writing(store: &Store, location: &Location) -> Result<Timestamp, Error> {
    if let Some(time) = store.time(&location.key(""))? {
        return Ok(time);
    }
    let objects = store.list(&location.key(""))?;
    let newest = objects.into_iter().map(|object| object.modified).max();
    Ok(newest.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Writes a scratch object, and asks when that was. A garbage collection may have removed it already:
/// then it is written again.
fn written(store: &Store, key: &str) -> Result<Timestamp, store::Error> {
    for attempt in 1..=ATTEMPTS {
        store.put(key, b"what time is it?", &Upload::new("text/plain"))?;
        if let Some(head) = store.head(key)? {
            return Ok(head.modified);
        }
        dice::pause(attempt);
    }
    Err(store::Error::NotFound { key: key.to_owned() })
}
