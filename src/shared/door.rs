//! Where actors are added to a group from outside or given back, and which actors are inside.
//!
//! One lock guards the queue and the gate, so each actor is either queued before the gate closes
//! for it, or given back (law 24). Taking the queue and closing the gate is one step, so no actor
//! that was accepted is forgotten. Actors are dropped and `run` is woken outside the locks.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::actor::Actor;
use crate::settings::{Adder, Rank};
use crate::shared::link::Link;
use crate::shared::members::Roll;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

/// The group takes so many at a time, so that it sees a request to stop although somebody adds actors
/// faster than they start.
const BATCH: usize = 256;

/// It is shared weakly, through the [`Link`], so it does not outlive its group.
pub(crate) struct Door {
    link: Arc<Link>,
    gate: Mutex<Gate>,
    /// Whether anything was added: if not, the group need not take the lock. Set before the group
    /// is woken, and read after the group has kept its waker.
    has_added: AtomicBool,
    roll: Mutex<Roll>,
}

/// The actors that were added and not yet taken, and the stages for which the gate is closed.
#[derive(Default)]
struct Gate {
    added: VecDeque<Actor>,
    closed: Closed,
}

/// It only closes further and never opens again.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Closed {
    #[default]
    ForNobody,
    /// For this stage and those that stop before it.
    From(Rank),
    ForAll,
}

impl Closed {
    fn is_for(self, rank: Rank) -> bool {
        match self {
            Closed::ForNobody => false,
            Closed::From(lowest) => rank >= lowest,
            Closed::ForAll => true,
        }
    }
}

impl Door {
    fn new(link: Arc<Link>) -> Door {
        Door {
            link,
            gate: Mutex::new(Gate::default()),
            has_added: AtomicBool::new(false),
            roll: Mutex::new(Roll::default()),
        }
    }

    /// Queues an actor and wakes the group, or gives the actor back if its stage was told to stop.
    pub(crate) fn add(&self, mut actor: Actor, adder: Option<Adder>) -> Result<(), Actor> {
        let settings = match adder {
            Some(adder) => actor.settings.added_by(adder),
            None => actor.settings,
        };
        let mut gate = lock(&self.gate);
        if gate.closed.is_for(settings.rank()) {
            drop(gate);
            return Err(actor);
        }
        actor.settings = settings;
        gate.added.push_back(actor);
        // Relaxed here and below, because a lock orders it: this one, or that of the mail, which
        // the adder takes next (to wake the group) and the group has just released (having kept its
        // waker).
        self.has_added.store(true, Ordering::Relaxed);
        drop(gate);
        self.link.wake();
        Ok(())
    }

    pub(crate) fn has_added(&self) -> bool {
        self.has_added.load(Ordering::Relaxed)
    }

    /// Takes the next actors that were added, in their order.
    pub(crate) fn take(&self) -> Vec<Actor> {
        if !self.has_added() {
            return Vec::new();
        }
        let mut gate = lock(&self.gate);
        let many = gate.added.len().min(BATCH);
        let next = gate.added.drain(..many).collect();
        self.has_added
            .store(!gate.added.is_empty(), Ordering::Relaxed);
        if gate.added.is_empty() && gate.added.capacity() > BATCH {
            // A queue that was long gives its memory back.
            gate.added = VecDeque::new();
        }
        next
    }

    /// Takes all actors that were added.
    pub(crate) fn take_all(&self) -> VecDeque<Actor> {
        if !self.has_added() {
            return VecDeque::new();
        }
        let mut gate = lock(&self.gate);
        self.has_added.store(false, Ordering::Relaxed);
        std::mem::take(&mut gate.added)
    }

    /// Closes the door for the next stage of the stop: the highest of the actors inside and of
    /// those that were added. Returns the stage and the actors that were added. If there is no
    /// stage, the door is closed for good.
    pub(crate) fn close_stage(&self) -> (Option<Rank>, VecDeque<Actor>) {
        let inside = self.roll().highest();
        let mut gate = lock(&self.gate);
        let added = gate.added.iter().map(|actor| actor.settings.rank()).max();
        let next = inside.max(added);
        if gate.closed != Closed::ForAll {
            gate.closed = next.map_or(Closed::ForAll, Closed::From);
        }
        (next, std::mem::take(&mut gate.added))
    }

    /// Closes the door for good. The group takes what was added.
    pub(crate) fn lock(&self) {
        lock(&self.gate).closed = Closed::ForAll;
    }

    /// Closes the door for good. Returns the actors that were added.
    pub(crate) fn close(&self) -> VecDeque<Actor> {
        let mut gate = lock(&self.gate);
        gate.closed = Closed::ForAll;
        std::mem::take(&mut gate.added)
    }

    /// Lets in the actors that were added before the group ran.
    pub(crate) fn admit_all(&self, roll: Roll) {
        *self.roll() = roll;
    }

    /// The actors inside. The lock must not be held while foreign code runs, because any thread may
    /// ask for the status.
    pub(crate) fn roll(&self) -> MutexGuard<'_, Roll> {
        lock(&self.roll)
    }
}

/// The group's hold on its door. Dropping it closes the door and drops what was added.
pub(crate) struct Keeper {
    door: Arc<Door>,
}

impl Keeper {
    pub(crate) fn open(link: &Arc<Link>) -> Keeper {
        let door = Arc::new(Door::new(Arc::clone(link)));
        let weak = Arc::downgrade(&door);
        link.lead_to(weak);
        Keeper { door }
    }
}

impl std::ops::Deref for Keeper {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Each actor contains the panics of its own destructors.
        drop(self.close());
        let roll = std::mem::take(&mut *self.roll());
        drop(roll);
    }
}
