//! What an actor does, and what makes it end.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use crate::exit::Result;
use crate::interrupt::Interrupt;
use crate::panic::{contain, discard};

pub(crate) type Execute = Pin<Box<dyn Future<Output = Result> + Send>>;

/// An actor's execute and interrupt, until it has a place in a group.
///
/// If it is dropped before that, its parts are dropped one by one and their panics contained,
/// because two panics at the same time would abort the program.
///
/// The lock is never taken. It makes an actor `Sync`, which its parts need not be.
pub(crate) struct Body(Mutex<Option<(Execute, Interrupt)>>);

impl Body {
    pub(crate) fn new(execute: Execute, interrupt: Interrupt) -> Body {
        Body(Mutex::new(Some((execute, interrupt))))
    }

    /// Returns `None` only if it was taken before.
    pub(crate) fn take(&mut self) -> Option<(Execute, Interrupt)> {
        let parts = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        parts.take()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some((execute, interrupt)) = self.take() {
            discard(execute);
            contain(|| interrupt.discard());
        }
    }
}
