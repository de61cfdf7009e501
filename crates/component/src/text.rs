//! Words, durations, addresses and colours, as they stand in output and commands.

mod duration;
mod paint;
mod sanitize;
mod words;

pub use duration::duration;
pub use paint::{Paint, Style};
pub use sanitize::sanitize;
pub use words::{UnmatchedQuote, split as split_words};
