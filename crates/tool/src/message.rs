//! How a failure reads.

use printable::Line;

use crate::Failure;

/// In whose manner messages are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `pkg-deploy: Archive x.tar.gz already exists. Use the --overwrite flag to continue.`
    Own,
    /// `ERROR: Archive x.tar.gz already exists.`, the hint below it, blank lines around.
    Bob,
}

/// The lines for a failure; none where there is nothing to say.
pub(crate) fn lines(name: &str, style: Style, failure: &Failure) -> Vec<Line> {
    if failure.causes.is_empty() {
        return Vec::new();
    }
    let mut message = failure.causes.join(": ");
    let mut lines = Vec::new();
    match style {
        Style::Own => lines.push(Line::from(format!("{name}: {message}"))),
        Style::Bob => {
            if failure.details.is_empty() && !message.ends_with(['.', '!', '?']) {
                message.push('.');
            }
            lines.extend([Line::new(), Line::from(format!("ERROR: {message}"))]);
        }
    }
    lines.extend(failure.details.iter().map(Line::from));
    match (style, &failure.hint) {
        (Style::Own, Some(hint)) => lines.push(Line::from(format!("{name}: {hint}"))),
        (Style::Bob, Some(hint)) => lines.extend([Line::from(hint), Line::new()]),
        (Style::Bob, None) => lines.push(Line::new()),
        (Style::Own, None) => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

    fn check(style: Style, failure: &Failure, expected: &[&str]) {
        let lines: Vec<String> =
            lines("pkg-deploy", style, failure).iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn both_manners() {
        let failure = Failure::new(Exit::Exists, "Archive x.tar.gz already exists")
            .hint("Use the --overwrite flag to continue.");
        check(
            Style::Own,
            &failure,
            &[
                "pkg-deploy: Archive x.tar.gz already exists",
                "pkg-deploy: Use the --overwrite flag to continue.",
            ],
        );
        check(
            Style::Bob,
            &failure,
            &[
                "",
                "ERROR: Archive x.tar.gz already exists.",
                "Use the --overwrite flag to continue.",
                "",
            ],
        );
        check(Style::Own, &Failure::silent(Exit::Failure), &[]);
    }

    #[test]
    fn each_text_stays_in_its_line() {
        let failure = Failure::new(Exit::BadInput, "package a\n::error::b:")
            .details(["  ::error::c".to_owned(), "  d\u{1b}[2J\r\n".to_owned()]);
        let details = ["  \\u{3a}:error::c", "  d\\u{1b}[2J\\r\\n"];
        let own = "pkg-deploy: package a\\n::error::b:";
        check(Style::Own, &failure, &[own, details[0], details[1]]);
        let bob = "ERROR: package a\\n::error::b:";
        check(Style::Bob, &failure, &["", bob, details[0], details[1], ""]);
    }
}
