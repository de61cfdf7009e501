//! The check before a publish: would applications get what is offered?

use manifest::Index;
use resolution::{Finding, Kind, Offer};

/// How many findings are told.
const TOLD: usize = 10;

/// Refuses an index that offers what cannot be installed. What the one before it offered so
/// already is let pass: it is no worse, and what mends the rest must not be held up.
///
/// # Errors
/// What is wrong, in lines.
pub fn refuse_unresolvable(index: &Index, before: Option<&Index>) -> Result<(), Vec<String>> {
    let mut found = errors(index).map_err(|reason| vec![reason])?;
    if found.is_empty() {
        return Ok(());
    }
    if let Some(before) = before
        // One that cannot be read is no excuse.
        && let Ok(known) = errors(before)
    {
        found.retain(|finding| {
            let same =
                |known: &Finding| (known.kind, &known.package) == (finding.kind, &finding.package);
            !known.iter().any(same)
        });
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut lines = vec!["it would offer what cannot be installed:".to_owned()];
    lines.extend(found.iter().take(TOLD).map(|finding| {
        format!("  {} {}: {}", finding.package.0, finding.package.1, finding.message)
    }));
    if found.len() > TOLD {
        lines.push(format!("  … and {} more", found.len() - TOLD));
    }
    Err(lines)
}

fn errors(index: &Index) -> Result<Vec<Finding>, String> {
    let bytes = index.to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let told = |error: resolution::Error| error.to_string();
    let offer = Offer::read("packages.json", &text, &[]).map_err(told)?;
    let mut found = resolution::check(&offer).map_err(told)?;
    found.retain(|finding| match finding.kind {
        Kind::Unreadable | Kind::Unresolvable | Kind::LowerPhp => true,
        Kind::Shadowed => false,
    });
    Ok(found)
}
