//! Where requests wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for a request that it wants to hold: what takes longer never comes.
const LIMIT: Duration = Duration::from_secs(300);

/// Requests wait here until it is opened; those that come later wait for the next time.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    opened: u64,
    waiting: usize,
}

impl Gate {
    /// Begins to wait; the number is for [`Gate::passed`].
    pub(super) fn enter(&self) -> u64 {
        let mut state = self.state();
        state.waiting += 1;
        self.changed.notify_all();
        state.opened
    }

    /// Was it opened since?
    pub(super) fn passed(&self, entered: u64) -> bool {
        self.state().opened > entered
    }

    /// Lets all pass that wait.
    pub(super) fn open(&self) {
        let mut state = self.state();
        state.opened += 1;
        state.waiting = 0;
    }

    /// Blocks until so many wait.
    pub(super) fn wait(&self, requests: usize) {
        let (state, result) = self
            .changed
            .wait_timeout_while(self.state(), LIMIT, |state| state.waiting < requests)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "{} of {requests} requests are held", state.waiting);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
