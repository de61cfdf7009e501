//! What would stop an upload, asked before an hour's build and not after it.

use repository::layout;
use tool::{Exit, Failure, Io};

use crate::Error;
use crate::args::Options;
use crate::deploy::open;
use crate::there;

pub(crate) fn run(options: &Options, io: &Io) -> Result<(), Failure> {
    let location = io.own_location()?;
    let store = open(io, &location)?;
    for name in &options.arguments {
        layout::check_package(&location, name).map_err(|reason| {
            Failure::new(Exit::BadInput, format!("the package name {name:?} {reason}"))
        })?;
        let key = location.key(&format!("{name}.tar.gz"));
        let free = match store.head(&key).map_err(Error::from)? {
            None => true,
            Some(head) => {
                let (path, publish) = (format!("{name}.tar.gz"), options.publish || options.resume);
                options.overwrite
                    || there::may_be_completed(&store, &location, &path, &head, publish)?
            }
        };
        if !free {
            return Err(Error::Exists { key }.into());
        }
    }
    Ok(())
}
