//! What a group shares with its handles and its tasks.
//!
//! 1. Two channels lead to the group: events, and added actors. `close` on the second at the
//!    cause, then draining it, makes every added actor either accepted or given back, by the
//!    channel's own guarantee (law 24).
//! 2. The channels are only queues: nobody waits on them. The waker of `run` is kept here, and is
//!    called outside every lock, because a waker is foreign code that may call a handle (law 24).
//! 3. Whoever sends, sends first and wakes second; the group keeps its waker first and looks
//!    second. So no event sleeps unseen.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender};

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
    events: Sender<Event>,
    added: Sender<Actor>,
    waker: Mutex<Option<Waker>>,
    /// Left to `Ok` as soon as all is ready, or to `Err` when the stop came first.
    pub(crate) ready: Arc<Latch<std::result::Result<(), NotReady>>>,
    stopping: AtomicBool,
    requests: AtomicUsize,
    force_requested: AtomicBool,
    quiet: AtomicBool,
    forced: AtomicBool,
    /// Where the group's times are counted from.
    born: Instant,
}

impl Link {
    /// Makes a link; the inbox is the group's.
    #[allow(clippy::new_ret_no_self)]
    pub(crate) fn new() -> Inbox {
        let (events, events_in) = async_channel::unbounded();
        let (added, added_in) = async_channel::unbounded();
        let link = Arc::new(Link {
            events,
            added,
            waker: Mutex::new(None),
            ready: Arc::new(Latch::new()),
            stopping: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            force_requested: AtomicBool::new(false),
            quiet: AtomicBool::new(false),
            forced: AtomicBool::new(false),
            born: Instant::now(),
        });
        Inbox {
            link,
            events: events_in,
            added: added_in,
        }
    }

    /// Queues an event, without waking the group. Once the group is gone, nobody needs it.
    pub(crate) fn tell(&self, event: Event) {
        if let Err(unneeded) = self.events.try_send(event) {
            let _ = unwind::catch_drop(unneeded);
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

    /// Queues an actor and wakes the group, or gives the actor back once the group is stopping.
    pub(crate) fn add(&self, actor: Actor) -> std::result::Result<(), Actor> {
        self.added
            .try_send(actor)
            .map_err(async_channel::TrySendError::into_inner)?;
        self.wake();
        Ok(())
    }

    pub(crate) fn wake(&self) {
        let waker = self.waker().take();
        if let Some(waker) = waker {
            // Caught: it is not the task's fault, nor the handle's, if `run` cannot be woken.
            let _ = unwind::catch(|| waker.wake());
        }
    }

    /// Makes `waker` the one that is woken by the next event.
    pub(crate) fn keep_waker(&self, waker: &Waker) {
        if self
            .waker()
            .as_ref()
            .is_some_and(|kept| kept.will_wake(waker))
        {
            return;
        }
        let waker = waker.clone();
        let outdated = self.waker().replace(waker);
        drop(outdated);
    }

    /// Not to be held while foreign code runs: wakers are cloned, woken and dropped without it.
    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends readiness and the adding of actors. Called by whoever knows first: a handle, or the
    /// group; the cause is for the group to decide.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.added.close();
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

    /// Announces a force; the fence pairs with the one in [`is_forced`](Link::is_forced).
    pub(crate) fn force(&self) {
        self.forced.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    pub(crate) fn is_forced(&self) -> bool {
        fence(Ordering::SeqCst);
        self.forced.load(Ordering::Relaxed)
    }
}

/// The group's end of the channels. Dropped, it closes and empties both, so that nothing sent lives
/// longer than the group.
pub(crate) struct Inbox {
    pub(crate) link: Arc<Link>,
    events: Receiver<Event>,
    added: Receiver<Actor>,
}

impl Inbox {
    pub(crate) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }

    /// Waits until something was sent.
    pub(crate) async fn wait(&self) {
        poll_fn(|cx| {
            self.link.keep_waker(cx.waker());
            if self.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.added.is_empty()
    }

    pub(crate) fn event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    pub(crate) fn added(&self) -> Option<Actor> {
        // Asked for each actor that is added, and mostly there is none.
        if self.added.is_empty() {
            None
        } else {
            self.added.try_recv().ok()
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.link.stop();
        self.events.close();
        while let Some(event) = self.event() {
            let _ = unwind::catch_drop(event);
        }
        while let Some(actor) = self.added() {
            let _ = unwind::catch_drop(actor);
        }
        let waker = self.link.waker().take();
        drop(waker);
    }
}
