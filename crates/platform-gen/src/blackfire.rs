//! The Blackfire program, which another buildpack may have installed already.

use std::process::{Command, Stdio};

use platform::{Level, Notices};

/// The version of the program that is there, if any.
pub fn version(path: &str, notices: &dyn Notices) -> Option<String> {
    let output = Command::new("blackfire")
        .args(["--no-ansi", "version"])
        .env("PATH", path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        // It is not there, or cannot be run.
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let version = from_text(&String::from_utf8_lossy(&output.stdout));
    match &version {
        Some(version) => {
            notices.tell(Level::Notice, &format!("Blackfire CLI version {version} detected."));
        }
        None => notices.tell(
            Level::Warning,
            "Blackfire CLI detected, but could not determine version - falling back to bundled \
             package!",
        ),
    }
    version
}

/// The three numbers after `Blackfire version` at the very start.
fn from_text(text: &str) -> Option<String> {
    let rest = text.lines().next()?.strip_prefix("Blackfire version ")?;
    let mut parts = rest.splitn(3, '.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
    let end = patch.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(patch.len());
    let patch = &patch[..end];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    [major, minor, patch].into_iter().all(is_number).then(|| format!("{major}.{minor}.{patch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("Blackfire version 2.4.3\n", Some("2.4.3")),
            ("Blackfire version 2.28.11 2024-01-01 linux", Some("2.28.11")),
            ("Blackfire version 2.4.3-beta", Some("2.4.3")),
            ("Blackfire version 2.4", None),
            ("Blackfire version 2.4.\n3", None),
            ("Blackfire version x.4.3", None),
            (" Blackfire version 2.4.3", None),
            ("Other\nBlackfire version 2.4.3", None),
            ("", None),
        ] {
            assert_eq!(from_text(text).as_deref(), expected, "{text:?}");
        }
    }
}
