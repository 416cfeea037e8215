//! A value that is set once, and the tasks that wait for it.
//!
//! Why not `event-listener`? It wakes tasks while it holds its lock. A wake can run foreign code (a
//! task's destructor, a hand-written waker) that comes back to the same event and deadlocks. Here,
//! every waker is cloned, called and dropped outside the lock (law 24).
//!
//! No wake-up is lost: [`trip`](Latch::trip) sets the value before it takes the lock for the
//! wakers, and [`Wait`] looks at the value under that lock before it leaves a waker. Whoever takes
//! the lock second sees what the first one did.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::panic::{catch, contain, discard};
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

const UNSET: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;

pub(crate) struct Latch {
    value: AtomicU8,
    waiters: Mutex<Waiters>,
}

impl Latch {
    pub(crate) fn new() -> Latch {
        Latch {
            value: AtomicU8::new(UNSET),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Returns the value, without a lock.
    pub(crate) fn get(&self) -> Option<bool> {
        // Acquire pairs with the release in `trip`: whoever sees the value sees what led to it,
        // such as the cause of the stop.
        match self.value.load(Ordering::Acquire) {
            UNSET => None,
            value => Some(value == TRUE),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.get().is_some()
    }

    /// Sets the value, unless there is one, and wakes all waiting tasks.
    pub(crate) fn set(&self, value: bool) {
        self.trip(value).wake();
    }

    /// Sets the value, unless there is one, and returns the waiting tasks. The caller wakes them
    /// when it has done what must not depend on their wakers.
    pub(crate) fn trip(&self, value: bool) -> Waiters {
        let value = if value { TRUE } else { FALSE };
        // For release, see `get`. Only the first value counts, so nothing is acquired.
        let first = self
            .value
            .compare_exchange(UNSET, value, Ordering::Release, Ordering::Relaxed);
        match first {
            Ok(_) => std::mem::take(&mut *self.waiters()),
            Err(_) => Waiters::default(),
        }
    }

    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        lock(&self.waiters)
    }
}

impl AsRef<Latch> for Latch {
    fn as_ref(&self) -> &Latch {
        self
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Latch").field(&self.get()).finish()
    }
}

/// The wakers of the waiting tasks, by key. Most latches have one, which needs no allocation.
#[derive(Default)]
#[must_use = "the waiting tasks must be woken"]
pub(crate) struct Waiters {
    first: Option<Waker>,
    more: Option<Box<More>>,
}

/// The wakers with the keys from 2 on, and the free keys.
#[derive(Default)]
struct More {
    wakers: Vec<Option<Waker>>,
    free: Vec<NonZeroU32>,
}

const FIRST: NonZeroU32 = NonZeroU32::MIN;

impl Waiters {
    /// Keeps `waker` under `key`, or under a new key; returns the key and what was there.
    fn put(&mut self, key: Option<NonZeroU32>, waker: Waker) -> (NonZeroU32, Option<Waker>) {
        match key {
            Some(FIRST) => (FIRST, self.first.replace(waker)),
            None if self.first.is_none() => (FIRST, self.first.replace(waker)),
            Some(key) => (key, self.more().slot(key).replace(waker)),
            None => (self.more().push(waker), None),
        }
    }

    fn remove(&mut self, key: NonZeroU32) -> Option<Waker> {
        match (key, &mut self.more) {
            (FIRST, _) => self.first.take(),
            (key, Some(more)) => {
                more.free.push(key);
                more.slot(key).take()
            }
            // The latch was set meanwhile and the wakers are gone.
            (_, None) => None,
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn wake(self) {
        // One waker that panics must not leave the others asleep.
        let wake = |waker: Waker| contain(|| waker.wake());
        if let Some(waker) = self.first {
            wake(waker);
        }
        if let Some(more) = self.more {
            more.wakers.into_iter().flatten().for_each(wake);
        }
    }
}

impl More {
    fn slot(&mut self, key: NonZeroU32) -> &mut Option<Waker> {
        &mut self.wakers[key.get() as usize - 2]
    }

    fn push(&mut self, waker: Waker) -> NonZeroU32 {
        if let Some(key) = self.free.pop() {
            *self.slot(key) = Some(waker);
            return key;
        }
        self.wakers.push(Some(waker));
        let key = u32::try_from(self.wakers.len() + 1).ok();
        let key = key.and_then(NonZeroU32::new);
        key.expect("fewer than 2^32 tasks wait for one latch")
    }
}

/// Waits until a latch is set. It is cancel safe: dropping it removes its waker.
pub(crate) struct Wait<L: AsRef<Latch>> {
    latch: L,
    /// The key of its waker, from 1 on.
    key: Option<NonZeroU32>,
}

impl<L: AsRef<Latch>> Wait<L> {
    pub(crate) fn new(latch: L) -> Wait<L> {
        Wait { latch, key: None }
    }

    /// Waits for another latch, once this one is set.
    pub(crate) fn turn_to(&mut self, turn: impl FnOnce(&mut L)) {
        // The key was one of the former latch, whose wakers are gone.
        self.key = None;
        turn(&mut self.latch);
    }
}

impl<L: AsRef<Latch> + Unpin> Future for Wait<L> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = &mut *self;
        let latch = this.latch.as_ref();
        if let Some(value) = latch.get() {
            return Poll::Ready(value);
        }
        let Ok(waker) = catch(|| cx.waker().clone()) else {
            // A waker that cannot be kept can still be called: poll again rather than never.
            contain(|| cx.waker().wake_by_ref());
            return Poll::Pending;
        };
        let mut waiters = latch.waiters();
        if let Some(value) = latch.get() {
            drop(waiters);
            discard(waker);
            return Poll::Ready(value);
        }
        let (key, outdated) = waiters.put(this.key, waker);
        drop(waiters);
        this.key = Some(key);
        discard(outdated);
        Poll::Pending
    }
}

impl<L: AsRef<Latch>> Drop for Wait<L> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let latch = self.latch.as_ref();
        // Once it is set, whoever set it has the wakers.
        if !latch.is_set() {
            let waker = latch.waiters().remove(key);
            discard(waker);
        }
    }
}

impl<L: AsRef<Latch> + Clone> Clone for Wait<L> {
    fn clone(&self) -> Wait<L> {
        Wait::new(self.latch.clone())
    }
}
