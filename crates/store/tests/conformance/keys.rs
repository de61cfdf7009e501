//! Which keys there are.

use store::{Condition, Error, Store, Upload};

use crate::place::{Kind, Place, keys, put, text};

const ODD: &[&str] = &[
    "a b.txt",
    "a+b.txt",
    "a%20b.txt",
    "50%.txt",
    "%",
    "%2F",
    "x=1&y=2?z#top",
    "quotes'\"<&>.xml",
    "back\\slash",
    "(a)*!~.txt",
    "a:b;c,d@e$f|g^h`i{j}[k]",
    ".hidden/.file",
    "...",
    "ä/ö ü.json",
    "日本語/😀",
    "composed-\u{e9} decomposed-e\u{301}",
    " leading and trailing ",
    "ext-redis-6.0.2_php-8.3.composer.json",
    "extensions/no-debug-non-zts-20230831/apcu-5.1.3.tar.gz",
];

pub fn odd_keys_are_kept_as_they_are(kind: Kind) {
    let place = Place::new(kind);
    let store = place.open();
    let long = format!("long/{}", "n".repeat(240));
    let mut odd: Vec<&str> = ODD.iter().copied().chain([long.as_str()]).collect();
    // SeaweedFS takes a backslash for a slash.
    odd.retain(|key| kind != Kind::SeaweedFs || !key.contains('\\'));
    for key in &odd {
        put(&store, key, key);
    }
    let mut wanted = odd.clone();
    wanted.sort_unstable();
    assert_eq!(keys(&store, ""), wanted);
    for key in &odd {
        assert_eq!(text(&store, key).as_deref(), Some(*key));
        assert_eq!(store.head(key).unwrap().unwrap().size, key.len() as u64, "{key}");
        let below: Vec<&str> =
            wanted.iter().copied().filter(|other| other.starts_with(key)).collect();
        assert_eq!(keys(&store, key), below);
    }
    let other = place.sibling().open();
    for key in &odd {
        let copied = other.copy_from(&store, key, key, Condition::Always);
        copied.unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    assert_eq!(keys(&other, ""), wanted);
    let all: Vec<String> = odd.iter().map(|key| (*key).to_owned()).collect();
    store.delete_many(&all).unwrap();
    assert_eq!(keys(&store, ""), Vec::<String>::new());
}

pub fn invalid_keys_are_refused(kind: Kind) {
    let store = Place::new(kind).open();
    put(&store, "good", "");
    let long = "k".repeat(1025);
    let folder = scratch::Folder::new("store-test-").unwrap();
    let path = folder.path().join("file");
    let mut file = std::fs::File::create_new(&path).unwrap();
    let bad = ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../b", "a/./b", "a\0b", "a\nb"];
    for key in bad.into_iter().chain([long.as_str()]) {
        let upload = Upload::new("text/plain");
        let results = [
            store.get(key).map(drop),
            store.head(key).map(drop),
            store.download(key, &mut file).map(drop),
            store.put(key, b"", &upload).map(drop),
            store.put_file(key, &path, &upload).map(drop),
            store.delete_many(&[key.to_owned()]),
            store.get_many(&[key.to_owned()]).map(drop),
            store.copy_from(&store, "good", key, Condition::Always).map(drop),
            store.copy_from(&store, key, "good", Condition::Always).map(drop),
        ];
        // The beginning of one that is too long.
        let shown = |named: &str| {
            named
                .strip_suffix('…')
                .map_or(named == key, |start| key.len() > 1024 && key.starts_with(start))
        };
        for (call, result) in results.into_iter().enumerate() {
            assert!(
                matches!(&result, Err(Error::InvalidKey { key: named, .. }) if shown(named)),
                "{key:?}, call {call}: {result:?}"
            );
        }
    }
    assert_eq!(keys(&store, ""), ["good"]);
}

/// S3 has both, a file system one of them. What must not be: a success that loses the other.
pub fn a_key_that_is_the_folder_of_another(kind: Kind) {
    let put = |store: &Store, key: &str| {
        let result = store.put(key, key.as_bytes(), &Upload::new("text/plain"));
        match (kind, result) {
            (_, Ok(_)) => true,
            (Kind::Folder, Err(Error::InvalidKey { .. })) => false,
            (Kind::SeaweedFs, Err(Error::Service { .. })) => false,
            (_, Err(error)) => panic!("{key}: {error}"),
        }
    };
    for order in [["q", "q/1"], ["q/1", "q"]] {
        let store = Place::new(kind).open();
        let written = order.map(|key| put(&store, key));
        assert!(written[0]);
        if kind == Kind::InProcess {
            assert!(written[1]);
        }
        for (key, written) in order.into_iter().zip(written) {
            assert_eq!(text(&store, key).as_deref(), written.then_some(key));
        }
        let mut wanted: Vec<&str> = order
            .into_iter()
            .zip(written)
            .filter_map(|(key, written)| written.then_some(key))
            .collect();
        wanted.sort_unstable();
        assert_eq!(keys(&store, ""), wanted);
        // Deleting one does not touch the other.
        store.delete_many(&[order[0].to_owned()]).unwrap();
        assert_eq!(text(&store, order[1]).is_some(), written[1]);
        assert_eq!(text(&store, order[0]), None);
    }
}
