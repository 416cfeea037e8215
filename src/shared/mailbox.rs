//! What tasks and handles send to the group.
//!
//! 1. Exits, announcements and requests are events in one queue. Its order decides which of them is
//!    the cause.
//! 2. The lock of the queue is never held while foreign code runs: wakers are cloned, called and
//!    dropped outside it, because they may call a handle. (`async-channel` and `event-listener` wake
//!    tasks under a lock.)
//! 3. A sender sends first and wakes second; the group keeps its waker first and looks at the queue
//!    second. So no event goes unseen.
//! 4. Events carry keys, not actors, so the mail owns nothing that owns the mail.

use std::task::{Context, Waker};
use std::time::Duration;

use crate::outcome::ContainedOutcome;
use crate::panic::{catch, contain, discard};
use crate::settings::StopOrder;
use crate::shared::short_queue::ShortQueue;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

/// A queue that was longer than this gives its memory back.
pub(crate) const QUEUE_KEPT: usize = 1024;

pub(crate) enum Event {
    Exited(Exited),
    /// An actor of this stage announced for the first time that it is ready.
    Announced(u32),
    /// The request is in the group's state; there is at most one.
    Requested,
    SkipDrain,
    /// It only wakes the group, which asks its state whether a force was requested.
    Force,
}

/// One actor's exit, on its way to the group.
pub(crate) struct Exited {
    pub(crate) key: Key,
    pub(crate) outcome: ContainedOutcome,
    /// Since the birth of the group.
    pub(crate) at: Duration,
}

/// Where the group keeps an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) order: StopOrder,
    /// How many actors were added to the group before it.
    pub(crate) nth: u64,
}

pub(crate) struct Mailbox {
    mail: Mutex<Mail>,
    /// Whether there are events: if not, the group need not take the lock in each of its rounds.
    ///
    /// It is written under the lock. So a group that has locked the mail to keep its waker sees each
    /// event that was sent before (rule 3), and Relaxed is enough.
    has_mail: AtomicBool,
}

#[derive(Default)]
struct Mail {
    events: ShortQueue<Event>,
    /// The group is gone and takes nothing any more.
    closed: bool,
    /// Wakes the task that polls `run`.
    waker: Option<Waker>,
}

/// The waker of the group, on its way to be called outside all locks.
#[derive(Default)]
#[must_use = "the group must be woken"]
pub(crate) struct Wake(Option<Waker>);

impl Wake {
    pub(crate) fn call(self) {
        if let Some(waker) = self.0 {
            // A waker that panics must not fail the task or the handle.
            contain(|| waker.wake());
        }
    }
}

impl Mailbox {
    pub(crate) fn new() -> Mailbox {
        Mailbox {
            mail: Mutex::new(Mail::default()),
            has_mail: AtomicBool::new(false),
        }
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        lock(&self.mail)
    }

    /// Queues an event and wakes the group.
    pub(crate) fn send(&self, event: Event) {
        if let Some(wake) = self.send_if(event, || true) {
            wake.call();
        }
    }

    /// Queues an event and returns the group's waker, if `claim` returns true. Once the group is
    /// gone, the event is dropped.
    ///
    /// The claim and the push are one critical section: a thread that sees the claim taken and then
    /// locks the mail finds the event in it.
    pub(crate) fn send_if(&self, event: Event, claim: impl FnOnce() -> bool) -> Option<Wake> {
        let mut mail = self.mail();
        if !claim() {
            // The event is foreign (it may hold an error), so it is dropped outside the lock (rule
            // 2).
            drop(mail);
            drop(event);
            return None;
        }
        if mail.closed {
            drop(mail);
            drop(event);
            return Some(Wake::default());
        }
        mail.events.push(event);
        self.has_mail.store(true, Ordering::Relaxed);
        // The waker is taken, and not cloned: one wake covers all events until the group has looked
        // again. The group puts a waker back before it looks (rule 3), so no later event is unseen.
        Some(Wake(mail.waker.take()))
    }

    pub(crate) fn wake(&self) {
        self.take_waker().call();
    }

    pub(crate) fn take_waker(&self) -> Wake {
        Wake(self.mail().waker.take())
    }

    /// Makes the next event wake the task of `cx`.
    pub(crate) fn keep_waker(&self, cx: &Context<'_>) {
        let is_kept = |kept: &Waker| kept.will_wake(cx.waker());
        if self.mail().waker.as_ref().is_some_and(is_kept) {
            // Even if a sender takes it right now, it wakes this task.
            return;
        }
        let Ok(waker) = catch(|| cx.waker().clone()) else {
            // A waker that cannot be cloned cannot be kept. It is woken immediately instead:
            // polling too often is better than never.
            return contain(|| cx.waker().wake_by_ref());
        };
        // The lock pairs with that of the senders: what was queued before it is seen by the look
        // that follows, and what is queued after it finds this waker.
        let outdated = self.mail().waker.replace(waker);
        discard(outdated);
    }

    /// Whether there are events. One that is sent meanwhile may be missed. So before the group waits,
    /// it locks the mail to keep its waker; and where no event may be missed, it fetches.
    pub(crate) fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Relaxed)
    }

    /// Swaps the queue with an empty one.
    pub(crate) fn fetch(&self, empty: &mut ShortQueue<Event>) {
        debug_assert!(empty.is_empty());
        let mut mail = self.mail();
        std::mem::swap(empty, &mut mail.events);
        self.has_mail.store(false, Ordering::Relaxed);
    }

    /// Takes nothing any more, and returns what was sent and not fetched.
    pub(crate) fn close(&self) -> ShortQueue<Event> {
        // After this lock, each sender sees `closed` and drops its event itself. Before it, the
        // event is in the queue, which the end of the group drops. So none outlives the group.
        let (waker, events) = {
            let mut mail = self.mail();
            mail.closed = true;
            (mail.waker.take(), std::mem::take(&mut mail.events))
        };
        discard(waker);
        events
    }
}
