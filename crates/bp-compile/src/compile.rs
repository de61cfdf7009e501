//! The compilation.

use bp_tool::Phase;
use serde_json::json;
use tool::{Failure, Io};

use crate::args::Options;
use crate::finalize;

/// Has all components change the application's files.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let phase = if options.finalize.is_some() { Phase::Finalize } else { Phase::Compile };
    let (application, cache) = (&options.application, Some(options.cache.as_path()));
    let (found, version) =
        bp_tool::run(&options.common, io, phase, application, cache, |staging| {
            staging.compile()?;
            Ok((bp_tool::found(staging), staging.version().clone()))
        })?;
    if let Some((deps, index)) = &options.finalize {
        finalize::write(&io.folder().join(deps).join(index), version.version.as_deref())?;
    }
    if options.common.json {
        let version = json!({
            "version": version.version,
            "hash": version.hash,
            "remote": version.remote,
            "offline": version.offline,
        });
        let answer = json!({"kind": "compile.v1", "components": found, "buildpack": version});
        io.data(&format!("{answer}\n"))?;
    }
    Ok(())
}
