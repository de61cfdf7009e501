//! `log`: what was published when, by whom.

use repo_tool::{json, open};
use repository::history::{self, Generation};
use tool::{Failure, Io, Line};

use crate::args::Log;

/// Prints the generations, newest first.
pub fn run(options: &Log, io: &mut Io) -> Result<(), Failure> {
    let location = options.place.location(io)?;
    let store = open::readable(io, &location, None)?;
    let count = options.count.unwrap_or(usize::MAX);
    let generations = history::newest(&store, &location, count)?;
    if options.json {
        let values = generations.iter().map(Generation::to_json).collect();
        return json::print(io, &serde_json::Value::Array(values));
    }
    if generations.is_empty() && count > 0 {
        io.say(&format!("There is no generation of {location} yet."));
    }
    let colour = io.stdout_is_terminal() && io.env("NO_COLOR").is_none();
    for (position, generation) in generations.iter().enumerate() {
        if position > 0 {
            io.show("")?;
        }
        for line in lines(generation, colour) {
            io.show(line)?;
        }
    }
    Ok(())
}

/// A generation for people, in the manner of `git log`.
fn lines(generation: &Generation, colour: bool) -> Vec<Line> {
    let yellow = if colour { "33" } else { "" };
    let Generation { number, id, origin, .. } = generation;
    let head = Line::new().styled(yellow, &format!("generation {number}"));
    let mut lines = vec![head.text(&format!(" ({id})"))];
    let mut line = |name: &str, value: &str| {
        lines.push(format!("{:<9}{value}", format!("{name}:")).into());
    };
    line("Date", &date(generation));
    let by = match (&origin.who, &origin.host) {
        (Some(who), Some(host)) => format!("{who} on {host}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "unknown".to_owned(),
    };
    line("By", &by);
    if let Some(run) = &origin.run {
        line("Run", run);
    }
    line("Command", &format!("{} ({} {})", origin.command, origin.tool, origin.version));
    if let Some(restores) = &generation.restores {
        line("Restores", &format!("generation {} ({restores})", restores.number()));
    }
    line("Index", &format!("{} packages, {} versions", generation.packages, generation.versions));
    if generation.outside {
        let what = "packages.json was changed or removed before this by a tool without a history";
        line("Note", what);
    }
    if !generation.changes.is_empty() {
        lines.push(Line::new());
    }
    lines.extend(generation.changes.iter().map(|change| format!("    {change}").into()));
    lines
}

/// When it was published, for people.
pub fn date(generation: &Generation) -> String {
    generation.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
