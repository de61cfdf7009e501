//! Questions that a person, or `yes`, answers.

use crate::{Exit, Failure, Input, Io};

/// What came back on a question of yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `y` or `yes`, in any case.
    Yes,
    /// `n` or `no`, in any case.
    No,
    /// Anything else: the default is meant.
    Default,
}

impl Io {
    /// Asks on stderr and reads one line of stdin. The question shows on a terminal only, so that
    /// `yes | sync.sh` leaves no trail of prompts in a log.
    ///
    /// # Errors
    /// When stdin is closed: nobody agreed to anything.
    pub fn ask(&mut self, question: &str) -> Result<Answer, Failure> {
        if self.input() == Input::Terminal {
            self.notes().prompt(question);
        }
        // Byte by byte up to the line's end is what a buffered reader does for us here; what
        // follows the line stays in the buffer for the next question.
        let mut line = Vec::new();
        self.stdin.read_until(b'\n', &mut line).map_err(|error| {
            Failure::new(Exit::LocalIo, format!("cannot read the answer from stdin: {error}"))
        })?;
        if line.is_empty() {
            return Err(Failure::new(Exit::Failure, "stdin is closed, so nothing was confirmed")
                .hint("Answer on stdin, or give --yes."));
        }
        let answer = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
        Ok(match answer.as_str() {
            "y" | "yes" => Answer::Yes,
            "n" | "no" => Answer::No,
            _ => Answer::Default,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_count() {
        let folder = std::path::Path::new("/");
        let mut io = Io::of_parts(
            b"y\nYES\n n \nNo\nnot really\ncertainly\n\n",
            std::io::sink(),
            std::io::sink(),
            &[],
            folder,
        );
        let expected = [
            Answer::Yes,
            Answer::Yes,
            Answer::No,
            Answer::No,
            Answer::Default,
            Answer::Default,
            Answer::Default,
        ];
        for answer in expected {
            assert_eq!(io.ask("? ").unwrap(), answer);
        }
        assert_eq!(io.ask("? ").unwrap_err().exit, Exit::Failure);
    }
}
