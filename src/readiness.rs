//! Actors that say when they are ready, and what waits for it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Weak};

use crate::cell::Cell;
use crate::link::Event;
use crate::trace;

/// What an actor made by [`Actor::with_ready`](crate::Actor::with_ready) gets to announce that it
/// is ready: listening, warmed up, recovered.
///
/// Dropped without being announced, its actor never becomes ready: later stages do not start, and
/// [`Handle::ready`](crate::Handle::ready) resolves with an error when the group stops.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::with_ready(|ctx, ready| async move {
///     println!("replaying the log");
///     ready.announce();
///     ctx.interrupted().await;
///     Ok(())
/// }));
/// // Starts when the log is replayed, because its stage is higher.
/// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("http").stage(1));
/// group.run_blocking(Threads).unwrap();
/// ```
pub struct Ready(Weak<Cell>);

impl Ready {
    pub(crate) fn new(cell: &Arc<Cell>) -> Ready {
        Ready(Arc::downgrade(cell))
    }

    /// Announces that the actor is ready.
    ///
    /// # Examples
    ///
    /// See [`Ready`].
    pub fn announce(self) {
        if let Some(cell) = self.0.upgrade().filter(|cell| cell.stop_awaiting()) {
            trace::announced(&cell);
            cell.stage()
                .link
                .send(Event::Announced(cell.settings.stage));
        }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(cell) = self.0.upgrade().filter(|cell| cell.is_awaited()) {
            trace::never_ready(&cell);
        }
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

/// Why [`Handle::ready`](crate::Handle::ready) failed: the group is stopping, or gone.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, NotReady};
///
/// let group = Group::new();
/// let ready = group.handle().ready();
/// drop(group);
/// let error: NotReady = futures_lite::future::block_on(ready).unwrap_err();
/// assert_eq!(error.to_string(), "the group is stopping");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotReady {}

impl NotReady {
    pub(crate) fn new() -> NotReady {
        NotReady {}
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the group is stopping")
    }
}

impl Error for NotReady {}

/// How many actors of each stage have yet to announce that they are ready.
#[derive(Default)]
pub(crate) struct Awaited(BTreeMap<u32, usize>);

impl Awaited {
    pub(crate) fn enter(&mut self, stage: u32) {
        *self.0.entry(stage).or_default() += 1;
    }

    pub(crate) fn leave(&mut self, stage: u32) {
        if let Some(count) = self.0.get_mut(&stage) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&stage);
            }
        }
    }

    /// The highest stage that may start: none above one that is awaited.
    pub(crate) fn gate(&self) -> u32 {
        self.0
            .first_key_value()
            .map_or(u32::MAX, |(&stage, _)| stage)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
