//! What a requirement of the project says beside its constraint: how unstable a package may be,
//! and which version counts as another.

use super::{Alias, Invalid, Root};
use crate::constraint::split;
use crate::package::Link;
use crate::version::{Stability, Version, is_space, normalize_part, trim};

/// Takes note of a requirement's flags and aliases.
pub(super) fn note(root: &mut Root, link: &Link) -> Result<(), Invalid> {
    if let Some((version, alias)) = alias(&link.constraint) {
        let whole = Some(&*link.constraint);
        root.aliases.push(Alias {
            package: link.target.clone(),
            version: normalize_part(version, whole)?,
            alias: alias.to_owned(),
            normalized: Version::new(&normalize_part(alias, whole)?),
        });
    } else if link.constraint.contains(" as ") {
        return Err(Invalid::Alias {
            package: link.target.to_string(),
            constraint: link.constraint.to_string(),
        });
    }
    note_stability(root, link);
    Ok(())
}

fn note_stability(root: &mut Root, link: &Link) {
    let parts: Vec<&str> =
        split::alternatives(trim(&link.constraint)).into_iter().flat_map(split::parts).collect();
    let mut flag = |stability: Stability| {
        // The most unstable one stays.
        let known = root.stability_flags.entry(link.target.clone()).or_insert(stability);
        *known = stability.max(*known);
    };
    let written: Vec<Stability> = parts.iter().filter_map(|part| explicit(part)).collect();
    if !written.is_empty() {
        written.into_iter().for_each(flag);
        return;
    }
    for part in parts {
        let version = before_as(part);
        if version.is_empty() || version.contains(|c: char| c == ',' || c == '@' || is_space(c)) {
            continue;
        }
        let stability = Stability::of(version);
        if stability != Stability::Stable && root.minimum_stability <= stability {
            flag(stability);
        }
    }
}

/// The stability behind an `@`.
fn explicit(part: &str) -> Option<Stability> {
    let (_, name) = part.strip_suffix('\n').unwrap_or(part).split_once('@')?;
    Stability::from_flag(name)
}

/// `dev-main as 1.0` is about `dev-main`.
fn before_as(part: &str) -> &str {
    let end = part.find(|c: char| c == ',' || c == '@' || is_space(c)).unwrap_or(part.len());
    match part[end..].strip_prefix(" as ") {
        Some(alias) if end > 0 && !alias.is_empty() => &part[..end],
        _ => part,
    }
}

/// The first `version as alias` in a constraint.
fn alias(constraint: &str) -> Option<(&str, &str)> {
    let starts = constraint.match_indices(['|', ',']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).find_map(|start| {
        let text = &constraint[start..];
        let text = if start == 0 { text } else { text.trim_start_matches(' ') };
        let end = text.find(|c: char| matches!(c, ',' | '#' | '|') || is_space(c))?;
        let (version, mut rest) = text.split_at(end);
        if let Some(reference) = rest.strip_prefix('#') {
            rest = &reference[reference.find(' ').filter(|length| *length > 0)?..];
        }
        let rest = spaces(spaces(rest)?.strip_prefix("as")?)?;
        let end = rest.find(|c: char| c == ',' || c == '|' || is_space(c)).unwrap_or(rest.len());
        let (alias, rest) = rest.split_at(end);
        let closed = rest.is_empty() || rest.trim_start_matches(' ').starts_with(['|', ',']);
        (!version.is_empty() && !alias.is_empty() && closed).then_some((version, alias))
    })
}

fn spaces(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(' ');
    (rest.len() < text.len()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(constraint: &str) -> (Option<Stability>, usize) {
        let mut root = Root::default();
        root.require("a/b", constraint, false).unwrap();
        (root.stability_flags.get("a/b").copied(), root.aliases.len())
    }

    #[test]
    fn flags_are_found() {
        assert_eq!(flags("1.0"), (None, 0));
        assert_eq!(flags("@dev"), (Some(Stability::Dev), 0));
        assert_eq!(flags("^1.0@beta || 2.0@RC"), (Some(Stability::Beta), 0));
        assert_eq!(flags("1.0-alpha3"), (Some(Stability::Alpha), 0));
        assert_eq!(flags("dev-main#a1b2 as 1.0"), (Some(Stability::Dev), 1));
        assert_eq!(flags("dev-main as 1.0 || ^2"), (Some(Stability::Dev), 1));
        assert!(Root::default().require("a/b", "1.0  as ,", false).is_err());
    }
}
