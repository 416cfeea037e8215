//! What the thread of an actor leaves for the actor.

use std::sync::Arc;

use crate::shared::latch::{Latch, Wait};
use crate::sync::{Mutex, lock};

/// A value that is left once and taken once.
pub(super) struct Note<T> {
    value: Mutex<Option<T>>,
    left: Arc<Latch>,
}

impl<T> Note<T> {
    pub(super) fn new() -> Arc<Note<T>> {
        Arc::new(Note {
            value: Mutex::new(None),
            left: Arc::new(Latch::new()),
        })
    }

    pub(super) fn leave(&self, value: T) {
        *lock(&self.value) = Some(value);
        // This comes second, because the task that is woken takes the value.
        self.left.set(true);
    }

    /// Waits until the value was left.
    pub(super) fn left(&self) -> Wait<Arc<Latch>> {
        Wait::on(Arc::clone(&self.left), |latch| latch)
    }

    pub(super) fn take(&self) -> Option<T> {
        lock(&self.value).take()
    }
}
