//! `credential_process`: a command of the user's that prints credentials.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Credentials, LARGEST, json};
use crate::Error;

/// Long enough for a person who has to confirm.
const LIMIT: Duration = Duration::from_secs(120);

pub(super) struct Process {
    /// For the shell, as the file has it.
    pub command: String,
    pub profile: String,
}

impl Process {
    /// Runs the command. What it says on stderr goes to ours: it may be a question.
    pub(super) fn ask(&self) -> Result<Credentials, Error> {
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(&self.command)
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.failure(&format!("it cannot be run: {error}")))?;
        let stdout = child.stdout.take();
        let reader = parallel::start("credentials", move || {
            let mut bytes = Vec::new();
            match stdout {
                Some(stdout) => stdout.take(LARGEST).read_to_end(&mut bytes).map(|_| bytes),
                None => Ok(bytes),
            }
        });
        let reader = reader.map_err(|error| {
            // The failure that is reported is that of the thread.
            let _ = child.kill();
            let _ = child.wait();
            self.failure(&error.to_string())
        })?;
        let start = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    // The failure that is reported is that it takes too long.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(self.failure("it does not end"));
                }
                Err(error) => return Err(self.failure(&error.to_string())),
            }
        };
        if !status.success() {
            return Err(self.failure(&format!("it failed ({status})")));
        }
        let bytes = match reader.join() {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return Err(self.failure(&error.to_string())),
            Err(_) => return Err(self.failure("its answer cannot be read")),
        };
        json::read(&bytes).map_err(|detail| self.failure(&detail))
    }

    /// Does not name the command, whose arguments may be secret.
    fn failure(&self, detail: &str) -> Error {
        Error::Credentials {
            from: format!("the credential_process of profile {}", self.profile),
            detail: detail.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(command: &str) -> Result<Credentials, Error> {
        Process { command: command.to_owned(), profile: "p".to_owned() }.ask()
    }

    #[test]
    fn answers() {
        let found =
            ask(r#"printf '%s' '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b"}'"#).unwrap();
        assert_eq!((found.key(), found.secret()), ("a", "b"));
        for (command, text) in
            [("exit 3", "exit status: 3"), ("echo geheim", "no JSON"), ("kill -9 $$", "signal")]
        {
            let error = ask(command).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("profile p"), "{error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}
