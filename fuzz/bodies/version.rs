//! Names and versions: natural order, the best match of a wildcard, the form that Composer compares.
//!
//! The input is lines: a pattern, and then names.

use manifest::order::{self, natural};

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let names: Vec<&str> = rest.split('\n').take(12).collect();
    for one in &names {
        assert!(natural(one, one).is_eq());
        let form = order::composer_form(one);
        assert!(!one.is_empty() || form.is_empty());
        for two in &names {
            let order = natural(one, two);
            assert_eq!(order, natural(two, one).reverse(), "{one:?} {two:?}");
            for three in &names {
                let next = natural(two, three);
                if order == next || next.is_eq() {
                    assert_eq!(natural(one, three), order, "{one:?} {two:?} {three:?}");
                }
            }
        }
    }
    let best = order::best_match(pattern, &names);
    let mut turned = names.clone();
    turned.reverse();
    assert_eq!(order::best_match(pattern, &turned), best, "the order of the names decides");
    assert!(best.is_none_or(|best| names.contains(&best)));
}
