//! JSON as PHP has it: what is written is read, and in the end written as the same again.

use php_json::{Style, parse, to_compact, to_string};

/// Takes one input.
pub fn run(data: &[u8]) {
    let Ok(value) = parse(data) else { return };
    // Numbers are written in PHP's manner: `1.5e1` as `15`, and `-0.0` as `-0`, which then is `0`.
    for write in [|value: &_| to_string(value, Style::Plain), to_compact] {
        let again = |text: &str| write(&parse(text.as_bytes()).expect("what was written is read"));
        let once = again(&write(&value));
        assert_eq!(again(&once), once);
    }
}
