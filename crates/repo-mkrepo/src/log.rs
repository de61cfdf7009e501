//! `log`: what was published when, by whom.

use repo_tool::{json, open};
use repository::history::{self, Damaged, Generation, Id};
use tool::{Failure, Io, Line};

use crate::args::Log;

/// Prints the generations, newest first. One whose record is damaged does not hide those before it;
/// it is the error in the end.
pub fn run(options: &Log, io: &mut Io) -> Result<(), Failure> {
    let location = options.place.location(io)?;
    let store = open::readable(io, &location, None)?;
    let count = options.count.unwrap_or(usize::MAX);
    let entries = history::entries(&store, &location, count)?;
    if entries.is_empty() && count > 0 {
        repository::check_exists(&store, &location)?;
        if !options.json {
            io.say(format!("There is no generation of {location} yet."));
        }
    }
    if options.json {
        let values = entries.iter().map(|entry| match entry {
            Ok(generation) => generation.to_json(),
            Err(damaged) => damaged.to_json(),
        });
        json::print(io, &serde_json::Value::Array(values.collect()))?;
    } else {
        print(&entries, io)?;
        note_above(&history::above(&store, &location)?, io);
    }
    io.flush()?;
    match entries.into_iter().find_map(Result::err) {
        Some(damaged) => Err(repository::Error::from(damaged).into()),
        None => Ok(()),
    }
}

fn print(entries: &[Result<Generation, Damaged>], io: &mut Io) -> Result<(), Failure> {
    let colour = io.stdout_is_terminal() && io.env("NO_COLOR").is_none();
    for (position, entry) in entries.iter().enumerate() {
        if position > 0 {
            io.show("")?;
        }
        match entry {
            Ok(generation) => {
                for line in lines(generation, colour) {
                    io.show(line)?;
                }
            }
            Err(Damaged { id, reason, .. }) => {
                io.show(format!("generation {} ({id}) is damaged: {reason}", id.number()))?;
            }
        }
    }
    Ok(())
}

/// Says that `packages.json` was put back, and how to go forth again.
fn note_above(above: &[Id], io: &Io) {
    let (Some(first), Some(last)) = (above.first(), above.last()) else { return };
    let (first, last) = (first.number(), last.number());
    let those = match first == last {
        true => format!("generation {last} is"),
        false => format!("generations {first} to {last} are"),
    };
    io.say(format!(
        "packages.json was put back to an older generation; {those} still there. The next publish \
         follows on {last}; 'repo-mkrepo rollback {last}' brings it back."
    ));
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
