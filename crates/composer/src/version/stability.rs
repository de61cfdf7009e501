//! How stable a version is.

use std::fmt;

use super::{Modifier, at_end};

/// The stabilities, most stable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Stability {
    /// A release.
    #[default]
    Stable,
    /// A release candidate.
    Rc,
    /// A beta version.
    Beta,
    /// An alpha version.
    Alpha,
    /// A branch, or a version that is still worked on.
    Dev,
}

impl Stability {
    /// The names, most stable first.
    pub const NAMES: [&'static str; 5] = ["stable", "RC", "beta", "alpha", "dev"];
    const ALL: [Stability; 5] =
        [Stability::Stable, Stability::Rc, Stability::Beta, Stability::Alpha, Stability::Dev];

    /// The stability of a version, normalized or not.
    pub fn of(version: &str) -> Stability {
        if version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Stability::Stable;
        }
        let version = without_reference(version);
        if version.starts_with("dev-") || version.ends_with("-dev") {
            return Stability::Dev;
        }
        // What is behind a `+` must lie on the last line, or the pattern does not reach the end.
        let body = version.strip_suffix('\n').unwrap_or(version);
        let last_line = body.rfind('\n').map_or(0, |at| at + 1);
        for (start, _) in version.char_indices().chain([(version.len(), ' ')]) {
            let (modifier, rest) = Modifier::read(&version[start..]);
            let build = version.len() - rest.len() + 1;
            if at_end(rest) || (rest.starts_with('+') && build >= last_line) {
                return modifier.stability();
            }
        }
        Stability::Stable
    }

    /// The stability of this name, in whatever case, as it stands behind an `@`.
    pub fn from_flag(name: &str) -> Option<Stability> {
        let position = Stability::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        position.map(|position| Stability::ALL[position])
    }

    /// The stability that a lock file writes as this number.
    pub fn from_number(number: u64) -> Option<Stability> {
        Stability::ALL.into_iter().find(|stability| stability.number() == number)
    }

    /// Its number in a lock file: 0 for stable to 20 for dev.
    pub fn number(self) -> u64 {
        self as u64 * 5
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Stability::NAMES[self as usize]
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `dev-main#a1b2c3` without the commit.
fn without_reference(version: &str) -> &str {
    let body = version.strip_suffix('\n').unwrap_or(version);
    let last_line = body.rfind('\n').map_or(0, |at| at + 1);
    match version[last_line..].find('#').map(|at| last_line + at) {
        Some(at) if !at_end(&version[at + 1..]) => &version[..at],
        _ => version,
    }
}
