use super::*;

#[test]
fn patterns_match_as_in_fnmatch() {
    let cases = [
        ("", "", true),
        ("", "a", false),
        ("a", "a", true),
        ("a", "A", false),
        ("*", "", true),
        ("*", "a/b.c", true),
        ("a*", "ba", false),
        ("php-8.*", "php-8.3/x", true),
        ("*.composer.json", ".composer.json", true),
        ("*a*b*c", "xaybzbzc", true),
        ("*a*b*c", "xaybzbz", false),
        ("**", "ab", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("?", "é", true),
        ("[abc]", "b", true),
        ("[a-c]x", "bx", true),
        ("[!a-c]", "b", false),
        ("[!a-c]", "d", true),
        ("[]]", "]", true),
        ("[!]]", "]", false),
        ("[]-a]", "^", true),
        ("[a-]", "-", true),
        ("[-a]", "-", true),
        ("[c-a]", "b", false),
        ("[^a]", "^", true),
        ("[^a]", "b", false),
        ("[", "[", true),
        ("[a", "[a", true),
        ("[!", "[!", true),
        ("[]", "[]", true),
        ("*[", "a[", true),
        ("\\*", "\\x", true),
        ("\\*", "*", false),
        ("1.2.3+build", "1.2.3+build", true),
        ("a.b", "axb", false),
        ("*\n", "a\n", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
    }
}

#[test]
fn many_stars_take_no_exponential_time() {
    let text = "a".repeat(2000);
    assert!(!matches(&("*a".repeat(50) + "b"), &text));
}

#[test]
fn a_pattern_has_a_wildcard() {
    assert!(is_pattern("php-*") && is_pattern("php-?") && is_pattern("[ab]"));
    assert!(!is_pattern("php-8.3.4+build2"));
}
