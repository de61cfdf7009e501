//! Which manifests the given names mean.

use std::collections::BTreeSet;

use manifest::{FILE_SUFFIX, glob};
use repository::Manifests;

/// Splits manifests into those to keep and the file names of those to remove.
///
/// A name is a package's file name, with or without `.composer.json`, or a pattern of such names.
/// Names that match nothing are the error, all of them; one of an `unfinished` removal, whose
/// manifest is gone already, is none: the run that began it was interrupted.
pub fn select(
    manifests: &Manifests,
    unfinished: &BTreeSet<&String>,
    names: &[String],
) -> Result<(Manifests, BTreeSet<String>), Vec<String>> {
    let mut removed = BTreeSet::new();
    let mut unmatched = Vec::new();
    for name in names {
        let wanted = name.strip_suffix(FILE_SUFFIX).unwrap_or(name);
        // The name itself counts too: it may hold what a pattern gives a meaning to.
        let means = |package: &str| package == wanted || glob::matches(wanted, package);
        let mut matching = manifests.entries.iter().filter(|e| means(e.package())).peekable();
        if matching.peek().is_none() && !unfinished.iter().any(|package| means(package)) {
            unmatched.push(name.clone());
        }
        removed.extend(matching.map(|entry| entry.file_name.clone()));
    }
    if !unmatched.is_empty() {
        return Err(unmatched);
    }
    let mut kept = manifests.clone();
    kept.entries.retain(|entry| !removed.contains(&entry.file_name));
    Ok((kept, removed))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use repository::Stored;

    use super::*;

    fn manifests(packages: &[&str]) -> Manifests {
        let entries = packages
            .iter()
            .map(|package| {
                let name = format!("{package}.composer.json");
                let (key, text) = (format!("p/{name}"), br#"{"name": "a/b", "version": "1"}"#);
                Stored::new(name, key, "e".to_owned(), Timestamp::UNIX_EPOCH, text).unwrap()
            })
            .collect();
        Manifests { entries }
    }

    fn check(names: &[&str], expected: Result<&[&str], &[&str]>) {
        let all = manifests(&["ext-a-1.0", "ext-a-1.10", "ext-b-2", "php-8.4.6"]);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let selected = select(&all, &BTreeSet::new(), &names).map(|(kept, removed)| {
            assert_eq!(kept.entries.len() + removed.len(), all.entries.len());
            removed.iter().map(|name| name.replace(FILE_SUFFIX, "")).collect::<Vec<_>>()
        });
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(selected, expected.map(owned).map_err(owned), "{names:?}");
    }

    #[test]
    fn names_and_patterns() {
        check(&["php-8.4.6"], Ok(&["php-8.4.6"]));
        check(&["php-8.4.6.composer.json", "php-8.4.6"], Ok(&["php-8.4.6"]));
        check(&["ext-a-*"], Ok(&["ext-a-1.0", "ext-a-1.10"]));
        check(&["ext-a-*.composer.json"], Ok(&["ext-a-1.0", "ext-a-1.10"]));
        check(&["ext-?-?"], Ok(&["ext-b-2"]));
        check(&["*"], Ok(&["ext-a-1.0", "ext-a-1.10", "ext-b-2", "php-8.4.6"]));
    }

    #[test]
    fn a_removal_that_was_interrupted_can_be_named_again() {
        let (all, gone) = (manifests(&["a-1"]), "b-2".to_owned());
        let names = ["b-*".to_owned()];
        let (kept, removed) = select(&all, &BTreeSet::from([&gone]), &names).unwrap();
        assert_eq!((kept.entries.len(), removed.len()), (1, 0));
        assert!(select(&all, &BTreeSet::new(), &names).is_err());
    }

    #[test]
    fn what_matches_nothing_is_all_named() {
        check(&["php-8.4.6", "php-8.4", "x*"], Err(&["php-8.4", "x*"]));
    }
}
