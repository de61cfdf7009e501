//! Options in one text, split as a shell would.

/// A quote has no end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unmatched quote: {0}")]
pub struct UnmatchedQuote(pub String);

/// The words of a line: quotes and backslashes mean what they mean to a shell, nothing else does.
///
/// # Errors
/// When a quote has no end.
pub fn split(line: &str) -> Result<Vec<String>, UnmatchedQuote> {
    let mut words = Vec::new();
    // A word has begun, although it may still be empty: `''`.
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    let unmatched = || UnmatchedQuote(line.to_owned());
    while let Some(letter) = letters.next() {
        match letter {
            '\0' => return Err(unmatched()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        None | Some('\0') => return Err(unmatched()),
                        Some('\'') => break,
                        Some(letter) => word.push(letter),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        None | Some('\0') => return Err(unmatched()),
                        Some('"') => break,
                        Some('\\') => match letters.next() {
                            None | Some('\0') => return Err(unmatched()),
                            Some(escaped @ ('$' | '`' | '"' | '\\' | '\n')) => word.push(escaped),
                            Some(other) => word.extend(['\\', other]),
                        },
                        Some(letter) => word.push(letter),
                    }
                }
            }
            '\\' => match letters.next_if(|next| *next != '\0') {
                // The last backslash stands for itself; one before a line end, too.
                None => word.get_or_insert_default().push('\\'),
                Some(escaped) => word.get_or_insert_default().extend(escape(escaped)),
            },
            space if is_space(space) => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

fn escape(escaped: char) -> impl Iterator<Item = char> {
    let backslash = (escaped == '\n').then_some('\\');
    backslash.into_iter().chain([escaped])
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
mod tests {
    /// Each line: a text and its words, or the message, both as JSON.
    #[test]
    fn words_as_ruby_splits_them() {
        for line in include_str!("../../tests/data/words.tsv").lines() {
            let (text, words) = line.split_once('\t').unwrap();
            let text: String = serde_json::from_str(text).unwrap();
            let found = match super::split(&text) {
                Ok(words) => serde_json::to_value(words).unwrap(),
                Err(_) => serde_json::Value::from("unmatched"),
            };
            assert_eq!(found, serde_json::from_str::<serde_json::Value>(words).unwrap(), "{text}");
        }
    }
}
