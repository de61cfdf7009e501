//! What a program has written so far.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Collects what comes out of a pipe, on a thread of its own.
#[derive(Debug)]
pub(super) struct Collector {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Collector {
    pub(super) fn start(mut pipe: impl Read + Send + 'static) -> Collector {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&bytes);
        let thread = std::thread::spawn(move || {
            let mut piece = [0; 8192];
            // What came before an error is still worth showing.
            while let Ok(length @ 1..) = pipe.read(&mut piece) {
                lock(&collected).extend_from_slice(&piece[..length]);
            }
        });
        Collector { bytes, thread }
    }

    /// What has come so far, invalid UTF-8 replaced.
    pub(super) fn so_far(&self) -> String {
        String::from_utf8_lossy(&lock(&self.bytes)).into_owned()
    }

    /// All of it, once the other end is closed.
    pub(super) fn all(self) -> String {
        let Collector { bytes, thread } = self;
        thread.join().expect("a thread that only reads");
        String::from_utf8_lossy(&lock(&bytes)).into_owned()
    }
}

fn lock(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}
