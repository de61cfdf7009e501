//! The release.

use bp_tool::{Look, Phase};
use serde_json::json;
use tool::{Failure, Io};

/// Prints how the application is run.
pub fn run(look: &Look, io: &mut Io) -> Result<(), Failure> {
    let (application, cache) = (&look.application, look.cache.as_deref());
    let phase = Phase::Release;
    let (release, found) = bp_tool::run(&look.common, io, phase, application, cache, |staging| {
        let release = staging.release()?;
        Ok((release, bp_tool::found(staging)))
    })?;
    if !look.common.json {
        return io.data(&release.to_yaml());
    }
    let answer = json!({
        "kind": "release.v1",
        "command": release.command,
        "addons": [],
        "config-vars": {},
        "default-process-types": {"web": release.command, "task": release.command},
        "components": found,
    });
    io.data(&format!("{answer}\n"))
}
