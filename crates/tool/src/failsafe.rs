//! What no tool should come to: a fault of its own, no memory, a file that may grow no further. Each
//! ends with a message and a status of ours.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use printable::Line;
use signal_hook::consts::{SIGABRT, SIGXFSZ};
use signal_hook::flag;

use crate::Exit;

/// Has faults reported in our words from here on, and ended with statuses of ours.
pub(crate) fn install(name: &'static str) {
    panic::set_hook(Box::new(move |fault| {
        let what = fault.payload_as_str().unwrap_or("of an unknown kind");
        let place = fault.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let text = format!("{name}: internal error{place}: {what}");
        let mut text = format!("{}\n", Line::from(text).shown());
        // For those who ask for it.
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            text.push_str(&trace.to_string());
        }
        text.push_str("This is a fault of the tool. Please report it.\n");
        // With stderr gone the exit status still says it.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }));
    // Without memory the standard library says so and aborts the process. Where these cannot be set,
    // the system's own ends stay: 134, and 153 instead of an error from the write.
    let status = i32::from(Exit::LocalIo.status());
    let _ = flag::register_conditional_shutdown(SIGABRT, status, Arc::new(AtomicBool::new(true)));
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// Does `work`; `None` where it ended by a fault, which is reported already.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Nothing of it is used after a fault.
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_the_work_and_not_the_process() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| if true { panic!("a test of faults") } else { 1 }), None);
    }
}
