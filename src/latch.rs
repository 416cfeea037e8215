//! A value that is set once, and the tasks that wait for it.
//!
//! Why not `event-listener`: it wakes while it holds its lock, and a wake can run foreign code (a
//! task's destructor, a hand-written waker) that comes back to the same event and deadlocks. Here
//! every waker is called, cloned away and dropped outside the lock (law 24).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::unwind;

pub(crate) struct Latch<T> {
    value: OnceLock<T>,
    waiters: Mutex<Waiters>,
}

impl<T> Latch<T> {
    pub(crate) fn new() -> Latch<T> {
        Latch {
            value: OnceLock::new(),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Takes no lock.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Sets the value, unless there is one, and wakes all who wait.
    pub(crate) fn set(&self, value: T) {
        if self.value.set(value).is_ok() {
            let waiters = std::mem::take(&mut *self.waiters());
            waiters.wake();
        }
    }

    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Latch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch")
            .field("is_set", &self.get().is_some())
            .finish()
    }
}

/// The wakers of those who wait, by key. Most latches have one, which needs no allocation.
#[derive(Default)]
struct Waiters {
    first: Option<Waker>,
    more: Option<Box<More>>,
}

/// Those with the keys from 1 on, and the keys that are free.
#[derive(Default)]
struct More {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Waiters {
    /// Keeps `waker` under `key`, or under a new key; returns the key and what was there.
    fn put(&mut self, key: Option<usize>, waker: Waker) -> (usize, Option<Waker>) {
        match key {
            Some(0) => (0, self.first.replace(waker)),
            None if self.first.is_none() => (0, self.first.replace(waker)),
            Some(key) => (key, self.more().wakers[key - 1].replace(waker)),
            None => (self.more().push(waker), None),
        }
    }

    fn remove(&mut self, key: usize) -> Option<Waker> {
        match (key, &mut self.more) {
            (0, _) => self.first.take(),
            (key, Some(more)) => more.remove(key),
            // The latch was set meanwhile, and the wakers are gone.
            (_, None) => None,
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    fn wake(self) {
        let more = self.more.map(|more| more.wakers).unwrap_or_default();
        for waker in self.first.into_iter().chain(more.into_iter().flatten()) {
            // Caught: one waker that panics must not leave the others asleep.
            let _ = unwind::catch(|| waker.wake());
        }
    }
}

impl More {
    fn push(&mut self, waker: Waker) -> usize {
        if let Some(key) = self.free.pop() {
            self.wakers[key - 1] = Some(waker);
            return key;
        }
        self.wakers.push(Some(waker));
        self.wakers.len()
    }

    fn remove(&mut self, key: usize) -> Option<Waker> {
        self.free.push(key);
        self.wakers[key - 1].take()
    }
}

/// Something that has a latch.
pub(crate) trait Latched {
    type Value;

    fn latch(&self) -> &Latch<Self::Value>;
}

impl<T> Latched for Arc<Latch<T>> {
    type Value = T;

    fn latch(&self) -> &Latch<T> {
        self
    }
}

/// Waits until a latch is set. Cancel safe: dropped, it forgets its waker.
pub(crate) struct Wait<L: Latched> {
    latched: L,
    key: Option<usize>,
}

impl<L: Latched> Wait<L> {
    pub(crate) fn new(latched: L) -> Wait<L> {
        Wait { latched, key: None }
    }
}

impl<L: Latched + Unpin> Future for Wait<L> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let latch = self.latched.latch();
        if latch.get().is_some() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let mut waiters = latch.waiters();
        // Looked at again under the lock: `set` stores the value before it takes the wakers, so
        // either we see the value here or it sees our waker.
        if latch.get().is_some() {
            return Poll::Ready(());
        }
        let (key, before) = waiters.put(self.key, waker);
        drop(waiters);
        drop(before);
        self.key = Some(key);
        Poll::Pending
    }
}

impl<L: Latched> Drop for Wait<L> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let latch = self.latched.latch();
        if latch.get().is_none() {
            let waker = latch.waiters().remove(key);
            drop(waker);
        }
    }
}

impl<L: Latched + Clone> Clone for Wait<L> {
    fn clone(&self) -> Wait<L> {
        Wait::new(self.latched.clone())
    }
}
