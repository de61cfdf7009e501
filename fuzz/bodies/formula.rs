//! The header of a formula.

use bob_build::header::Header;

/// Takes one input.
pub fn run(data: &[u8]) {
    match Header::parse(data) {
        Ok(header) => {
            let plain = |text: &String| !text.is_empty() && !text.contains(['\n', '\0']);
            assert!(header.build_path.iter().all(plain), "{header:?}");
            assert!(header.dependencies.iter().all(plain), "{header:?}");
            assert!(header.dependencies.iter().all(|name| !name.contains([',', ' ', '\t'])));
        }
        Err(reason) => assert!(reason.starts_with("line "), "{reason}"),
    }
}
