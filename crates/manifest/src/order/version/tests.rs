use super::*;

#[test]
fn the_best_match_is_chosen_by_version() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("php-8.3.*", &["php-8.3.9", "php-8.3.10", "php-8.4.1"], "php-8.3.10"),
        ("lib-1.2.*.tar.gz", &["lib-1.2.10RC1.tar.gz", "lib-1.2.10.tar.gz"], "lib-1.2.10.tar.gz"),
        (
            "lib-1.2.*.tar.gz",
            &["lib-1.2.10.tar.gz", "lib-1.2.10+build2.tar.gz"],
            "lib-1.2.10+build2.tar.gz",
        ),
        (
            "lib-1.2.*.tar.gz",
            &["lib-1.2.10+build9.tar.gz", "lib-1.2.10+build10.tar.gz", "lib-1.2.9+build11.tar.gz"],
            "lib-1.2.10+build10.tar.gz",
        ),
        (
            "lib-1.*",
            &["lib-1.2+build2.tar.gz", "lib-1.2+build2.1.tar.gz"],
            "lib-1.2+build2.1.tar.gz",
        ),
        // A pre-release never wins over a stable version, however high it is,
        ("php-8.*", &["php-8.4.0RC1", "php-8.3.10"], "php-8.3.10"),
        ("php-8.*", &["php-8.4.0RC1+build2", "php-8.3.10"], "php-8.3.10"),
        // unless the pattern asks for one, or there is nothing else.
        ("php-8.4.0RC*", &["php-8.4.0RC2", "php-8.4.0RC10", "php-8.4.0"], "php-8.4.0RC10"),
        ("php-8.4.*", &["php-8.4.0beta3", "php-8.4.0RC1", "php-8.4.0alpha9"], "php-8.4.0RC1"),
        ("x-1.*", &["x-1.0.0-dev", "x-1.0.0-alpha.1"], "x-1.0.0-alpha.1"),
        ("x-1.*", &["x-1.0RC1-dev", "x-1.0RC1", "x-1.0b9"], "x-1.0RC1"),
        ("x-2.2*", &["x-2.2.0-beta", "x-2.2.0-beta2"], "x-2.2.0-beta2"),
        // More numbers are a later version, whatever the file's ending.
        ("x-1.*.tar.gz", &["x-1.2.tar.gz", "x-1.2.3.tar.gz"], "x-1.2.3.tar.gz"),
        ("x-*", &["x-9.21.0.99", "x-9.21.0.311"], "x-9.21.0.311"),
        // A patch level is later, and so is a letter that is no stage.
        (
            "ntp-4*",
            &["ntp-4.2.8.tar.gz", "ntp-4.2.8p9.tar.gz", "ntp-4.2.8p15.tar.gz"],
            "ntp-4.2.8p15.tar.gz",
        ),
        (
            "openssl-1*",
            &["openssl-1.1.1a.tar.gz", "openssl-1.1.1b.tar.gz"],
            "openssl-1.1.1b.tar.gz",
        ),
        // Versions behind the first one count too.
        (
            "p/ext-redis-6.0.2_php-8.*.tar.gz",
            &["p/ext-redis-6.0.2_php-8.9.tar.gz", "p/ext-redis-6.0.2_php-8.10.tar.gz"],
            "p/ext-redis-6.0.2_php-8.10.tar.gz",
        ),
        // Natural order where a name holds no version, or differs before it.
        ("lib*", &["libfoo", "libbar", "libzoo"], "libzoo"),
        ("*-1.0", &["b10-1.0", "b9-1.0"], "b10-1.0"),
        // A word that only starts like a stage is none.
        ("x-1.*", &["x-1.0-development", "x-0.9", "x-1.0-devel"], "x-1.0-development"),
        ("x-*", &["x-20151012", "x-20131226"], "x-20151012"),
        ("ü-*", &["ü-1é", "ü-1ü"], "ü-1ü"),
    ];
    for (pattern, keys, expected) in cases {
        assert_eq!(best_match(pattern, keys), Some(*expected), "{pattern}");
        let reversed: Vec<&str> = keys.iter().rev().copied().collect();
        assert_eq!(best_match(pattern, &reversed), Some(*expected), "{pattern}, reversed");
    }
}

#[test]
fn without_a_match_there_is_none() {
    assert_eq!(best_match("php-7.*", &["php-8.3.9", "xphp-7.1"]), None);
    assert_eq!(best_match::<&str>("*", &[]), None);
}

#[test]
fn composer_takes_versions_for_the_same() {
    let same = [
        ("1.0", "1.00"),
        ("1.0", "1.0.0"),
        ("1.0", "v1.0.0.0"),
        ("1.0RC1", "1.0-RC.01"),
        ("1.0b2", "1.0.0-beta2"),
        ("1.0p3", "1.0-patch3"),
        ("1.0-stable", "1.0"),
    ];
    for (left, right) in same {
        assert_eq!(composer_form(left), composer_form(right), "{left} {right}");
    }
    let different = [
        ("1.0", "1.0.1"),
        ("1.0", "1.0RC1"),
        ("1.0RC1", "1.0RC2"),
        ("1.0RC1", "1.0RC1-dev"),
        ("1.0.0.0", "1.0.0.0.0"),
        ("1.0", "1.0+build2"),
        ("1.0", "10"),
        ("master", "dev-master"),
        ("1.0", "1.0foo"),
        ("1.0foo", "1.00foo"),
    ];
    for (left, right) in different {
        assert_ne!(composer_form(left), composer_form(right), "{left} {right}");
    }
}

proptest::proptest! {
    #[test]
    fn names_are_in_a_total_order(
        names in proptest::collection::vec("[a-b.+_-]{0,2}(0|1|10|1\\.0)?(RC|b|-dev)?[0-9]{0,2}(\\+b)?[0-2]?", 3)
    ) {
        let [a, b, c] = [Name(&names[0]), Name(&names[1]), Name(&names[2])];
        proptest::prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        proptest::prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
        if a <= b && b <= c {
            proptest::prop_assert!(a <= c);
        }
    }
}
