//! Ending on a signal: the child first, then what lies about, then the process, by that signal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// How long a child may take to end once it has been told to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a service may take to be told what we leave unfinished there.
const GIVE_BACK: Duration = Duration::from_secs(3);

/// A child that must not outlive us.
#[derive(Clone, Copy)]
struct Child {
    pid: Pid,
    /// Whether it leads a process group of its own, which is then told as a whole.
    leads_group: bool,
}

static ENDING: AtomicBool = AtomicBool::new(false);
static CHILD: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Has `pid` end before us when a signal ends us. Give `leads_group` when it was started as the
/// leader of a process group of its own.
pub fn guard_child(pid: u32, leads_group: bool) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        children().push(Child { pid, leads_group });
    }
}

/// Forgets a child that has ended.
pub fn release_child(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    children().retain(|child| Some(child.pid) != pid);
}

/// Starts the thread that waits for signals.
pub(crate) fn install() {
    // Without a thread there are no handlers, and the defaults stay: the process ends all the same,
    // only less tidily.
    let (ready, installed) = mpsc::channel::<()>();
    let waiting = parallel::start("signals", move || {
        let wanted = [SIGINT, SIGTERM].into_iter().chain((!ignored(SIGHUP)).then_some(SIGHUP));
        let signals = Signals::new(wanted);
        drop(ready);
        if let Some(signal) = signals.ok().and_then(|mut signals| signals.forever().next()) {
            end(signal);
        }
    });
    drop(waiting);
    // It ends with an error, since nothing is ever sent.
    let _ = installed.recv();
}

/// Whether whoever started us has told the system to ignore a signal, as `nohup` does.
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Whether a signal is about to end this process. Then what a child's end looks like is no news.
#[must_use]
pub fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

/// Once a signal is about to end this process, waits for that: what fails meanwhile, fails because
/// of it, and is no news.
pub(crate) fn wait_if_ending() {
    while is_ending() {
        thread::park();
    }
}

/// Ends the process as `signal` does by default, so that whoever started it sees that.
fn end(signal: i32) {
    ENDING.store(true, Ordering::SeqCst);
    let children: Vec<Child> = children().clone();
    for child in &children {
        tell(*child, signal);
    }
    let deadline = Instant::now() + PATIENCE;
    while children.iter().any(|child| is_running(*child)) {
        if Instant::now() >= deadline {
            for child in &children {
                // It has ended meanwhile when this fails.
                let _ = match child.leads_group {
                    true => kill_process_group(child.pid, Signal::KILL),
                    false => kill_process(child.pid, Signal::KILL),
                };
            }
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    store::give_back(GIVE_BACK);
    scratch::sweep();
    if crate::init::is_first() {
        // The system does not let the first process end by a signal.
        signal_hook::low_level::exit(128 + signal);
    }
    // Never comes back for these three signals.
    let _ = emulate_default_handler(signal);
}

fn tell(child: Child, signal: i32) {
    let Some(signal) = Signal::from_named_raw(signal) else {
        return;
    };
    // It has ended meanwhile when this fails.
    let _ = match child.leads_group {
        true => kill_process_group(child.pid, signal),
        false => kill_process(child.pid, signal),
    };
}

/// A zombie counts as running until the thread that started it has waited for it; that thread is
/// doing just that.
fn is_running(child: Child) -> bool {
    test_kill_process(child.pid).is_ok()
}

fn children() -> std::sync::MutexGuard<'static, Vec<Child>> {
    CHILD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A signal's name, as `SIGTERM`; its number where it has none.
#[must_use]
pub fn signal_name(number: i32) -> String {
    signal_hook::low_level::signal_name(number)
        .map_or_else(|| format!("signal {number}"), str::to_owned)
}
