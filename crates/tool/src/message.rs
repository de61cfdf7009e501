//! How a failure reads.

use crate::Failure;

/// In whose manner messages are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `pkg-deploy: Archive x.tar.gz already exists. Use the --overwrite flag to continue.`
    Own,
    /// `ERROR: Archive x.tar.gz already exists.`, the hint below it, blank lines around.
    Bob,
}

/// The text for a failure; `None` where there is nothing to say.
pub(crate) fn text(name: &str, style: Style, failure: &Failure) -> Option<String> {
    if failure.causes.is_empty() {
        return None;
    }
    let mut message = failure.causes.join(": ");
    let hint = failure.hint.as_deref();
    Some(match style {
        Style::Own => match hint {
            Some(hint) => format!("{name}: {}\n{name}: {hint}", message),
            None => format!("{name}: {message}"),
        },
        Style::Bob => {
            if !message.ends_with(['.', '!', '?']) {
                message.push('.');
            }
            let hint = hint.map(|hint| format!("{hint}\n")).unwrap_or_default();
            format!("\nERROR: {message}\n{hint}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

    #[test]
    fn both_manners() {
        let failure = Failure::new(Exit::Exists, "Archive x.tar.gz already exists")
            .hint("Use the --overwrite flag to continue.");
        assert_eq!(
            text("pkg-deploy", Style::Own, &failure).unwrap(),
            "pkg-deploy: Archive x.tar.gz already exists\n\
             pkg-deploy: Use the --overwrite flag to continue."
        );
        assert_eq!(
            text("pkg-deploy", Style::Bob, &failure).unwrap(),
            "\nERROR: Archive x.tar.gz already exists.\nUse the --overwrite flag to continue.\n"
        );
        assert_eq!(text("x", Style::Own, &Failure::silent(Exit::Failure)), None);
    }
}
