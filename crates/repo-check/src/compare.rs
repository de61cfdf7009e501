//! In what `packages.json` is not what the manifests make.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use manifest::{Index, Manifest};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference<'a> {
    /// The manifests make it, and it is not there.
    Lacking(&'a Manifest),
    /// It is there, and the manifests do not make it.
    Excess(&'a Manifest),
    /// It is there, but says something else under these keys.
    Other(&'a Manifest, Vec<String>),
    /// The versions of a package are in another order.
    Order(&'a str),
}

/// All differences, by name. The order among equals does not count.
pub fn compare<'a>(actual: &'a Index, expected: &'a Index) -> Vec<Difference<'a>> {
    let theirs: HashMap<&str, &[Manifest]> = expected.packages().collect();
    let ours: HashMap<&str, &[Manifest]> = actual.packages().collect();
    let names: BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    let mut differences = Vec::new();
    for name in names {
        let list = |of: &HashMap<&str, &'a [Manifest]>| of.get(name).copied().unwrap_or_default();
        package(list(&ours), list(&theirs), &mut differences);
    }
    differences.extend(actual.reordered(expected).into_iter().map(Difference::Order));
    differences
}

/// The differences between two lists of versions.
fn package<'a>(
    actual: &'a [Manifest],
    expected: &'a [Manifest],
    differences: &mut Vec<Difference<'a>>,
) {
    // What both have goes; a text may stand there more than once.
    let mut texts: HashMap<&str, usize> = HashMap::new();
    for manifest in actual {
        *texts.entry(manifest.as_text()).or_default() += 1;
    }
    let mut lacking: BTreeMap<&str, Vec<&Manifest>> = BTreeMap::new();
    for manifest in expected {
        match texts.get_mut(manifest.as_text()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lacking.entry(manifest.version()).or_default().push(manifest),
        }
    }
    for manifest in actual {
        match texts.get_mut(manifest.as_text()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => continue,
        }
        let same_version = lacking.get_mut(manifest.version());
        differences.push(match same_version.and_then(|list| closest(list, manifest)) {
            Some((made, keys)) => Difference::Other(made, keys),
            None => Difference::Excess(manifest),
        });
    }
    differences.extend(lacking.into_values().flatten().map(Difference::Lacking));
}

/// Takes the manifest out of `list` that differs least, with the keys in which it does.
fn closest<'a>(
    list: &mut Vec<&'a Manifest>,
    manifest: &Manifest,
) -> Option<(&'a Manifest, Vec<String>)> {
    let keys = |other: &Manifest| -> Vec<String> {
        let (one, other) = (manifest.as_object(), other.as_object());
        let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
    };
    let (at, keys) = list
        .iter()
        .enumerate()
        .map(|(at, other)| (at, keys(other)))
        .min_by_key(|(_, keys)| keys.len())?;
    Some((list.remove(at), keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(entries: &[(&str, &str)]) -> Index {
        let line = |(number, (version, php)): (usize, &(&str, &str))| {
            let text = format!(
                r#"{{"name": "e", "require": {{"heroku-sys/php": "{php}"}}, "version": "{version}"}}"#
            );
            (format!("{number:04}"), Manifest::parse(text).unwrap())
        };
        Index::generate(entries.iter().enumerate().map(line).collect())
    }

    fn check(actual: &[(&str, &str)], expected: &[(&str, &str)], said: &[&str]) {
        let (actual, expected) = (index(actual), index(expected));
        let found: Vec<String> = compare(&actual, &expected)
            .iter()
            .map(|difference| match difference {
                Difference::Lacking(manifest) => format!("+{}", manifest.version()),
                Difference::Excess(manifest) => format!("-{}", manifest.version()),
                Difference::Other(manifest, keys) => {
                    format!("~{} {}", manifest.version(), keys.join(","))
                }
                Difference::Order(name) => format!("order of {name}"),
            })
            .collect();
        assert_eq!(found, said);
        assert_eq!(found.is_empty(), actual.same_as(&expected));
    }

    #[test]
    fn each_difference_is_told_once() {
        let (a, b, c) = (("1", "8.0.*"), ("2", "8.0.*"), ("3", "7.0.*"));
        check(&[a, b, c], &[b, a, c], &[]);
        check(&[a], &[a, b], &["+2"]);
        check(&[a, b], &[a], &["-2"]);
        check(&[a, a], &[a], &["-1"]);
        check(&[a], &[a, a], &["+1"]);
        check(&[("1", "7.0.*"), b], &[a, b], &["~1 require"]);
        check(&[], &[a, c], &["+1", "+3"]);
    }

    #[test]
    fn an_order_that_counts_is_told() {
        let expected = index(&[("1", "8.0.*"), ("3", "7.0.*")]);
        let text = String::from_utf8(expected.to_bytes()).unwrap();
        let at = text.find("}, {\"name\"").unwrap() + 1;
        let (first, rest) = text.split_at(at);
        let (head, one) = first.split_at(first.find("[{").unwrap() + 1);
        let two = rest.strip_prefix(", ").unwrap().strip_suffix("]}}").unwrap();
        let turned = Index::parse(format!("{head}{two}, {one}]}}}}")).unwrap();
        assert_eq!(compare(&turned, &expected), [Difference::Order("e")]);
    }
}
