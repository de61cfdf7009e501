//! Colours of a terminal, or none.

use printable::Line;

/// How a text is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
}

/// Sets texts off, where colours are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether they are.
    pub colours: bool,
}

impl Paint {
    /// The text in all these styles, the first one innermost.
    #[must_use]
    pub fn paint(self, text: &str, styles: &[Style]) -> Line {
        let text = Line::from(text);
        if !self.colours {
            return text;
        }
        styles.iter().fold(text, |text, style| {
            let (on, off) = match style {
                Style::Bold => ("1", "22"),
                Style::Italic => ("3", "23"),
                Style::Red => ("31", "0"),
                Style::Green => ("32", "0"),
                Style::Yellow => ("33", "0"),
                Style::Blue => ("34", "0"),
            };
            Line::new().sequence(on).append(&text).sequence(off)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_nest() {
        let painted = Paint { colours: true }.paint("x", &[Style::Red, Style::Bold]);
        assert_eq!(painted.to_string(), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m\u{1b}[22m");
        let plain = Paint { colours: false }.paint("x\u{1b}", &[Style::Green, Style::Italic]);
        assert_eq!(plain.to_string(), "x\\u{1b}");
    }
}
