//! What a service keeps for us until we say that it is done, and must be given back when a signal
//! ends the process: a signal drops nothing.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

type GiveBack = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Register {
    next: u64,
    open: BTreeMap<u64, GiveBack>,
}

static REGISTER: Mutex<Register> = Mutex::new(Register { next: 0, open: BTreeMap::new() });

/// Something that is unfinished for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Unfinished(u64);

/// Remembers how something is given back.
pub(crate) fn begin(give_back: impl Fn() + Send + Sync + 'static) -> Unfinished {
    let mut register = register();
    register.next += 1;
    let number = register.next;
    register.open.insert(number, Arc::new(give_back));
    Unfinished(number)
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        register().open.remove(&self.0);
    }
}

/// Gives back what is unfinished: multipart uploads, whose parts the service would keep, and scratch
/// objects. Best
/// effort, for the moment before a process ends by a signal; it takes no longer than `patience`.
pub fn give_back(patience: Duration) {
    let open: Vec<GiveBack> = std::mem::take(&mut register().open).into_values().collect();
    let deadline = Instant::now() + patience;
    let (done, all) = mpsc::channel();
    for give_back in &open {
        let (give_back, done) = (Arc::clone(give_back), done.clone());
        let started = parallel::start("give-back", move || {
            give_back();
            // Nobody waits any more when this fails.
            let _ = done.send(());
        });
        if started.is_err() {
            // Without threads what is left stays with the service, as after a `kill -9`.
            return;
        }
    }
    for _ in &open {
        let left = deadline.saturating_duration_since(Instant::now());
        if all.recv_timeout(left).is_err() {
            return;
        }
    }
}

fn register() -> MutexGuard<'static, Register> {
    REGISTER.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_is_done_is_not_given_back() {
        static GIVEN: AtomicU32 = AtomicU32::new(0);
        let done = begin(|| {
            GIVEN.fetch_add(1, Ordering::SeqCst);
        });
        let open = begin(|| {
            GIVEN.fetch_add(10, Ordering::SeqCst);
        });
        drop(done);
        give_back(Duration::from_secs(60));
        give_back(Duration::from_secs(60));
        drop(open);
        assert_eq!(GIVEN.load(Ordering::SeqCst), 10);
    }
}
