//! A stream of records from another program.

use record::Stream;

/// Takes one input.
pub fn run(data: &[u8]) {
    match Stream::read(data) {
        Ok(stream) => {
            if let Some(failed) = stream.failed(&[]) {
                assert_ne!(failed.status, 0);
            }
        }
        Err((error, _)) => assert!(!error.to_string().is_empty()),
    }
}
