//! An index: what is read is written as the same.

use manifest::Index;

/// Takes one input.
pub fn run(data: &[u8]) {
    let Ok(index) = Index::parse(data) else {
        return;
    };
    let written = index.to_bytes();
    let again = Index::parse(&written).expect("what was written is read");
    assert_eq!(again.to_bytes(), written, "written otherwise");
    assert!(again.same_as(&index) && again.changes_to(&index).is_empty());
    assert_eq!(again.len(), index.len());
}
