//! The state machine of a running group.
//!
//! It is sequential: it lives inside the `run` future, takes one event after the other, decides,
//! and acts through the spawner and the interrupts. It knows no runtime.
//!
//! ```text
//!                   cause           drain over           no stage is left
//! Starting, Running ─────► Draining ──────────► Stopping ────────────────► Ended
//!        │  │      (else straight on)  │         │  ▲  │                     ▲
//!        │  └──────────────────────────┼─────────┘  └──┘ next stage          │
//!        └─ dropped ───────────────────┴──────── force ──────────────────────┘
//! ```
//!
//! A drain belongs to running: everything goes on as before, and only the cause is settled. The
//! stop proper begins with the first interrupt and goes through the stages, one *turn* each.
//!
//! Invariants, cited where the code relies on them:
//!
//! 1. The cause is set once, at the end of Running; it never changes.
//! 2. An interrupt is taken out of its member before it is called, so it is called once, even if it
//!    panics or the machine is dropped meanwhile. None is called before the cause is set.
//! 3. A started actor has exactly one end: an `Exited` event, a count (of an `Ok` exit, once its
//!    stage is quiet), or a force. In its turn, each of them leaves its stage's count once.
//! 4. The door is closed for a stage at the moment its turn is decided: no actor enters a stage
//!    that was told to stop, and no actor that was accepted is left out of its turn.
//! 5. A stage is interrupted when all stages before it in the stop order are empty, or in a force.
//! 6. All foreign code (executes, interrupts, destructors, clocks) is called so that its panic
//!    comes back as a value. Only a spawner's panic goes through, and then `Drop` forces the group.

mod alarm;
mod limits;
mod roster;
mod stop;
mod wait;

use std::time::Duration;

use crate::actor::Actor;
use crate::cause::{Cause, Exit, StopTimes, Trigger};
use crate::error::severity;
use crate::outcome::Kept;
use crate::phase::Phase;
use crate::report::{Report, Severity};
use crate::settings::Rank;
use crate::shared::door::Keeper;
use crate::shared::link::{Event, Exited, Inbox, Key};
use crate::shared::member::Member;
use crate::shared::seat::Seat;
use crate::spawner::Spawner;
use crate::task::Task;
use crate::trace;

pub(crate) use limits::Limits;
pub(crate) use roster::Roster;
use stop::Stop;
use wait::{Fairness, Woken};

pub(crate) struct Machine<'a> {
    spawner: &'a dyn Spawner,
    inbox: Inbox,
    door: Keeper,
    roster: Roster,
    limits: Limits,
    report: Report,
    /// Set from the cause on.
    stop: Option<Stop>,
    fairness: Fairness,
}

/// An event that ends the group, if it is the first.
enum Ending {
    Exit {
        exit: Exit,
        /// Since the birth of the group.
        at: Duration,
        /// Its severity if it counts as an exit during the stop.
        severity: Severity,
    },
    Requested,
    NoActorLeft,
    SkipDrain,
    Force,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        spawner: &'a dyn Spawner,
        inbox: Inbox,
        door: Keeper,
        roster: Roster,
        limits: Limits,
        report: Report,
    ) -> Machine<'a> {
        Machine {
            spawner,
            inbox,
            door,
            roster,
            limits,
            report,
            stop: None,
            fairness: Fairness::default(),
        }
    }

    /// Starts all actors whose stage may start.
    pub(crate) fn start(&mut self) {
        if self.stop.is_none() && self.inbox.link.standing().phase == Phase::NotStarted {
            self.enter(Phase::Starting);
            if let Some(grace) = self.limits.too_short_for_drain() {
                trace::drain_exceeds_grace(self.limits.drain, grace);
            }
        }
        self.start_due();
    }

    fn start_due(&mut self) {
        if self.roster.has_none_to_start() {
            return;
        }
        // The clock is read once for all, because it costs more than the rest of a start.
        let now = self.inbox.link.now();
        for run in self.roster.due() {
            let (rank, mut nths) = (run.rank(), run.nths);
            // This comes before the call of the spawner, which may panic: from here on, their exits
            // count.
            self.roster.started(rank, nths.clone().count());
            // A run begins and ends at page boundaries, because looking at a page closes it.
            while !nths.is_empty() {
                let nth = nths.start;
                let page = self.door.roll().page(Key { rank, nth });
                let Some(page) = page else { break };
                nths.start += page.len() as u64;
                self.start_each((0..page.len()).map(|at| Seat::new(&page, at)), now);
            }
        }
        let due = self.roster.due_by_readiness(&mut self.door.roll());
        for key in due {
            let seat = self.door.roll().get(key);
            self.roster.started(key.rank, seat.iter().count());
            self.start_each(seat.into_iter(), now);
        }
    }

    fn start_each(&self, seats: impl Iterator<Item = Seat>, now: Duration) {
        for seat in seats {
            seat.start(now);
            let policy = seat.policy();
            trace::started(seat.name(), policy.stage);
            if policy.announces && !policy.has_context {
                trace::cannot_announce(seat.name(), policy.stage);
            }
            self.spawner.spawn_task(Task::new(seat));
        }
    }

    /// Waits for the first exit that ends the group, or for a request. Meanwhile, starts the actors
    /// that are added.
    pub(crate) async fn first_exit(&mut self) -> Cause {
        loop {
            self.start();
            let ending = match self.next().await {
                Woken::Event(event) => self.take(event),
                Woken::Added(actors) => {
                    self.admit(actors);
                    None
                }
                Woken::Idle => Some(Ending::NoActorLeft),
                Woken::Done | Woken::Due | Woken::Late => None,
            };
            if let Some(cause) = ending.and_then(|ending| self.cause(ending)) {
                return cause;
            }
        }
    }

    /// Makes the cause from what ends the group, and begins the stop at the time when it happened.
    fn cause(&mut self, ending: Ending) -> Option<Cause> {
        let now = self.inbox.link.now();
        let (cause, at) = match ending {
            Ending::Exit { exit, .. } => (Cause::new(Trigger::Exit(exit)), now),
            Ending::Requested | Ending::Force => {
                let request = self.inbox.link.requested()?;
                (request.cause.clone(), request.at)
            }
            Ending::NoActorLeft => (Cause::new(Trigger::NoActorLeft), now),
            Ending::SkipDrain => return None,
        };
        self.stop = Some(Stop::new(cause.clone(), at, now));
        Some(cause)
    }

    /// Ends the machine and returns what it found.
    pub(crate) fn into_report(mut self) -> Report {
        std::mem::replace(&mut self.report, Report::keeping_faults())
    }

    fn admit(&mut self, actors: impl IntoIterator<Item = Actor>) {
        for actor in actors {
            self.roster.admit(actor, &mut self.door.roll());
        }
    }

    /// Takes an event. Returns what the group must act on: nothing for an announcement, or for an
    /// exit that is only kept.
    fn take(&mut self, event: Event) -> Option<Ending> {
        match event {
            Event::Exited(exited) => self.exited(exited),
            Event::Announced(stage) => {
                self.roster.announced(stage);
                None
            }
            Event::Requested => Some(Ending::Requested),
            Event::SkipDrain => Some(Ending::SkipDrain),
            Event::Force => Some(Ending::Force),
        }
    }

    /// Does all that an exit entails, in one order: the outcome after its destructors, the books,
    /// readiness, the log, the report. Returns the exit if its actor's policy says that it ends the
    /// group. During the stop proper, the exit is only kept.
    fn exited(&mut self, exited: Exited) -> Option<Ending> {
        let Exited {
            key,
            mut outcome,
            at,
        } = exited;
        let member = self.member(key)?;
        let policy = member.policy();
        let is_its_turn = self.turn(key.rank).is_some();
        if is_its_turn {
            member.stage().leave();
        } else {
            self.roster.exited(key.rank);
        }
        if !is_its_turn && !policy.ends.on(&outcome) {
            // It leaves, and its interrupt is dropped uncalled (law 7). It stays on the roll until
            // then, so that a destructor that does not return has a name.
            outcome.then_panicked(member.drop_interrupt());
            let mut roll = self.door.roll();
            // `member` keeps the page, so nothing is dropped under the lock.
            roll.remove(key);
            self.roster.left(key, &mut roll);
        }
        let ends = policy.ends.on(&outcome);
        if member.readiness().settle() {
            trace::never_ready(member.name(), policy.stage);
            // An actor that ends the group holds the higher stages back for good (law 26).
            if !ends {
                self.roster.announced(policy.stage);
            }
        }
        let exit = self.exit(&member, outcome, at);
        trace::exited(policy.stage, &exit);
        let severity = severity(&exit.outcome, policy.must_succeed);
        match (self.is_interrupting(), ends) {
            (true, _) => self.report.keep(exit, severity),
            (false, true) => return Some(Ending::Exit { exit, at, severity }),
            (false, false) => self.report.keep(exit, Severity::Kept),
        }
        None
    }

    fn exit(&self, member: &Member, outcome: Kept, at: Duration) -> Exit {
        let interrupted = self.turn(member.stage().rank);
        let interrupted = interrupted.and_then(|turn| turn.stage.interrupted());
        let stop = self.stop.as_ref().filter(|stop| stop.is_interrupting);
        Exit {
            name: member.name().clone(),
            outcome: outcome.into(),
            ran_for: at.saturating_sub(member.started()),
            stop: stop.map(|stop| StopTimes {
                interrupted: interrupted.unwrap_or(at).saturating_sub(stop.began),
                exited: at.saturating_sub(stop.began),
            }),
        }
    }

    /// Finds a member, whether its turn has come or not.
    fn member(&self, key: Key) -> Option<Seat> {
        match self.turn(key.rank) {
            Some(turn) => turn.members.get(key.nth),
            None => self.door.roll().get(key),
        }
    }

    fn turn(&self, rank: Rank) -> Option<&stop::Turn> {
        let turns = self.stop.as_ref().map(|stop| &stop.turns)?;
        let at = turns.partition_point(|turn| turn.stage.rank > rank);
        turns.get(at).filter(|turn| turn.stage.rank == rank)
    }

    /// Whether the first interrupt was called.
    fn is_interrupting(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.is_interrupting)
    }

    /// Announces once that the group is ready, if it is.
    fn announce(&self) {
        let link = &self.inbox.link;
        if self.stop.is_none() && !link.ready.is_set() && self.roster.is_ready() {
            self.enter(Phase::Running);
            let waiters = link.ready.trip(true);
            trace::ready();
            waiters.wake();
        }
    }

    fn enter(&self, phase: Phase) {
        let link = &self.inbox.link;
        // The clock is read only if it must be: a reading is a good part of the life of a small
        // group.
        if link.standing().phase != phase {
            link.enter(phase, link.now());
        }
    }
}

/// Dropping a running group is a force (law 19), also when a spawner's panic drops it.
impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if self.inbox.link.standing().phase == Phase::Ended {
            return;
        }
        if self.stop.is_none() {
            let cause = self.queued_cause();
            self.begin(cause);
        }
        // An actor that left has left, even if its exit was not taken yet: its interrupt is not
        // called (law 7).
        while let Some(event) = self.inbox.next_event() {
            drop(self.take(event));
        }
        self.force("the run future was dropped");
    }
}

impl Machine<'_> {
    /// Finds the cause of a group that was dropped: the first queued event that ends it.
    fn queued_cause(&mut self) -> Cause {
        while let Some(event) = self.inbox.next_event() {
            let ending = self.take(event);
            if let Some(cause) = ending.and_then(|ending| self.cause(ending)) {
                return cause;
            }
        }
        let cause = Cause::new(Trigger::Dropped);
        let now = self.inbox.link.now();
        self.stop = Some(Stop::new(cause.clone(), now, now));
        cause
    }
}
