//! A value that is set once, and the tasks that wait for it.
//!
//! Why not `event-listener`? It wakes tasks while it holds its lock. A wake can run foreign code (a
//! task's destructor, a hand-written waker) that comes back to the same event and deadlocks. Here,
//! every waker is cloned, called and dropped outside the lock (law 24).
//!
//! No wake-up is lost, because the two sides do it the other way round:
//!
//! | setter | waiter |
//! | --- | --- |
//! | sets the value | locks the wakers |
//! | locks the wakers, takes them | looks at the value, then leaves its waker |
//!
//! If the waiter locks first, the setter finds its waker. If the setter locks first, the waiter sees
//! the value, because unlocking publishes everything that the setter did before.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::panic::{catch, contain, discard};
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

const UNSET: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;

pub(crate) struct Latch {
    value: AtomicU8,
    wakers: Mutex<Wakers>,
    /// Lies where the others leave a gap. An enum with a latch in it keeps its tag here, instead of
    /// beside the latch, which saves a member eight bytes.
    _tag: Tag,
}

/// The other 255 values of its byte are free for the tag.
#[repr(u8)]
enum Tag {
    IsLatch,
}

const _: () = assert!(size_of::<Option<Latch>>() == size_of::<Latch>());

impl Latch {
    pub(crate) fn new() -> Latch {
        Latch {
            value: AtomicU8::new(UNSET),
            wakers: Mutex::new(Wakers::default()),
            _tag: Tag::IsLatch,
        }
    }

    /// Returns the value, without a lock.
    pub(crate) fn get(&self) -> Option<bool> {
        // Acquire pairs with the release in `set_without_waking`: whoever sees the value sees what
        // led to it, such as the cause of the stop.
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
        if let Some(wakers) = self.set_without_waking(value) {
            wakers.wake();
        }
    }

    /// Sets the value and returns the wakers of the waiting tasks, or returns `None` if there was a
    /// value before. The caller wakes the tasks after everything that must not depend on foreign
    /// wakers.
    pub(crate) fn set_without_waking(&self, value: bool) -> Option<Wakers> {
        if self.is_set() {
            // The end of a group sets what its stop has set, and a load costs less than an exchange.
            return None;
        }
        let value = if value { TRUE } else { FALSE };
        // Release pairs with the acquire in `get`. Only the first value counts, so a setter that
        // comes later has nothing to acquire.
        self.value
            .compare_exchange(UNSET, value, Ordering::Release, Ordering::Relaxed)
            .ok()?;
        Some(std::mem::take(&mut *self.wakers()))
    }

    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        lock(&self.wakers)
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
pub(crate) struct Wakers {
    first: Option<Waker>,
    more: Option<Box<OtherWakers>>,
}

/// The wakers with the keys from 2 on, and the free keys.
#[derive(Default)]
struct OtherWakers {
    wakers: Vec<Option<Waker>>,
    free: Vec<NonZeroU32>,
}

const FIRST: NonZeroU32 = NonZeroU32::MIN;

impl Wakers {
    /// Keeps `waker` under `key`, or under a new key; returns the key and what was there.
    fn put(&mut self, key: Option<NonZeroU32>, waker: Waker) -> (NonZeroU32, Option<Waker>) {
        match key {
            Some(FIRST) => (FIRST, self.first.replace(waker)),
            None if self.first.is_none() => (FIRST, self.first.replace(waker)),
            Some(key) => (key, self.more().slot(key).replace(waker)),
            None => (self.more().push(waker), None),
        }
    }

    /// Whether the waker under `key` wakes the same task as `waker`.
    fn keeps(&mut self, key: NonZeroU32, waker: &Waker) -> bool {
        let kept = match (key, &mut self.more) {
            (FIRST, _) => &self.first,
            (key, Some(more)) => more.slot(key),
            (_, None) => return false,
        };
        kept.as_ref().is_some_and(|kept| kept.will_wake(waker))
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

    fn more(&mut self) -> &mut OtherWakers {
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

impl OtherWakers {
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

/// Who owns the latches that a [`Wait`] may wait for.
pub(crate) trait Latches: Unpin {
    /// Says which of them. A byte at most: a pointer to a function would be eight, in the future of
    /// each actor that waits.
    type Which: Copy + Unpin;

    fn latch(&self, which: Self::Which) -> &Latch;
}

impl Latches for Arc<Latch> {
    type Which = ();

    fn latch(&self, (): ()) -> &Latch {
        self
    }
}

/// Waits until a latch of `owner` is set. It is cancel safe: dropping it removes its waker.
pub(crate) struct Wait<O: Latches> {
    owner: O,
    which: O::Which,
    /// The key of its waker, if it has left one.
    key: Option<NonZeroU32>,
}

impl<O: Latches> Wait<O> {
    pub(crate) fn on(owner: O, which: O::Which) -> Wait<O> {
        Wait {
            owner,
            which,
            key: None,
        }
    }

    /// Waits for another latch of the owner. The one before must be set.
    pub(crate) fn switch_to(&mut self, which: O::Which) {
        // The setter of the former latch has taken the wakers, so the key is void.
        self.key = None;
        self.which = which;
    }
}

impl<O: Latches> Future for Wait<O> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Wait { owner, which, key } = &mut *self;
        let latch = owner.latch(*which);
        if let Some(value) = latch.get() {
            return Poll::Ready(value);
        }
        // Cloning a waker is foreign code and may cost an atomic: a waker that is already kept is
        // kept on.
        if key.is_some_and(|key| latch.wakers().keeps(key, cx.waker())) {
            // The setter that has taken this waker meanwhile wakes it.
            return Poll::Pending;
        }
        let Ok(waker) = catch(|| cx.waker().clone()) else {
            // A waker that cannot be cloned cannot be kept. It is woken immediately instead:
            // polling too often is better than never. If its clone always panics, this is a busy
            // loop.
            contain(|| cx.waker().wake_by_ref());
            return Poll::Pending;
        };
        let mut wakers = latch.wakers();
        if let Some(value) = latch.get() {
            drop(wakers);
            discard(waker);
            return Poll::Ready(value);
        }
        let (kept_under, outdated) = wakers.put(*key, waker);
        drop(wakers);
        *key = Some(kept_under);
        discard(outdated);
        Poll::Pending
    }
}

impl<O: Latches> Drop for Wait<O> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let latch = self.owner.latch(self.which);
        // Once the latch is set, its setter has the wakers.
        if !latch.is_set() {
            let waker = latch.wakers().remove(key);
            discard(waker);
        }
    }
}

impl<O: Latches + Clone> Clone for Wait<O> {
    fn clone(&self) -> Wait<O> {
        Wait::on(self.owner.clone(), self.which)
    }
}

/// A value that is sent once, by a thread, and taken once, by a task.
///
/// If nobody takes the value, the last of the two ends drops it.
pub(crate) struct Oneshot<T> {
    value: Mutex<Option<T>>,
    sent: Latch,
}

impl<T> Oneshot<T> {
    pub(crate) fn new() -> Arc<Oneshot<T>> {
        Arc::new(Oneshot {
            value: Mutex::new(None),
            sent: Latch::new(),
        })
    }

    pub(crate) fn send(&self, value: T) {
        *lock(&self.value) = Some(value);
        // The latch comes second, because the task that it wakes takes the value.
        self.sent.set(true);
    }

    /// Waits until the value was sent.
    pub(crate) fn sent(self: &Arc<Self>) -> Wait<Arc<Oneshot<T>>> {
        Wait::on(Arc::clone(self), ())
    }

    pub(crate) fn take(&self) -> Option<T> {
        lock(&self.value).take()
    }
}

impl<T> Latches for Arc<Oneshot<T>> {
    type Which = ();

    fn latch(&self, (): ()) -> &Latch {
        &self.sent
    }
}
