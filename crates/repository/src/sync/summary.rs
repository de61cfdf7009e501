//! What a sync is going to do, told to people.

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

impl Summary<'_> {
    /// The lines of the summary, each with the texts of others in a place of their own.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
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
        let (from, to) = (format!(" from {source}"), format!("   to {destination}:"));
        let at = format!(" from {destination}:");

        let mut text = Vec::new();
        list(&mut text, &["The following packages will be IGNORED:"], ignored);
        list(&mut text, &["The following packages will be ADDED", &from, &to], lines(Action::Add));
        let updated = "The following packages will be UPDATED (source manifest is newer)";
        list(&mut text, &[updated, &from, &to], lines(Action::Update));
        list(&mut text, &["The following packages will be REMOVED", &at], lines(Action::Remove));
        let because = " because '--no-remove' was given:";
        let at = format!(" from {destination}");
        list(&mut text, &["The following packages will NOT be REMOVED", &at, because], kept);
        text
    }
}

fn line(change: &PackageChange) -> String {
    let note = match change.archive {
        Some(_) => "",
        None => " (manifest only, dist is external)",
    };
    format!("{}{note}", change.package)
}

fn list(text: &mut Vec<String>, head: &[&str], mut lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    lines.sort_by(|a, b| order::natural(a, b));
    text.extend(head.iter().map(|line| (*line).to_owned()));
    text.extend(lines.iter().map(|line| format!("  - {line}")));
    text.push(String::new());
}
