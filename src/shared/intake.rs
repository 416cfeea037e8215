//! Where actors are added to a group from outside or given back, and which actors are inside.
//!
//! One lock guards the queue and for whom it is closed, so each actor is either queued before the
//! intake closes for it, or given back (law 24). Taking the queue and closing the intake is one
//! step, so no actor that was accepted is forgotten. Actors are dropped and `run` is woken outside
//! the locks.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use crate::actor::Actor;
use crate::settings::{Parent, StopOrder};
use crate::shared::group_state::{GroupState, Registry};
use crate::shared::members::MemberTable;
use crate::shared::snapshot::MemberSnapshot;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

/// The state of the group knows it weakly, as its [`Registry`], so it does not outlive its group.
pub(crate) struct Intake {
    state: Arc<GroupState>,
    queue: Mutex<Queue>,
    /// Whether anything was added: if not, the group need not take the lock.
    ///
    /// | adder | group, before it waits |
    /// | --- | --- |
    /// | sets it | locks the mail and keeps its waker |
    /// | locks the mail and takes the waker | reads it |
    ///
    /// If the adder locks the mail first, the group sees the flag. If the group does, the adder wakes
    /// it. So Relaxed is enough: the lock orders the two.
    has_added: AtomicBool,
    /// Shared for readers of the status alone. The lock must not be held while foreign code runs.
    members: Mutex<MemberTable>,
}

/// The actors that were added and not yet taken.
#[derive(Default)]
struct Queue {
    added: VecDeque<Actor>,
    closed: Closed,
}

/// For whom the intake is closed. It only closes further and never opens again.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Closed {
    #[default]
    ForNone,
    /// For this stage and those that stop before it.
    From(StopOrder),
    ForAll,
}

impl Closed {
    fn is_for(self, order: StopOrder) -> bool {
        match self {
            Closed::ForNone => false,
            Closed::From(lowest) => order >= lowest,
            Closed::ForAll => true,
        }
    }
}

impl Intake {
    /// Makes the intake of a new group, and the group's state.
    pub(crate) fn new() -> Arc<Intake> {
        Arc::new_cyclic(|registry: &Weak<Intake>| Intake {
            state: GroupState::new(registry.clone()),
            queue: Mutex::new(Queue::default()),
            has_added: AtomicBool::new(false),
            members: Mutex::new(MemberTable::default()),
        })
    }

    pub(crate) fn state(&self) -> &Arc<GroupState> {
        &self.state
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    pub(crate) fn has_added(&self) -> bool {
        self.has_added.load(Ordering::Relaxed)
    }

    /// Takes the next actors that were added, if any were, at most `most`, in the order of adding.
    pub(crate) fn take(&self, most: usize) -> Option<VecDeque<Actor>> {
        self.has_added().then(|| self.take_queued(most))
    }

    fn take_queued(&self, most: usize) -> VecDeque<Actor> {
        let mut queue = self.queue();
        if queue.added.len() <= most {
            return self.empty(&mut queue);
        }
        // Actors are left, and so is the flag: the group comes back for them.
        queue.added.drain(..most).collect()
    }

    /// Takes all actors that were added, if any were.
    pub(crate) fn take_all(&self) -> Option<VecDeque<Actor>> {
        self.take(usize::MAX)
    }

    /// Closes the intake for the next stage of the stop: the highest of the members and of the actors
    /// that were added. Returns that stage and the actors that were added. Without a stage, the
    /// intake is closed for all.
    pub(crate) fn close_stage_and_take(&self) -> (Option<StopOrder>, VecDeque<Actor>) {
        // The two locks are taken one after the other. Only `run`, which is here, makes members, so
        // the highest of them cannot rise in between.
        let highest_member = self.members().highest();
        let mut queue = self.queue();
        let highest_added = queue.added.iter().map(|actor| actor.settings.order()).max();
        let next = highest_member.max(highest_added);
        // The queue is taken and closed in one critical section (invariant 4). If it were closed
        // later, an actor could enter a stage that was already interrupted, and would never be told
        // to stop. If it were taken later, an actor that is accepted meanwhile would be too late
        // for its turn.
        if queue.closed != Closed::ForAll {
            // A force may have closed it for all: it never opens again (law 24).
            queue.closed = next.map_or(Closed::ForAll, Closed::From);
        }
        (next, self.empty(&mut queue))
    }

    /// Closes the intake for all, and takes the actors that were added.
    pub(crate) fn close_and_take(&self) -> VecDeque<Actor> {
        let mut queue = self.queue();
        queue.closed = Closed::ForAll;
        self.empty(&mut queue)
    }

    fn empty(&self, queue: &mut Queue) -> VecDeque<Actor> {
        // Cleared under the lock under which it is set, so it never hides an actor that is queued.
        self.has_added.store(false, Ordering::Relaxed);
        std::mem::take(&mut queue.added)
    }

    /// Closes the intake for all, and drops all that it has.
    pub(crate) fn close_and_drop(&self) {
        drop(self.close_and_take());
        // Their destructors are foreign and may ask for the status, which takes the lock.
        let members = self.members().take();
        drop(members);
    }

    /// Takes over the members that were added before the group ran.
    pub(crate) fn set_members(&self, members: MemberTable) {
        *self.members() = members;
    }

    pub(crate) fn members(&self) -> MutexGuard<'_, MemberTable> {
        lock(&self.members)
    }
}

impl Registry for Intake {
    fn add(&self, mut actor: Actor, parent: Option<Parent>) -> Result<(), Actor> {
        let settings = match parent {
            Some(parent) => actor.settings.with_parent(parent),
            None => actor.settings,
        };
        // The check and the push are one critical section. If they were two, the group could close
        // and take the queue in between, and the actor would be accepted and never run (law 24).
        let mut queue = self.queue();
        if queue.closed.is_for(settings.order()) {
            // The actor goes back as it came: its settings have not been touched (law 24).
            drop(queue);
            return Err(actor);
        }
        actor.settings = settings;
        queue.added.push_back(actor);
        self.has_added.store(true, Ordering::Relaxed);
        drop(queue);
        // The wake comes after the flag (see `has_added`). The waker is foreign, so it is called
        // outside the lock.
        self.state.mailbox.wake();
        Ok(())
    }

    fn close_for_all(&self) {
        self.queue().closed = Closed::ForAll;
    }

    fn snapshot(&self) -> Vec<MemberSnapshot> {
        // Names are copied under the lock and formatted outside it, because that is foreign code.
        self.members().snapshot()
    }
}
