//! The walk over texts as they nearly always are. `None` is always right: it means that the text
//! has to be walked with care.

use std::borrow::Cow;

use super::{DEPTH, ELSEWHERE, Scan, lower};
use crate::json::Walker;

/// What is found in a text.
pub(super) fn scan(text: &str) -> Option<Scan<'_>> {
    let mut scan = Scan::default();
    let mut walker = Walker::new(text, 0);
    walker.members(|walker, key| {
        let key = key.text()?;
        if key == "packages" {
            // Of two, the last one counts.
            scan.packages.clear();
            scan.root = true;
            return packages(walker, DEPTH, &mut scan.packages);
        }
        let value = walker.value()?;
        if let Some(key) = ELSEWHERE.into_iter().find(|known| *known == key) {
            scan.note_elsewhere(key, value);
        }
        Some(())
    })?;
    walker.ends().then_some(scan)
}

/// Packages in lists or objects, down to a depth.
fn packages<'t>(
    walker: &mut Walker<'t>,
    depth: u8,
    found: &mut Vec<(Cow<'t, str>, usize)>,
) -> Option<()> {
    if depth > 0 {
        return match walker.next()? {
            b'{' => walker.members(|walker, _| packages(walker, depth - 1, found)),
            b'[' => walker.elements(|walker| packages(walker, depth - 1, found)),
            _ => None,
        };
    }
    let start = walker.at();
    let mut name = None;
    walker.members(|walker, key| {
        if key.text()? == "name" {
            name = Some(walker.string()?);
            return Some(());
        }
        walker.value().map(|_| ())
    })?;
    found.push((lower(name?), start));
    Some(())
}
