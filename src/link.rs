//! What a group shares with its handles and its tasks.
//!
//! 1. All that is sent to the group goes through one lock, which also guards whether it is still
//!    taken: an actor that is added is either accepted before the cause, or given back (law 24).
//! 2. The lock is never held while foreign code runs: wakers are cloned, called and dropped without
//!    it, because they may call a handle. (`async-channel` and `event-listener` wake under a lock.)
//! 3. Whoever sends, sends first and wakes second; the group keeps its waker first and looks
//!    second. So no event sleeps unseen.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::actor::Actor;
use crate::cell::Exited;
use crate::exit::Result;
use crate::latch::Latch;
use crate::readiness::NotReady;
use crate::unwind;

/// What tasks and handles tell the group.
pub(crate) enum Event {
    Exited(Exited),
    /// An actor of this stage announced that it is ready.
    Announced(u32),
    Request {
        outcome: Result,
        reason: Option<Cow<'static, str>>,
    },
    Force,
}

pub(crate) struct Link {
    mail: Mutex<Mail>,
    /// Left to `Ok` as soon as all is ready, or to `Err` when the stop came first.
    pub(crate) ready: Arc<Latch<std::result::Result<(), NotReady>>>,
    stopping: AtomicBool,
    requests: AtomicUsize,
    force_requested: AtomicBool,
    quiet: AtomicBool,
    /// Where the group's times are counted from.
    born: Instant,
}

/// What was sent and not yet taken.
#[derive(Default)]
struct Mail {
    events: VecDeque<Event>,
    added: VecDeque<Actor>,
    /// Since the stop began: no actor is taken.
    stopping: bool,
    /// Since the group is gone: nothing is.
    closed: bool,
    /// Of the task that polls `run`.
    waker: Option<Waker>,
}

impl Mail {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.added.is_empty()
    }
}

impl Link {
    /// Makes a link and the group's end of it.
    pub(crate) fn open() -> Inbox {
        let link = Arc::new(Link {
            mail: Mutex::default(),
            ready: Arc::new(Latch::new()),
            stopping: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            force_requested: AtomicBool::new(false),
            quiet: AtomicBool::new(false),
            born: Instant::now(),
        });
        Inbox {
            link,
            events: VecDeque::new(),
        }
    }

    /// Asks the group to stop. Two requests can matter, the one that is the cause and the one that
    /// skips the drain; further ones are not even queued.
    pub(crate) fn request(&self, outcome: Result, reason: Option<Cow<'static, str>>) {
        self.stop();
        if self.requests.load(Ordering::Relaxed) < 2 {
            self.requests.fetch_add(1, Ordering::Relaxed);
            self.send(Event::Request { outcome, reason });
        }
    }

    /// Asks the group to force what remains; once.
    pub(crate) fn request_force(&self) {
        self.stop();
        if !self.force_requested.swap(true, Ordering::Relaxed) {
            self.send(Event::Force);
        }
    }

    /// Queues an event and wakes the group.
    pub(crate) fn send(&self, event: Event) {
        self.tell(event);
        self.wake();
    }

    /// Queues an event, without waking the group. Once the group is gone, nobody needs it.
    pub(crate) fn tell(&self, event: Event) {
        let mut mail = self.mail();
        if mail.closed {
            drop(mail);
            let _ = unwind::catch_drop(event);
        } else {
            mail.events.push_back(event);
        }
    }

    /// Queues an actor and wakes the group, or gives the actor back once the group is stopping.
    pub(crate) fn add(&self, actor: Actor) -> std::result::Result<(), Actor> {
        let mut mail = self.mail();
        if mail.stopping {
            return Err(actor);
        }
        mail.added.push_back(actor);
        drop(mail);
        self.wake();
        Ok(())
    }

    pub(crate) fn wake(&self) {
        let waker = self.mail().waker.take();
        if let Some(waker) = waker {
            // Caught: it is not the task's fault, nor the handle's, if `run` cannot be woken.
            let _ = unwind::catch(|| waker.wake());
        }
    }

    /// Makes `waker` the one that is woken by the next event.
    pub(crate) fn keep_waker(&self, waker: &Waker) {
        let is_kept = |kept: &Waker| kept.will_wake(waker);
        if self.mail().waker.as_ref().is_some_and(is_kept) {
            return;
        }
        let waker = waker.clone();
        let outdated = self.mail().waker.replace(waker);
        let _ = unwind::catch_drop(outdated);
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends readiness and the adding of actors. Called by whoever knows first: a handle, or the
    /// group; the cause is for the group to decide.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.mail().stopping = true;
        self.ready.set(Err(NotReady::new()));
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.ready.get(), Some(Ok(()))) && !self.stopping.load(Ordering::Acquire)
    }

    /// The time since the birth of the group.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// From now on an `Ok` exit is only counted.
    pub(crate) fn quiet(&self) {
        self.quiet.store(true, Ordering::Release);
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Acquire)
    }
}

/// The group's end. Dropped, it closes the link and drops what was sent, so that nothing sent lives
/// longer than the group.
pub(crate) struct Inbox {
    pub(crate) link: Arc<Link>,
    /// Taken from the link, all at once, and yet to be looked at.
    events: VecDeque<Event>,
}

impl Inbox {
    pub(crate) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }

    /// Waits until something was sent.
    pub(crate) async fn wait(&self) {
        poll_fn(|cx| {
            self.link.keep_waker(cx.waker());
            if self.events.is_empty() && self.link.mail().is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    pub(crate) fn event(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            std::mem::swap(&mut self.events, &mut self.link.mail().events);
        }
        self.events.pop_front()
    }

    pub(crate) fn added(&mut self) -> Option<Actor> {
        self.link.mail().added.pop_front()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.link.stop();
        self.link.mail().closed = true;
        while let Some(event) = self.event() {
            let _ = unwind::catch_drop(event);
        }
        while let Some(actor) = self.added() {
            actor.discard();
        }
        let waker = self.link.mail().waker.take();
        let _ = unwind::catch_drop(waker);
    }
}
