//! Listing keys.

use crate::place::{Kind, Place, keys, put, together};

pub fn more_than_a_page(kind: Kind) {
    let store = Place::new(kind).open();
    const THREADS: usize = 25;
    together(THREADS, |thread| {
        for number in (thread..2_500).step_by(THREADS) {
            put(&store, &format!("many/{number}.json"), &"x".repeat(number % 7));
        }
    });
    put(&store, "many.json", "");
    put(&store, "n", "");
    let mut wanted: Vec<String> = (0..2_500).map(|number| format!("many/{number}.json")).collect();
    wanted.sort();

    let objects = store.list("many/").unwrap();
    let found: Vec<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    assert!(found == wanted, "{} keys", found.len());
    for object in &objects {
        let number: u64 =
            object.key["many/".len()..object.key.len() - ".json".len()].parse().unwrap();
        assert_eq!(object.size, number % 7, "{}", object.key);
        assert!(!object.etag.is_empty(), "{}", object.key);
    }
    assert_eq!(store.list_direct("many/").unwrap(), objects);
    assert_eq!(keys(&store, "").len(), 2_502);
    assert_eq!(keys(&store, "many/249").len(), 11);
}

pub fn prefixes_are_no_folders(kind: Kind) {
    let store = Place::new(kind).open();
    for key in ["dist-a/x", "dist-ab", "dist-b/x", "dist-a.json", "dis", "dist-a/y/z"] {
        put(&store, key, "");
    }
    let cases: [(&str, &[&str]); 6] = [
        ("dist-a", &["dist-a.json", "dist-a/x", "dist-a/y/z", "dist-ab"]),
        ("dist-a/", &["dist-a/x", "dist-a/y/z"]),
        ("dist-a/y", &["dist-a/y/z"]),
        ("dist-a/x", &["dist-a/x"]),
        ("dist-c", &[]),
        ("dist-a/x/", &[]),
    ];
    for (prefix, wanted) in cases {
        assert_eq!(keys(&store, prefix), wanted, "{prefix}");
    }
    // By bytes: `.` < `/` < `a`, whatever order the service has.
    assert_eq!(
        keys(&store, ""),
        ["dis", "dist-a.json", "dist-a/x", "dist-a/y/z", "dist-ab", "dist-b/x"]
    );
}

pub fn direct_listing_leaves_out_what_is_deeper(kind: Kind) {
    let store = Place::new(kind).open();
    for key in ["q.txt", "q/1", "q/2", "q/deep/3", "q/deep/deeper/4", "r"] {
        put(&store, key, "");
    }
    let direct = |prefix: &str| -> Vec<String> {
        let objects = store.list_direct(prefix).unwrap();
        objects.into_iter().map(|object| object.key).collect()
    };
    assert_eq!(direct(""), ["q.txt", "r"]);
    assert_eq!(direct("q"), ["q.txt"]);
    assert_eq!(direct("q/"), ["q/1", "q/2"]);
    assert_eq!(direct("q/deep/"), ["q/deep/3"]);
    assert_eq!(direct("q/d"), Vec::<String>::new());
}
