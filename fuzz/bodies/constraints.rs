//! Reads whatever comes as versions and constraints, a line each, and holds them against each
//! other: no panic, and no work that grows out of bounds.

use composer::version::{compare, normalize};
use composer::{Constraint, Stability, Version};

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.split('\n').take(6).collect();
    let mut versions: Vec<Version> = lines.iter().map(|line| Version::new(line)).collect();
    for line in &lines {
        Stability::of(line);
        versions.extend(normalize(line).ok().map(|normalized| Version::new(&normalized)));
    }
    for a in &versions {
        for b in &versions {
            assert_eq!(compare(a.as_str(), b.as_str()), b.cmp(a).reverse(), "{a} {b}");
        }
    }
    let constraints: Vec<Constraint> =
        lines.iter().filter_map(|line| Constraint::parse(line).ok()).collect();
    for a in &constraints {
        for version in &versions {
            let exactly = Constraint::exactly(version.clone());
            assert_eq!(a.allows(version), a.matches(&exactly), "{a} {version}");
        }
        let _ = a.compact();
        for b in &constraints {
            a.matches(b);
            a.is_subset_of(b);
            let _ = a.or(b);
        }
    }
}
