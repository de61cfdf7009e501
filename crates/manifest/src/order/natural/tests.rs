use std::cmp::Ordering::{Equal, Greater, Less};

use proptest::prelude::*;

use super::*;

#[test]
fn strings_compare_run_by_run() {
    let cases = [
        ("", "", Equal),
        ("", "0", Less),
        ("", "a", Less),
        ("0", "a", Less),
        ("8.3.9", "8.3.10", Less),
        ("8.3", "8.3.0", Less),
        ("8.3.", "8.3.0", Less),
        ("8.3.a", "8.3.0", Greater),
        ("a1", "a01", Equal),
        ("1.0", "1.00", Equal),
        ("1.0.1", "1.00", Greater),
        ("1.00", "1.0.1", Less),
        ("0", "00", Equal),
        ("a", "a0", Less),
        ("a0", "a0b", Less),
        ("a", "B", Greater),
        ("a-", "a1", Greater),
        ("1", "a1", Less),
        ("18446744073709551616", "18446744073709551615", Greater),
        ("99999999999999999999", "100000000000000000000", Less),
        ("é1", "é02", Less),
        ("z1", "é1", Less),
        // Above U+FFFF: by code point, where UTF-16 would say otherwise.
        ("\u{ffff}", "\u{10000}", Less),
        // Digits of other scripts are characters like any.
        ("a٣", "a3", Greater),
    ];
    for (left, right, expected) in cases {
        assert_eq!(natural(left, right), expected, "{left:?} {right:?}");
        assert_eq!(natural(right, left), expected.reverse(), "{right:?} {left:?}");
    }
}

/// The rule as the module's documentation has it, written down without any care for speed.
fn by_definition(left: &str, right: &str) -> Ordering {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Run {
        Text(String),
        Number(u128),
    }
    fn runs(text: &str) -> Vec<Run> {
        let mut runs = vec![Run::Text(String::new())];
        for character in text.chars() {
            match (character.to_digit(10), runs.last_mut()) {
                (Some(digit), Some(Run::Number(number))) => {
                    *number = *number * 10 + u128::from(digit);
                }
                (Some(digit), _) => runs.push(Run::Number(u128::from(digit))),
                (None, Some(Run::Text(text))) => text.push(character),
                (None, _) => runs.push(Run::Text(character.to_string())),
            }
        }
        runs
    }
    runs(left).cmp(&runs(right))
}

proptest! {
    #[test]
    fn it_agrees_with_its_definition(left in "[ab.+0-2é]{0,8}", right in "[ab.+0-2é]{0,8}") {
        prop_assert_eq!(natural(&left, &right), by_definition(&left, &right));
    }

    #[test]
    fn it_is_a_total_order(a in "[a.0-2]{0,5}", b in "[a.0-2]{0,5}", c in "[a.0-2]{0,5}") {
        prop_assert_eq!(natural(&a, &a), Equal);
        prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
        if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
            prop_assert!(natural(&a, &c).is_le());
        }
    }
}
