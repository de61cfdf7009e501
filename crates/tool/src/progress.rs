//! How far a long step has come, for people who watch.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Notes;

/// A bar on a terminal; nothing in a pipe or a log. Gone when it is dropped.
pub struct Progress(ProgressBar);

impl Notes {
    /// Shows how many of `total` things are done, from the first one that is.
    #[must_use]
    pub fn progress(&self, total: usize) -> Progress {
        if !self.is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let target = ProgressDrawTarget::stderr();
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        match ProgressStyle::with_template("  {wide_bar} {pos}/{len} {msg}") {
            Ok(style) => Progress(bar.with_style(style)),
            // The default style shows as much.
            Err(_) => Progress(bar),
        }
    }
}

impl Progress {
    /// One more is done.
    pub fn step(&self, name: &str) {
        let name = name.rsplit('/').next().unwrap_or(name);
        self.0.set_message(printable::line(name).into_owned());
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
