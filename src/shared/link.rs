//! What a group shares with its handles and its tasks: its mail and its phase.
//!
//! 1. Everything that happens to the group is an event in one queue, whose order is the only one.
//! 2. The lock of the queue is never held while foreign code runs: wakers are cloned, called and
//!    dropped without it, because they may call a handle. (`async-channel` and `event-listener`
//!    wake tasks under a lock.)
//! 3. A sender sends first and wakes second; the group keeps its waker first and looks second. So
//!    no event goes unseen.
//! 4. Events carry keys, not actors, so the mail owns nothing that owns the mail.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use crate::cause::Cause;

use crate::outcome::Kept;
use crate::panic::{catch, contain, discard};
use crate::phase::Phase;
use crate::settings::Rank;
use crate::shared::latch::Latch;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

/// A queue that was longer than this gives its memory back.
const QUEUE_KEPT: usize = 1024;

/// What tasks and handles send to the group.
pub(crate) enum Event {
    Exited(Exited),
    /// An actor of this stage announced that it is ready.
    Announced(u32),
    /// The request is in [`Link::request`]; there is at most one.
    Requested,
    SkipDrain,
    Force,
}

/// One actor's exit, on its way to the group.
pub(crate) struct Exited {
    pub(crate) key: Key,
    pub(crate) outcome: Kept,
    /// Since the birth of the group.
    pub(crate) at: Duration,
}

/// Where the group keeps an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) rank: Rank,
    /// How many were added to the group before it.
    pub(crate) nth: u64,
}

impl Key {
    /// Whether `next` is of the same stage, and was added right after it.
    pub(crate) fn precedes(self, next: Key) -> bool {
        self.rank == next.rank && self.nth + 1 == next.nth
    }
}

/// The first request to stop. Later ones change nothing.
pub(crate) struct Request {
    pub(crate) cause: Cause,
    /// Since the birth of the group.
    pub(crate) at: Duration,
}

/// The phase of the group, as `run` last set it.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) phase: Phase,
    /// When that phase began, since the birth of the group.
    pub(crate) since: Duration,
    /// When the grace ends, since the birth of the group.
    pub(crate) deadline: Option<Duration>,
}

pub(crate) struct Link {
    mail: Mutex<Mail>,
    standing: Mutex<Standing>,
    request: OnceLock<Request>,
    /// Set by `run` before the first interrupt, and kept once for all actors.
    cause: OnceLock<Cause>,
    /// True once the group is ready; false if the stop came first.
    pub(crate) ready: Latch,
    /// Set as soon as the group is known to stop. From then on, it is not ready.
    pub(crate) stopping: Latch,
    /// Set when the group is gone, run or not.
    pub(crate) gone: Latch,
    drain_skipped: AtomicBool,
    force_requested: AtomicBool,
    /// When a force was first requested, since the birth of the group. Only for readers.
    force_requested_at: OnceLock<Duration>,
    /// Dropped when the group is gone; `None` from then on.
    guards: Mutex<Option<Vec<Box<dyn Send>>>>,
    /// The group's [`Door`](crate::shared::door::Door). This file cannot name the type, which stands above
    /// it and takes in actors that hold links. The group owns the door.
    door: OnceLock<Weak<dyn Any + Send + Sync>>,
    /// Where the group's times are counted from.
    born: Instant,
}

/// What was sent and not yet taken.
#[derive(Default)]
struct Mail {
    events: VecDeque<Event>,
    /// The group is gone and takes nothing any more.
    closed: bool,
    /// Wakes the task that polls `run`.
    waker: Option<Waker>,
}

impl Link {
    /// Makes a link, and returns the group's end of it.
    pub(crate) fn open() -> Inbox {
        let link = Arc::new(Link {
            mail: Mutex::new(Mail::default()),
            standing: Mutex::new(Standing {
                phase: Phase::NotStarted,
                since: Duration::ZERO,
                deadline: None,
            }),
            request: OnceLock::new(),
            cause: OnceLock::new(),
            ready: Latch::new(),
            stopping: Latch::new(),
            gone: Latch::new(),
            drain_skipped: AtomicBool::new(false),
            force_requested: AtomicBool::new(false),
            force_requested_at: OnceLock::new(),
            guards: Mutex::new(Some(Vec::new())),
            door: OnceLock::new(),
            born: Instant::now(),
        });
        Inbox {
            link,
            batch: VecDeque::new(),
        }
    }

    /// Requests the stop. The first request counts; the group decides the cause.
    pub(crate) fn request(&self, cause: Cause) {
        // A group that is gone has its cause or will never have one.
        if self.gone.is_set() {
            return drop(cause);
        }
        let at = self.now();
        match self.request.set(Request { cause, at }) {
            Ok(()) => {
                let stopping = self.stopping.trip(true);
                let ready = self.ready.trip(false);
                // It is sent before the wakers are called, because one of them might not return.
                self.send(Event::Requested);
                stopping.wake();
                ready.wake();
            }
            Err(late) => {
                // The first request may still be about to do this. After its own call, each caller
                // must find that the group is stopping.
                self.stop();
                drop(late);
            }
        }
    }

    /// The request, whether `run` has taken it or not.
    pub(crate) fn requested(&self) -> Option<&Request> {
        self.request.get()
    }

    /// Skips the drain delay, now or later, once.
    pub(crate) fn skip_drain(&self) {
        // Relaxed, because the event, sent under the mail's lock, brings it to the group.
        if !self.drain_skipped.swap(true, Ordering::Relaxed) {
            self.send(Event::SkipDrain);
        }
    }

    pub(crate) fn is_drain_skipped(&self) -> bool {
        self.drain_skipped.load(Ordering::Relaxed)
    }

    /// Requests a force, once.
    pub(crate) fn request_force(&self, cause: Cause) {
        // It is set before the request, so that a group that takes the request does not begin a
        // stage in between. Relaxed, because the events, sent under the mail's lock, bring it to
        // the group.
        let is_first = !self.force_requested.swap(true, Ordering::Relaxed);
        let _ = self.force_requested_at.set(self.now());
        self.request(cause);
        if is_first {
            self.send(Event::Force);
        }
    }

    pub(crate) fn is_force_requested(&self) -> bool {
        self.force_requested.load(Ordering::Relaxed)
    }

    /// When a force was first requested, since the birth of the group.
    pub(crate) fn force_requested_at(&self) -> Option<Duration> {
        self.force_requested_at.get().copied()
    }

    /// Queues an event and wakes the group.
    pub(crate) fn send(&self, event: Event) {
        self.tell_if(event, || true);
        self.wake();
    }

    /// Queues an event if `claim` returns true, without waking the group, and returns what `claim`
    /// returned. The claim is made under the lock, so whoever finds it taken finds the event too.
    /// Once the group is gone, the event is dropped.
    pub(crate) fn tell_if(&self, event: Event, claim: impl FnOnce() -> bool) -> bool {
        let mut mail = self.mail();
        let claimed = claim();
        if claimed && !mail.closed {
            mail.events.push_back(event);
        } else {
            drop(mail);
            drop(event);
        }
        claimed
    }

    pub(crate) fn wake(&self) {
        let waker = self.mail().waker.take();
        if let Some(waker) = waker {
            // A waker that panics must not fail the task or the handle.
            contain(|| waker.wake());
        }
    }

    /// Makes the next event wake the task of `cx`.
    pub(crate) fn keep_waker(&self, cx: &Context<'_>) {
        let is_kept = |kept: &Waker| kept.will_wake(cx.waker());
        if self.mail().waker.as_ref().is_some_and(is_kept) {
            return;
        }
        let Ok(waker) = catch(|| cx.waker().clone()) else {
            // A waker that cannot be kept can still be called: poll again rather than never.
            return contain(|| cx.waker().wake_by_ref());
        };
        let outdated = self.mail().waker.replace(waker);
        discard(outdated);
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        lock(&self.mail)
    }

    /// Ends readiness, for good.
    pub(crate) fn stop(&self) {
        let stopping = self.stopping.trip(true);
        let ready = self.ready.trip(false);
        stopping.wake();
        ready.wake();
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.was_ready() && !self.stopping.is_set()
    }

    /// Whether it was ever ready.
    pub(crate) fn was_ready(&self) -> bool {
        self.ready.get() == Some(true)
    }

    /// The cause, once `run` knows it.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.get()
    }

    /// Publishes the cause.
    pub(crate) fn caused(&self, cause: Cause) {
        let _ = self.cause.set(cause);
    }

    pub(crate) fn standing(&self) -> Standing {
        *lock(&self.standing)
    }

    pub(crate) fn enter(&self, phase: Phase, since: Duration) {
        let mut standing = lock(&self.standing);
        if standing.phase != phase {
            standing.phase = phase;
            standing.since = since;
        }
    }

    pub(crate) fn set_deadline(&self, deadline: Option<Duration>) {
        lock(&self.standing).deadline = deadline;
    }

    /// Keeps `guard` until the group is gone.
    pub(crate) fn keep(&self, guard: Box<dyn Send>) {
        let mut guards = lock(&self.guards);
        if let Some(guards) = &mut *guards {
            return guards.push(guard);
        }
        drop(guards);
        discard(guard);
    }

    /// Sets where actors are added.
    pub(crate) fn lead_to(&self, door: Weak<dyn Any + Send + Sync>) {
        let _ = self.door.set(door);
    }

    /// Where actors are added, until the group is gone.
    pub(crate) fn door<D: Any + Send + Sync>(&self) -> Option<Arc<D>> {
        self.door.get()?.upgrade()?.downcast().ok()
    }

    /// The time since the birth of the group.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }
}

/// The group's end. Dropping it closes the link and drops what was sent, so that nothing outlives
/// the group.
pub(crate) struct Inbox {
    pub(crate) link: Arc<Link>,
    /// The events that were taken from the link together and have yet to be looked at.
    batch: VecDeque<Event>,
}

impl Inbox {
    /// The next event of the batch that was last fetched.
    pub(crate) fn event(&mut self) -> Option<Event> {
        self.batch.pop_front()
    }

    /// Fetches all events that were sent. Returns whether there were any.
    pub(crate) fn fetch(&mut self) -> bool {
        if self.batch.capacity() > QUEUE_KEPT {
            self.batch = VecDeque::new();
        }
        std::mem::swap(&mut self.batch, &mut self.link.mail().events);
        !self.batch.is_empty()
    }

    /// The next event of all that were sent.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        if self.batch.is_empty() {
            self.fetch();
        }
        self.event()
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.batch.is_empty() || !self.link.mail().events.is_empty()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.link.stop();
        self.link.mail().closed = true;
        while self.next_event().is_some() {}
        let waker = self.link.mail().waker.take();
        discard(waker);
        if self.link.standing().phase != Phase::Ended {
            self.link.enter(Phase::Ended, self.link.now());
        }
        self.link.gone.set(true);
        let guards = lock(&self.link.guards).take();
        guards.into_iter().flatten().for_each(discard);
    }
}
