//! What is worth knowing beside the result.

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Notice,
    /// Probably not what was meant.
    Warning,
}

/// The way to the reader.
pub trait Notices {
    /// Says something that begins with its level.
    fn tell(&self, level: Level, text: &str);

    /// Goes on with a line.
    fn line(&self, text: &str);
}

/// Nobody reads them.
impl Notices for () {
    fn tell(&self, _level: Level, _text: &str) {}

    fn line(&self, _text: &str) {}
}
