//! JSON as PHP has it: what is written is read as the same.

use php_json::{Style, parse, to_compact, to_string};

/// Takes one input.
pub fn run(data: &[u8]) {
    let Ok(value) = parse(data) else { return };
    for text in [to_string(&value, Style::Plain), to_compact(&value)] {
        assert_eq!(parse(text.as_bytes()).as_ref(), Ok(&value), "{text}");
    }
}
