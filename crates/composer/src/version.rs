//! Versions as Composer reads them: `1.2` is `1.2.0.0`, `1.0b2` is `1.0.0.0-beta2`, a branch is
//! `dev-name`.
//!
//! [`normalize`] is where a version enters; [`Version`] is a normalized one that compares fast.
//! The rules are Composer's to the letter, its oddities too (`1.0.` is a version, `1.0-Stable` is
//! not the same as `1.0-stable`): a version that is read in another way here than there is another
//! pick, or a repository that one of the two refuses.

mod modifier;
mod order;
mod stability;

pub(crate) use modifier::Modifier;
pub use order::{Version, compare};
pub use stability::Stability;

/// What a branch without a number counts as where it is a repository's default branch.
pub const DEFAULT_BRANCH: &str = "9999999-dev";

/// Not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid version string \"{version}\"{hint}")]
pub struct Invalid {
    /// The text.
    pub version: String,
    hint: String,
}

/// The normal form of a version: four numbers and what follows them, or `dev-` and a branch.
///
/// ```
/// assert_eq!(composer::version::normalize("v1.2-b3").unwrap(), "1.2.0.0-beta3");
/// assert_eq!(composer::version::normalize("8.3.4+build2").unwrap(), "8.3.4.0");
/// assert_eq!(composer::version::normalize("dev-main").unwrap(), "dev-main");
/// ```
///
/// # Errors
/// Where Composer knows no such version.
pub fn normalize(version: &str) -> Result<String, Invalid> {
    normalize_part(version, None)
}

/// [`normalize`] for one side of `version as alias`, so that the error can say which.
///
/// # Errors
/// Where Composer knows no such version.
pub fn normalize_part(version: &str, whole: Option<&str>) -> Result<String, Invalid> {
    let given = trim(version);
    if let Some(normalized) = plain(given) {
        return Ok(normalized);
    }
    let mut version = alias_source(given).unwrap_or(given);
    if let Some(at) = version.rfind('@')
        && Stability::from_flag(&version[at + 1..]).is_some()
    {
        version = &version[..at];
    }
    let main;
    if matches!(version, "master" | "trunk" | "default") {
        main = format!("dev-{version}");
        version = &main;
    }
    if let Some(branch) = strip_prefix_ignoring_case(version, "dev-") {
        return Ok(format!("dev-{branch}"));
    }
    let version = without_build_metadata(version);
    if let Some(normalized) = classical(version).or_else(|| dated(version)) {
        return Ok(normalized);
    }
    if let Some(branch) = numbered_branch(version) {
        return Ok(branch);
    }
    Err(Invalid { version: given.to_owned(), hint: hint(version, whole.unwrap_or(given)) })
}

/// One to four numbers and nothing else, which is what most versions are.
fn plain(version: &str) -> Option<String> {
    let mut parts = 0;
    for number in version.split('.') {
        parts += 1;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || (parts == 1 && number.len() > 5) || parts > 4 {
            return None;
        }
    }
    let mut normalized = String::with_capacity(version.len() + 6);
    normalized.push_str(version);
    normalized.extend(std::iter::repeat_n(".0", 4 - parts));
    Some(normalized)
}

/// The normal form of a branch: `1.x` is `1.9999999.9999999.9999999-dev`, `main` is `dev-main`.
pub fn normalize_branch(name: &str) -> String {
    let name = trim(name);
    numeric_branch(name).unwrap_or_else(|| format!("dev-{name}"))
}

fn numeric_branch(name: &str) -> Option<String> {
    let line = name.strip_suffix('\n').unwrap_or(name);
    let rest = line.strip_prefix(['v', 'V']).unwrap_or(line);
    let (first, mut rest) = digits(rest)?;
    let mut version = first.to_owned();
    for _ in 1..4 {
        version.push('.');
        let Some(part) = rest.strip_prefix('.') else {
            version.push_str("9999999");
            continue;
        };
        if let Some((number, after)) = digits(part) {
            version.push_str(number);
            rest = after;
        } else {
            rest = part.strip_prefix(['x', 'X', '*'])?;
            version.push_str("9999999");
        }
    }
    rest.is_empty().then(|| version + "-dev")
}

/// The numbers of a branch such as `2.1.x-dev`, with a dot behind: `2.1.`.
pub(crate) fn numeric_prefix(branch: &str) -> Option<String> {
    let rest = branch.strip_suffix('\n').unwrap_or(branch);
    let rest = strip_suffix_ignoring_case(rest, "-dev")?;
    let rest = strip_suffix_ignoring_case(rest, ".x").unwrap_or(rest);
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    rest.split('.').all(numeric).then(|| format!("{rest}."))
}

/// What is before `as` in `version as alias`.
pub(crate) fn alias_source(text: &str) -> Option<&str> {
    let outside = |c: char| c == ',' || is_space(c);
    let line = text.strip_suffix('\n').unwrap_or(text);
    let end = line.find(outside)?;
    let after = spaces(&line[end..])?;
    let alias = spaces(after.strip_prefix("as")?)?;
    (end > 0 && !alias.is_empty() && !alias.contains(outside)).then(|| &line[..end])
}

/// `text` behind at least one space.
fn spaces(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(' ');
    (rest.len() < text.len()).then_some(rest)
}

fn without_build_metadata(version: &str) -> &str {
    match version.split_once('+') {
        Some((before, build))
            if !before.is_empty()
                && !before.contains(|c: char| c == ',' || is_space(c))
                && !build.is_empty()
                && !build.contains(is_space) =>
        {
            before
        }
        _ => version,
    }
}

/// One to four numbers, and a modifier.
fn classical(version: &str) -> Option<String> {
    let rest = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (first, mut rest) = digits(rest)?;
    if first.len() > 5 {
        return None;
    }
    let mut normalized = String::with_capacity(version.len() + 8);
    normalized.push_str(first);
    for _ in 1..4 {
        normalized.push('.');
        match rest.strip_prefix('.').and_then(digits) {
            Some((number, after)) => {
                normalized.push_str(number);
                rest = after;
            }
            None => normalized.push('0'),
        }
    }
    let (modifier, rest) = Modifier::read(rest);
    at_end(rest).then(|| modifier.append_to(normalized))
}

/// A date, with a time or without: `2010-01-02`, `20100102-203040`.
fn dated(version: &str) -> Option<String> {
    let rest = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let length = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-'))
        .count();
    let date = rest[..length].trim_end_matches(['.', ':', '-']);
    if !is_date(date) {
        return None;
    }
    let (modifier, after) = Modifier::read(&rest[date.len()..]);
    let dotted = date.replace([':', '-'], ".");
    at_end(after).then(|| modifier.append_to(dotted))
}

/// Four digits, one to six groups of two, and perhaps one of up to three; each group behind a
/// separator or none.
fn is_date(date: &str) -> bool {
    fn tail(rest: &[u8]) -> bool {
        let rest = match rest {
            [b'.' | b':' | b'-', rest @ ..] => rest,
            _ => rest,
        };
        matches!(rest.len(), 1..=3) && rest.iter().all(u8::is_ascii_digit)
    }
    fn groups(rest: &[u8], left: usize) -> bool {
        let after = match rest {
            [b'.' | b':' | b'-', a, b, after @ ..] | [a, b, after @ ..]
                if a.is_ascii_digit() && b.is_ascii_digit() =>
            {
                after
            }
            _ => return false,
        };
        after.is_empty() || tail(after) || (left > 1 && groups(after, left - 1))
    }
    let bytes = date.as_bytes();
    bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) && groups(&bytes[4..], 6)
}

/// `2.x-dev`: what ends in `dev` is a version only where the rest is a branch of numbers.
fn numbered_branch(version: &str) -> Option<String> {
    let line = version.strip_suffix('\n').unwrap_or(version);
    let name = strip_suffix_ignoring_case(line, "dev")?;
    // Composer's pattern looks at one line.
    let name = name.rsplit('\n').next().unwrap_or(name);
    let name = name.strip_suffix(['.', '-']).unwrap_or(name);
    // Numbers hold no `dev-`, so what is no number is not looked at either.
    numeric_branch(trim(name))
}

fn hint(version: &str, whole: &str) -> String {
    let flagless = |text: &str| match text.rsplit_once('@') {
        Some((before, flag)) if Stability::NAMES.contains(&flag) => before.len(),
        _ => text.len(),
    };
    let behind = |text: &str| {
        text.strip_suffix(version)
            .and_then(|before| before.strip_suffix(' '))
            .is_some_and(|before| before.trim_end_matches(' ').ends_with(" as"))
    };
    if behind(whole) || behind(&whole[..flagless(whole)]) {
        return format!(" in \"{whole}\", the alias must be an exact version");
    }
    if let Some(rest) = whole.strip_prefix(version) {
        let rest = rest
            .strip_prefix('@')
            .and_then(|rest| Stability::NAMES.iter().find_map(|name| rest.strip_prefix(name)))
            .unwrap_or(rest);
        if spaces(rest).and_then(|rest| rest.strip_prefix("as")).and_then(spaces).is_some() {
            return format!(
                " in \"{whole}\", the alias source must be an exact version, if it is a branch \
                 name you should prefix it with dev-"
            );
        }
    }
    String::new()
}

/// The digits at the beginning, and the rest; nothing where there are none.
pub(crate) fn digits(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then(|| text.split_at(length))
}

/// Whether a pattern that ends here has matched: a last line feed is let pass, as PCRE does.
pub(crate) fn at_end(rest: &str) -> bool {
    rest.is_empty() || rest == "\n"
}

/// What `\s` is in PCRE.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// What PHP's `trim` takes away.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b'])
}

pub(crate) fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

pub(crate) fn strip_suffix_ignoring_case<'t>(text: &'t str, suffix: &str) -> Option<&'t str> {
    let start = text.len().checked_sub(suffix.len())?;
    text.get(start..)?.eq_ignore_ascii_case(suffix).then(|| &text[..start])
}

#[cfg(test)]
mod tests;
