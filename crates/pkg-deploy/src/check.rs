//! What would stop an upload, asked before an hour's build and not after it.

use store::Store;
use tool::{Failure, Io};

use crate::Error;
use crate::args::Options;
use crate::deploy::open;
use crate::upload::MANIFEST;

pub(crate) fn run(options: &Options, io: &Io) -> Result<(), Failure> {
    let location = io.own_location()?;
    let store = open(io, &location)?;
    for name in &options.arguments {
        let key = location.key(&format!("{name}.tar.gz"));
        let free = match store.head(&key).map_err(Error::from)? {
            None => true,
            Some(head) => options.overwrite || is_half_done(&store, &location, &head)?,
        };
        if !free {
            return Err(Error::Exists { key }.into());
        }
    }
    Ok(())
}

/// Whether a deploy died between an archive and its manifest; running it again completes it.
fn is_half_done(
    store: &Store,
    location: &location::Location,
    archive: &store::Head,
) -> Result<bool, Error> {
    let Some(manifest) = archive.metadata.get(MANIFEST) else {
        return Ok(false);
    };
    Ok(store.head(&location.key(manifest))?.is_none())
}
