//! Running an executable component.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Error, Executable};

/// No answer is longer.
const LIMIT: u64 = 16 << 20;

/// Runs the component's program and gives back what it answers. What it says on its stderr goes to
/// the console.
pub(super) fn run(
    component: &Executable,
    phase: &'static str,
    document: &str,
) -> Result<String, Error> {
    let failed = |source| Error::Run {
        name: component.name.clone(),
        path: component.path.clone(),
        phase,
        source,
    };
    let base = component.base();
    let application = base.application();
    let folder = if application.root().is_dir() { application.root() } else { "/".as_ref() };
    let mut child = Command::new(&component.path)
        .arg(phase)
        .current_dir(folder)
        .env_clear()
        .envs(component.shown(application.variables()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // So that all of it can be ended, whatever it starts.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let id = child.id();
    if let Some(guard) = component.rules.guard {
        (guard.started)(id);
    }
    let spoken = match listen(&mut child, document) {
        Ok(receiver) => talk(component, phase, &mut child, &receiver),
        Err(error) => {
            end(&mut child);
            Err(failed(error))
        }
    };
    if let Some(guard) = component.rules.guard {
        (guard.ended)(id);
    }
    spoken
}

enum Heard {
    Out(Result<Vec<u8>, io::Error>),
    Line(String),
}

/// Starts the threads that write the document and read both streams.
fn listen(child: &mut Child, document: &str) -> io::Result<mpsc::Receiver<Heard>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        let document = document.to_owned();
        // One that does not read its document is not wrong for that.
        parallel::start("stdin", move || stdin.write_all(document.as_bytes()))?;
    }
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        parallel::start("stdout", move || {
            let mut bytes = Vec::new();
            let read = stdout.take(LIMIT + 1).read_to_end(&mut bytes);
            let _ = sender.send(Heard::Out(read.map(|_| bytes)));
        })?;
    }
    if let Some(stderr) = child.stderr.take() {
        parallel::start("stderr", move || lines(stderr, &sender))?;
    }
    Ok(receiver)
}

fn talk(
    component: &Executable,
    phase: &'static str,
    child: &mut Child,
    receiver: &mpsc::Receiver<Heard>,
) -> Result<String, Error> {
    let name = || component.name.clone();
    let limit = component.rules.timeout;
    let start = Instant::now();
    let mut answer = None;
    let status = loop {
        let left = limit.checked_sub(start.elapsed());
        let Some(left) = left else {
            end(child);
            return Err(Error::Timeout { name: name(), phase, limit });
        };
        match receiver.recv_timeout(left.min(Duration::from_millis(20))) {
            Ok(Heard::Line(line)) => component.base().console().pass(&line),
            Ok(Heard::Out(read)) => answer = Some(read),
            Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
                // Both streams are at their end, or silent: it may have ended.
                let ended = child.try_wait();
                if let Ok(Some(status)) = ended
                    && (answer.is_some() || !status.success())
                {
                    break status;
                }
                if matches!(&answer, Some(Ok(bytes)) if bytes.len() as u64 > LIMIT) {
                    end(child);
                    return Err(Error::TooMuch { name: name(), phase, limit: LIMIT });
                }
            }
        }
    };
    while let Ok(Heard::Line(line)) = receiver.try_recv() {
        component.base().console().pass(&line);
    }
    // What it has left running goes with it.
    end(child);
    if !status.success() {
        return Err(Error::Failed { name: name(), phase, status });
    }
    let bytes = match answer {
        Some(Ok(bytes)) => bytes,
        Some(Err(source)) => {
            return Err(Error::Run { name: name(), path: component.path.clone(), phase, source });
        }
        None => Vec::new(),
    };
    if bytes.len() as u64 > LIMIT {
        return Err(Error::TooMuch { name: name(), phase, limit: LIMIT });
    }
    String::from_utf8(bytes).map_err(|_| Error::Answer {
        name: name(),
        phase,
        detail: "it is not UTF-8".to_owned(),
    })
}

fn lines(stderr: impl Read, sender: &mpsc::Sender<Heard>) {
    let mut reader = io::BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line without an end is cut, so that no memory is filled with it.
        let read = io::BufRead::read_until(&mut (&mut reader).take(64 << 10), b'\n', &mut line);
        match read {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line).into_owned();
                if sender.send(Heard::Line(text)).is_err() {
                    return;
                }
            }
        }
    }
}

/// Ends the program and all that it has started.
fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Where nothing of it is left there is nothing to end.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let _ = child.wait();
}
