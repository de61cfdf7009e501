//! One line, as it is written.

use std::borrow::Cow;
use std::fmt;

/// One line for a terminal or a log: foreign text without a way to control it, and our own styles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// A line with nothing in it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends text from any source.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.0.push_str(&crate::escaped(text));
        self
    }

    /// Appends text in a style: the parameters of the terminal's sequence, as in `1;33`. Without
    /// them it is plain text.
    #[must_use]
    pub fn styled(self, style: &'static str, text: &str) -> Self {
        if style.is_empty() {
            return self.text(text);
        }
        let mut line = self.sequence(style).text(text);
        line.0.push_str("\u{1b}[0m");
        line
    }

    /// Appends a sequence that starts or ends a style, given its parameters.
    #[must_use]
    pub fn sequence(mut self, style: &str) -> Self {
        let parameters = style.chars().filter(|letter| letter.is_ascii_digit() || *letter == ';');
        self.0.push_str("\u{1b}[");
        self.0.extend(parameters);
        self.0.push('m');
        self
    }

    /// Appends another line's content.
    #[must_use]
    pub fn append(mut self, other: &Line) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// The line, without the line break at its end.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        crate::disarmed(&self.0)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<&String> for Line {
    fn from(text: &String) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        match crate::escaped(&text) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(escaped) => Self(escaped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_ours_alone() {
        let line = Line::new().styled("1;33", "a\u{1b}[2J").text(" b\n").styled("", "\r");
        assert_eq!(line.to_string(), "\u{1b}[1;33ma\\u{1b}[2J\u{1b}[0m b\\n\\r");
        assert_eq!(Line::new().sequence("3\n1").to_string(), "\u{1b}[31m");
    }

    #[test]
    fn a_command_in_pieces_is_one() {
        assert_eq!(Line::from(" ").text(":").text(":error").to_string(), " \\u{3a}:error");
        assert_eq!(Line::from("#").append(&Line::from("#[x]")).to_string(), "\\u{23}#[x]");
        assert_eq!(Line::from("a\n".to_owned()).to_string(), "a\\n");
    }
}
