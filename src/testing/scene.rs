//! What the watched actors of one trial and its driver share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::fault::Injection;
use super::moment::{Moment, label};
use super::plan::Polls;
use crate::handle::Handle;
use crate::name::Name;
use crate::phase::Phase;
use crate::sync::lock;

/// One trial. Its watched actors do the fault, and its driver takes note.
pub(super) struct Scene {
    pub(super) handle: Handle,
    pub(super) moment: Option<Moment>,
    cast: Mutex<Cast>,
    state: Mutex<State>,
}

/// The actors, in the order of spawning.
#[derive(Default)]
struct Cast {
    actors: Vec<Arc<Seen>>,
    names: HashMap<Name, usize>,
}

/// One actor, as the kit sees it.
pub(super) struct Seen {
    pub(super) name: Name,
    label: String,
    polls: AtomicUsize,
    /// Whether it is inside a poll.
    inside: AtomicBool,
    gone: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Wakes the driver.
    driver: Option<Waker>,
    /// Whether the fault was done.
    is_done: bool,
    /// Whether the driver is to drop the `run` future.
    wants_drop: bool,
    /// The actor whose poll waits until `run` has taken the fault.
    held: Option<Waker>,
    is_released: bool,
}

impl Scene {
    pub(super) fn new(handle: Handle, moment: Option<Moment>) -> Scene {
        Scene {
            handle,
            moment,
            cast: Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// Takes note of an actor that is spawned.
    pub(super) fn enter(&self, name: &Name) -> Arc<Seen> {
        let mut cast = lock(&self.cast);
        let namesakes = cast.names.entry(name.clone()).or_default();
        let nth = *namesakes;
        *namesakes += 1;
        let seen = Arc::new(Seen {
            name: name.clone(),
            label: label(name, nth),
            polls: AtomicUsize::new(0),
            inside: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        });
        cast.actors.push(Arc::clone(&seen));
        seen
    }

    /// Takes note that the future of an actor is gone.
    pub(super) fn leave(&self, seen: &Seen) {
        // Release pairs with the acquire in `is_gone`.
        seen.gone.store(true, Ordering::Release);
        self.wake_driver();
    }

    /// What is due before this poll of the actor.
    pub(super) fn injection(&self, seen: &Seen) -> Option<Injection> {
        // Relaxed, because an executor orders the polls of a task.
        let poll = 1 + seen.polls.fetch_add(1, Ordering::Relaxed);
        let moment = self.moment.as_ref()?;
        let is_due = moment.poll == poll && moment.actor == seen.label;
        is_due.then_some(moment.injection)
    }

    /// Does what must be done outside the actor. Losing its task is the actor's own affair.
    pub(super) fn inject(&self, injection: Injection) {
        {
            let mut state = lock(&self.state);
            state.is_done = true;
            state.wants_drop = injection == Injection::Dropped;
        }
        match injection {
            Injection::Stop | Injection::StopFirst => self.handle.stop(Ok(())),
            Injection::Force => self.handle.force(),
            Injection::Lost | Injection::Dropped => {}
        }
        self.wake_driver();
    }

    /// Is ready when the poll that was held may go on.
    pub(super) fn held(&self, waker: &Waker) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.is_released {
            return Poll::Ready(());
        }
        let outdated = state.held.replace(waker.clone());
        drop(state);
        drop(outdated);
        Poll::Pending
    }

    /// Lets the held poll go on if `run` has taken the fault.
    pub(super) fn release_if_taken(&self) {
        if !self.is_done() {
            return;
        }
        let phase = self.handle.status().phase();
        if matches!(phase, Phase::Draining | Phase::Stopping | Phase::Ended) {
            self.release();
        }
    }

    pub(super) fn release(&self) {
        let mut state = lock(&self.state);
        state.is_released = true;
        let held = state.held.take();
        drop(state);
        if let Some(held) = held {
            held.wake();
        }
    }

    pub(super) fn driven_by(&self, waker: &Waker) {
        let outdated = lock(&self.state).driver.replace(waker.clone());
        drop(outdated);
    }

    pub(super) fn wake_driver(&self) {
        let driver = lock(&self.state).driver.clone();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Whether the fault was done.
    pub(super) fn is_done(&self) -> bool {
        lock(&self.state).is_done
    }

    pub(super) fn wants_drop(&self) -> bool {
        lock(&self.state).wants_drop
    }

    /// What tells whether the actors rest: how many there are, and how often they were polled. None
    /// while one of them has yet to be polled or is inside a poll.
    pub(super) fn pace(&self) -> Option<(usize, usize)> {
        let cast = lock(&self.cast);
        let polls = cast.actors.iter().map(|seen| match seen.polls() {
            0 => None,
            _ if seen.inside.load(Ordering::Relaxed) => None,
            polls => Some(polls),
        });
        let polls = polls.sum::<Option<usize>>()?;
        Some((cast.actors.len(), polls))
    }

    /// The first actor whose future is not gone.
    pub(super) fn alive(&self) -> Option<Name> {
        let cast = lock(&self.cast);
        let alive = cast.actors.iter().find(|seen| !seen.is_gone());
        alive.map(|seen| seen.name.clone())
    }

    /// The actor that the fault is for, if it was spawned.
    pub(super) fn victim(&self) -> Option<Name> {
        let label = &self.moment.as_ref()?.actor;
        let cast = lock(&self.cast);
        let victim = cast.actors.iter().find(|seen| seen.label == *label);
        victim.map(|seen| seen.name.clone())
    }

    /// The actor that was spawned first.
    pub(super) fn first(&self) -> Option<Name> {
        lock(&self.cast)
            .actors
            .first()
            .map(|seen| seen.name.clone())
    }

    pub(super) fn polls(&self) -> Vec<Polls> {
        let of = |seen: &Arc<Seen>| Polls {
            actor: seen.label.clone(),
            count: seen.polls(),
        };
        lock(&self.cast).actors.iter().map(of).collect()
    }
}

impl Seen {
    /// Relaxed, because whoever asks a moment earlier or later gets the answer of that moment.
    fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    /// Notes that a poll lasts as long as `poll` does, which does not panic.
    pub(super) fn polled<T>(&self, poll: impl FnOnce() -> T) -> T {
        // Relaxed, as above: what is asked is whether the actors rest for a while.
        self.inside.store(true, Ordering::Relaxed);
        let polled = poll();
        self.inside.store(false, Ordering::Relaxed);
        polled
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
}
