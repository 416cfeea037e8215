//! Locks and atomics from one place: the standard library's, or loom's under `cfg(loom)`, which
//! runs the scenarios of `loom/` in every order that the memory model allows.

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

use std::sync::PoisonError;

/// Locks `mutex`, poisoned or not: no lock of this crate guards a state that a panic can leave
/// half-made, because foreign code runs outside of it or is caught.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
