//! An interrupt, without its type.

use std::sync::{Mutex, PoisonError};

use crate::exit::Cause;
use crate::latch::Latch;

/// What a group can do with an interrupt: call it, once, or drop it uncalled.
pub(crate) trait Interrupt: Send + Sync {
    fn call(&self, cause: &Cause);
    fn discard(&self);

    /// What it sets, if that is all it does.
    fn latch(&self) -> Option<&Latch<Cause>> {
        None
    }
}

impl Interrupt for Latch<Cause> {
    fn call(&self, cause: &Cause) {
        self.set(cause.clone());
    }

    fn discard(&self) {}

    fn latch(&self) -> Option<&Latch<Cause>> {
        Some(self)
    }
}

/// A function that is called at most once. In a lock because it is `Send` but not `Sync`, and is
/// called through a shared cell; only the group ever takes the lock.
pub(crate) struct Once<F>(Mutex<Option<F>>);

impl<F> Once<F> {
    pub(crate) fn new(interrupt: F) -> Once<F> {
        Once(Mutex::new(Some(interrupt)))
    }

    /// Taken out before it is called or dropped: a panic of it leaves nothing behind.
    fn take(&self) -> Option<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<F: FnOnce(&Cause) + Send> Interrupt for Once<F> {
    fn call(&self, cause: &Cause) {
        if let Some(interrupt) = self.take() {
            interrupt(cause);
        }
    }

    fn discard(&self) {
        drop(self.take());
    }
}
