//! A manifest: what is taken for one is written as text that is taken for the same, and an index of
//! it can be made and read.

use manifest::{Index, Manifest, json};

/// Takes one input.
pub fn run(data: &[u8]) {
    let Ok(manifest) = Manifest::parse(data) else {
        return;
    };
    let text = manifest.as_text();
    let read = json::parse(text).expect("what was written is read");
    assert_eq!(String::from_utf8_lossy(&json::to_bytes(&read)), text, "written otherwise");
    assert_eq!(Manifest::parse(text).as_ref(), Ok(&manifest), "read otherwise");
    let as_object = Manifest::from_object(manifest.as_object().clone());
    assert_eq!(as_object.as_ref(), Ok(&manifest), "another object");
    let string = |key: &str| read.get(key).and_then(|value| value.as_str());
    assert_eq!(string("name"), Some(manifest.name()));
    assert_eq!(string("version"), Some(manifest.version()));
    assert_eq!(string("time"), manifest.time());
    assert!(manifest.timestamp().is_none() || manifest.time().is_some());

    let index = Index::generate(vec![("a".to_owned(), manifest)]);
    let again = Index::parse(index.to_bytes()).expect("an index that we made is read");
    assert_eq!(again, index);
}
