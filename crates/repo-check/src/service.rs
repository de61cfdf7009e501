//! The doctor: asks the service in use what it really does, on scratch keys that are removed.
//!
//! [`ask`] words the questions for an S3 service and for a folder, the other modules ask them and
//! judge what comes back, [`table`] shows it.

mod ask;
mod conditions;
mod keys;
mod listing;
mod objects;
mod table;

use repo_tool::open;
use repository::{conditions as verdicts, history};
use store::Store;
use tool::{Exit, Failure, Io};

use crate::args::Options;
use crate::report::Style;
use crate::{Error, args};
use ask::Service;
use table::{Row, Verdict};

/// How scratch keys begin, below the repository's prefix.
const SCRATCH: &str = "probe-service-";

/// Asks, removes what it wrote, and shows the answers.
pub fn run(options: &Options, service: &args::Service, io: &mut Io) -> Result<(), Failure> {
    let location = options.target.location(io)?;
    let store = open::writable(io, &location, options.target.profile.as_deref())?;
    let folder = location.key(&format!("{}{SCRATCH}", history::FOLDER));
    remove_leftovers(&store, &folder).map_err(Error::from)?;
    let folder = format!("{folder}{}/", tool::worker());
    let scratch = store.scratch(scratch_keys(&folder, service.thorough));
    let service_in_use = Service { store: &store, folder: &folder };
    // What cannot be written to cannot be asked.
    let written = store.put(&service_in_use.key("first"), b"first", &ask::UPLOAD);
    written.map_err(Error::from)?;

    let mut rows = conditions::rows(&service_in_use);
    rows.extend(objects::rows(&service_in_use));
    rows.extend(keys::rows(&service_in_use));
    rows.extend(listing::rows(&service_in_use));
    if service.thorough {
        rows.push(listing::thorough(&service_in_use, io).map_err(Error::from)?);
    }
    drop(scratch);
    verdicts::forget_verdict(&location, options.target.cache.folder(io).as_deref());

    if options.json {
        let text = table::document(&location, &rows)?;
        io.print_document(&format!("{text}\n"))?;
    } else {
        for line in table::lines(&location.to_string(), &rows, Style::of(io, true)) {
            io.show(line)?;
        }
        io.flush()?;
    }
    match is_supported(&rows) {
        true => Ok(()),
        false => Err(Failure::silent(Exit::Failure)),
    }
}

/// Whether repositories on this service are right.
fn is_supported(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.verdict != Verdict::Unsupported)
}

/// Removes what earlier runs on this machine left that did not come to their end.
fn remove_leftovers(store: &Store, folder: &str) -> Result<(), store::Error> {
    let keys = store.list(folder)?.into_iter().map(|object| object.key);
    let left = keys.filter(|key| {
        let run = key[folder.len()..].split('/').next().unwrap_or_default();
        tool::is_at_work(run) == Some(false)
    });
    store.delete_many(&left.collect::<Vec<_>>())
}

/// All keys that may be written.
fn scratch_keys(folder: &str, thorough: bool) -> Vec<String> {
    let few = ["first"].into_iter().chain(conditions::KEYS).chain(objects::KEYS);
    let names = few.chain(keys::KEYS).chain(listing::KEYS).map(str::to_owned);
    let many = thorough.then(listing::many).into_iter().flatten();
    names.chain(many).map(|name| format!("{folder}{name}")).collect()
}
