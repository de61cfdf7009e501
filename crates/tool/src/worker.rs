//! Whether somebody who left something half-done is still at work on it.

use std::fs;

use rustix::process::{Pid, test_kill_process};

/// What tells this machine, and this view of its processes, from others.
fn machine() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let mut digest = checksum::of_bytes(format!("{name}\n{boot}\n{}", namespace.display()));
    digest.truncate(12);
    digest
}

/// When a process was started, in a unit of the system's; it tells apart two that have had one
/// number. Nothing where the system does not say.
fn started(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses, and may hold anything.
    text.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

/// This process, as [`is_at_work`] knows it: nothing that would tell who or where.
#[must_use]
pub fn worker() -> String {
    let pid = std::process::id();
    format!("{}-{pid}-{}", machine(), started(pid).unwrap_or_default())
}

/// Whether another process still runs; `None` where it cannot be told, since it was started on
/// another machine.
#[must_use]
pub fn is_at_work(worker: &str) -> Option<bool> {
    let mut parts = worker.split('-');
    let (Some(host), Some(pid), Some(start)) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    if host != machine() {
        return None;
    }
    let pid: u32 = pid.parse().ok()?;
    if pid == std::process::id() {
        return Some(false);
    }
    let known = Pid::from_raw(i32::try_from(pid).ok()?)?;
    // Not allowed to ask is an answer too: it is there.
    let there = !matches!(test_kill_process(known), Err(rustix::io::Errno::SRCH));
    let same = started(pid).is_none_or(|started| start.is_empty() || started == start);
    Some(there && same)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_living_and_the_dead() {
        let own = worker();
        assert_eq!(is_at_work(&own), Some(false), "we ourselves are no other");
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let start = started(child.id()).unwrap_or_default();
        let other = format!("{}-{}-{start}", machine(), child.id());
        assert_eq!(is_at_work(&other), Some(true));
        if !start.is_empty() {
            assert_eq!(is_at_work(&format!("{}-{}-1", machine(), child.id())), Some(false));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(is_at_work(&other), Some(false));
        assert_eq!(is_at_work(&other.replacen(&machine(), "000000000000", 1)), None);
        assert_eq!(is_at_work("nonsense"), None);
    }
}
