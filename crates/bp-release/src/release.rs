//! The release.

use bp_tool::Phase;
use serde_json::json;
use tool::{Failure, Io};

use crate::args::Options;

/// Prints how the application is run.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let temporary = io.env("TMPDIR").unwrap_or_else(|| "/tmp".to_owned());
    let cache = options.cache.clone().unwrap_or_else(|| temporary.into());
    let application = &options.application;
    let phase = Phase::Release;
    let (release, found) =
        bp_tool::run(&options.common, io, phase, application, &cache, |staging| {
            let release = staging.release()?;
            Ok((release, bp_tool::found(staging)))
        })?;
    if !options.common.json {
        return io.print(&release.to_yaml());
    }
    let answer = json!({
        "kind": "release.v1",
        "command": release.command,
        "addons": [],
        "config-vars": {},
        "default-process-types": {"web": release.command, "task": release.command},
        "components": found,
    });
    io.print(&format!("{answer}\n"))
}
