//! The one place where panics of foreign code are caught.
//!
//! Executes, interrupts, destructors and clocks are not ours. A panic in one of them must not keep
//! the others from being interrupted and awaited, so each call to them goes through here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::exit::Panic;

/// Calls `foreign` and gives its panic back as a value.
pub(crate) fn catch<T>(foreign: impl FnOnce() -> T) -> Result<T, Panic> {
    // Unwind safe: what panicked is never called again, only dropped; and our own state is not
    // borrowed by it.
    catch_unwind(AssertUnwindSafe(foreign)).map_err(Panic::new)
}

/// Drops `value`, and gives the panic of its destructor back, if there was one.
pub(crate) fn catch_drop<T>(value: T) -> Option<Panic> {
    catch(|| drop(value)).err()
}
