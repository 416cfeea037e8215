//! Pieces that many tests need.

use std::sync::{Arc, Mutex};

use rungroup::{Actor, Cause, Result};

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn new() -> Log {
        Log::default()
    }

    pub fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    pub fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, entry: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|one| *one == entry)
            .count()
    }
}

/// An execute that waits for its interrupt, and the interrupt, as Go's tests have them.
pub fn waiting() -> (
    impl Future<Output = Result> + Send,
    impl FnOnce(&Cause) + Send,
) {
    let (stop, stopped) = async_channel::bounded::<()>(1);
    let execute = async move {
        let _ = stopped.recv().await;
        Ok(())
    };
    (execute, move |_: &Cause| drop(stop))
}

/// An actor that waits for its interrupt.
#[track_caller]
pub fn waiter() -> Actor {
    let (execute, interrupt) = waiting();
    Actor::new(execute, interrupt)
}
