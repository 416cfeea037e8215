//! The one place where panics of foreign code are caught, and what is kept of them.
//!
//! Executes, interrupts, destructors, wakers, clocks, formatters and subscribers are not ours. A
//! panic in one of them must not keep the other actors from being interrupted and awaited, so each
//! call to them goes through here.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::line::OneLine;
use crate::sync::{Mutex, lock};

/// Calls `foreign` and gives its panic back as a value.
pub(crate) fn catch<T>(foreign: impl FnOnce() -> T) -> Result<T, Panic> {
    // Unwind safe: what panicked is never called again, only dropped, and it borrows no state of
    // ours.
    catch_unwind(AssertUnwindSafe(foreign)).map_err(Panic::new)
}

/// Drops `value`, and gives the panic of its destructor back, if there was one.
pub(crate) fn catch_drop<T>(value: T) -> Option<Panic> {
    catch(|| drop(value)).err()
}

/// Calls `foreign`; a panic of it concerns nobody.
pub(crate) fn contain(foreign: impl FnOnce()) {
    drop(catch(foreign));
}

/// Drops `value`; a panic of its destructor concerns nobody.
pub(crate) fn discard<T>(value: T) {
    drop(catch_drop(value));
}

/// The panic of an actor: its message, and the payload, which [`Error::into_panic`] gives back.
///
/// [`Error::into_panic`]: crate::Error::into_panic
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Outcome, Threads};
///
/// let mut group = Group::new();
/// group.add(async { panic!("kaboom {}", 7) }, |_| {});
/// let error = group.run_blocking(Threads).unwrap_err();
///
/// let Some(Outcome::Panicked(panic)) = error.report().cause().unwrap().outcome() else {
///     unreachable!()
/// };
/// assert_eq!(panic.message(), "kaboom 7");
/// ```
pub struct Panic(Box<Payload>);

struct Payload {
    message: Cow<'static, str>,
    /// Locked because a payload is `Send` but not `Sync`; empty once it was taken.
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Panic {
    fn new(payload: Box<dyn Any + Send>) -> Panic {
        let message = if let Some(&literal) = payload.downcast_ref::<&'static str>() {
            Cow::Borrowed(literal)
        } else if let Some(formatted) = payload.downcast_ref::<String>() {
            Cow::Owned(formatted.clone())
        } else {
            Cow::Borrowed("(non-string panic payload)")
        };
        Panic(Box::new(Payload {
            message,
            payload: Mutex::new(Some(payload)),
        }))
    }

    /// Returns the text the panic was raised with, which may have several lines, or
    /// "(non-string panic payload)".
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Takes the payload out; the first call gets it.
    pub(crate) fn take(&self) -> Option<Box<dyn Any + Send>> {
        lock(&self.0.payload).take()
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        // A payload may panic when it is dropped, and panics are dropped in the middle of a stop.
        // The payload of that second panic is leaked: its destructor could go on like this for ever.
        if let Some(again) = self.take().and_then(catch_drop) {
            std::mem::forget(again);
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

/// The message, in one line.
impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OneLine(self.message()).fmt(f)
    }
}
