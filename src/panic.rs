//! The one place where panics of foreign code are caught and kept.
//!
//! Executes, interrupts, destructors, wakers, clocks, formatters and subscribers are not our code.
//! A panic in one of them must not keep the other actors from being interrupted and awaited, so
//! each call of foreign code goes through this file.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::sync::{Mutex, lock};

/// Calls `foreign` and returns its panic as a value.
pub(crate) fn catch<T>(foreign: impl FnOnce() -> T) -> Result<T, Panic> {
    // Nothing of ours is borrowed by `foreign` while it is half-changed, so a panic leaves no
    // broken state of ours. A foreign value may be left in a state of its own making: it is only
    // dropped, or called where it must cope with that (a waker, a formatter, a spawner).
    catch_unwind(AssertUnwindSafe(foreign)).map_err(Panic::new)
}

/// Drops `value` and returns the panic of its destructor, if there was one.
pub(crate) fn catch_drop<T>(value: T) -> Option<Panic> {
    catch(|| drop(value)).err()
}

/// Calls `foreign` and ignores its panic.
pub(crate) fn contain(foreign: impl FnOnce()) {
    drop(catch(foreign));
}

/// Drops `value` and ignores a panic of its destructor.
pub(crate) fn discard<T>(value: T) {
    drop(catch_drop(value));
}

/// The panic of an actor: its message, and the payload that [`Error::into_panic`] returns.
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
    /// Locked, because a payload is `Send` but not `Sync`. It is empty once the payload was taken.
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

    /// Returns the text that the panic was raised with, which may have several lines, or
    /// "(non-string panic payload)".
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The panic without its payload.
    pub(crate) fn to_text(&self) -> Panic {
        Panic(Box::new(Payload {
            message: self.0.message.clone(),
            payload: Mutex::new(None),
        }))
    }

    /// Takes the payload out. Only the first call gets it.
    pub(crate) fn take(&self) -> Option<Box<dyn Any + Send>> {
        lock(&self.0.payload).take()
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        // A payload may panic when it is dropped, and panics are dropped in the middle of a stop.
        // The payload of that second panic is leaked, because its destructor could panic in turn,
        // without end.
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
