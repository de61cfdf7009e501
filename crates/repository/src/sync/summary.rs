//! What a sync is going to do, told to people.

use std::fmt::{self, Display, Formatter};

use manifest::order;
use manifest::plan::{Action, PackageChange, Plan, Reason};

/// The summary of a plan, in the wording that scripts know; empty when nothing differs.
pub struct Summary<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The source, as it is shown.
    pub source: String,
    /// The destination, as it is shown.
    pub destination: String,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { plan, source, destination } = self;
        let ignored: Vec<String> = plan
            .ignored()
            .map(|(change, reason)| format!("{} ({reason})", change.package))
            .collect();
        let kept: Vec<String> = plan
            .changes
            .iter()
            .filter(|change| change.ignored == Some(Reason::Kept))
            .map(line)
            .collect();
        let lines = |action| plan.with(action).map(line).collect::<Vec<_>>();

        list(f, "The following packages will be IGNORED:", ignored)?;
        let from_to = format!("\n from {source}\n   to {destination}:");
        let added = format!("The following packages will be ADDED{from_to}");
        list(f, &added, lines(Action::Add))?;
        let updated =
            format!("The following packages will be UPDATED (source manifest is newer){from_to}");
        list(f, &updated, lines(Action::Update))?;
        let removed = format!("The following packages will be REMOVED\n from {destination}:");
        list(f, &removed, lines(Action::Remove))?;
        let kept_head = format!(
            "The following packages will NOT be REMOVED\n from {destination}\n \
             because '--no-remove' was given:"
        );
        list(f, &kept_head, kept)
    }
}

fn line(change: &PackageChange) -> String {
    let note = match change.archive {
        Some(_) => "",
        None => " (manifest only, dist is external)",
    };
    format!("{}{note}", change.package)
}

fn list(f: &mut Formatter<'_>, head: &str, mut lines: Vec<String>) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    lines.sort_by(|a, b| order::natural(a, b));
    writeln!(f, "{head}")?;
    for line in lines {
        writeln!(f, "  - {line}")?;
    }
    writeln!(f)
}
