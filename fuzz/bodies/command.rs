//! The upload command that a formula leaves: it is read for names, never run.

use bob_build::command;

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let words = command::words(&text);
    if let Some(name) = command::target(&words) {
        assert!(!name.contains('/') && name.ends_with(manifest::FILE_SUFFIX), "{name:?}");
    }
}
