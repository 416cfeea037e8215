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
//! No step is unbounded (law 15): whatever calls foreign code for each actor does so in batches, and
//! between two batches the machine looks at a force and at its clocks. One loop, in `wait`, takes what
//! comes in every phase.
//!
//! Invariants, cited where the code relies on them:
//!
//! 1. The cause is set once, when a [`Stopping`](stopping::Stopping) begins; it never changes.
//! 2. An interrupt is taken out of its member before it is called, and the turn notes the member
//!    before it calls. So it is called once, even if it panics or the machine is dropped meanwhile.
//!    None is called before the cause is set.
//! 3. A started actor has exactly one end: an `Exited` event, a count (of an `Ok` exit, once its
//!    stage is quiet), or a force. In its turn, each of them leaves its stage's count once.
//! 4. The intake is closed for a stage at the moment its turn is decided: no actor enters a stage
//!    that was told to stop, and no actor that was accepted is left out of its turn.
//! 5. A stage is interrupted when all stages before it in the stop order are empty, or in a force.
//! 6. All foreign code (executes, interrupts, destructors, clocks) is called so that its panic
//!    comes back as a value. Only a spawner's panic goes through, and then `Drop` forces the group.

mod alarm;
mod clocks;
mod entered;
mod force;
mod held;
mod ledger;
mod notice;
mod start;
mod stopping;
mod turn;
mod wait;

use std::collections::VecDeque;
use std::time::Duration;

use crate::actor::Actor;
use crate::cause::{Cause, Exit, Trigger};
use crate::error::severity;
use crate::name::Name;
use crate::outcome::ContainedOutcome;
use crate::panic::Panic;
use crate::phase::Phase;
use crate::report::{Report, Severity};
use crate::settings::Settings;
use crate::shared::chunk::Place;
use crate::shared::group_state::GroupState;
use crate::shared::mailbox::{Event, Exited, Key};
use crate::shared::member::{Chunked, Member};
use crate::shared::member_ref::MemberRef;
use crate::shared::readiness::Settled;
use crate::shared::receiver::Receiver;
use crate::spawner::Spawner;
use crate::trace;

use clocks::Clocks;
pub(crate) use ledger::Ledger;
use notice::Notice;
use turn::Turns;

/// How long a stop may take, and how late its first interrupt may come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Without one, the stop may take any amount of time.
    pub(crate) grace: Option<Duration>,
    pub(crate) drain: Duration,
}

impl Limits {
    /// Returns the grace, if it ends before the drain does.
    fn too_short_for_drain(self) -> Option<Duration> {
        self.grace
            .filter(|&grace| !self.drain.is_zero() && grace <= self.drain)
    }
}

pub(crate) struct Machine<'a> {
    spawner: &'a dyn Spawner,
    receiver: &'a mut Receiver,
    ledger: &'a mut Ledger,
    limits: Limits,
    /// Whether the group is an actor of another one, which decides what its end means.
    is_inner: bool,
    report: &'a mut Report,
    clocks: Clocks,
    turns: Turns,
    /// Actors that never start and have yet to be dropped.
    given_up: VecDeque<Key>,
    /// Those of them that were dropped and not logged yet.
    unlogged: Vec<(Name, Settings)>,
    /// When `run` was first polled, since the birth of the group.
    first_polled: Duration,
    has_cause: bool,
    has_ended: bool,
    /// How much was done since the machine last let others run.
    worked: usize,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        spawner: &'a dyn Spawner,
        receiver: &'a mut Receiver,
        ledger: &'a mut Ledger,
        limits: Limits,
        is_inner: bool,
        report: &'a mut Report,
    ) -> Machine<'a> {
        Machine {
            spawner,
            receiver,
            ledger,
            limits,
            is_inner,
            report,
            clocks: Clocks::default(),
            turns: Turns::default(),
            given_up: VecDeque::new(),
            unlogged: Vec::new(),
            first_polled: Duration::ZERO,
            has_cause: false,
            has_ended: false,
            worked: 0,
        }
    }

    fn group(&self) -> &GroupState {
        self.receiver.state()
    }

    /// Starts all actors, and waits for the first exit that ends the group, or for a request. Returns
    /// the cause and when it happened. Meanwhile, starts the actors that are added.
    pub(crate) async fn first_exit(&mut self) -> (Cause, Duration) {
        self.begin();
        loop {
            let notice = self.next().await;
            if let Some(cause) = self.cause(notice) {
                return cause;
            }
        }
    }

    /// Makes the cause of what ends the group, and says when it happened.
    fn cause(&self, notice: Notice) -> Option<(Cause, Duration)> {
        let group = self.group();
        match notice {
            Notice::Exit { exit, at, .. } => Some((Cause::new(Trigger::Exit(exit)), at)),
            // The first request counts, which the state keeps. The event only says that there is
            // one.
            Notice::Requested => {
                let request = group.requested()?;
                Some((request.cause, request.at))
            }
            Notice::NoActorLeft => Some((Cause::new(Trigger::NoActorLeft), group.now())),
            _ => None,
        }
    }

    fn admit(&mut self, actors: VecDeque<Actor>) {
        if actors.is_empty() {
            return;
        }
        let intake = &self.receiver.intake;
        // One lock for all of a batch. Nothing foreign runs under it: actors only move.
        let mut members = intake.members();
        for actor in actors {
            self.ledger.admit(actor, intake.state(), &mut members);
        }
    }

    /// Takes an event. Returns what the caller must act on: nothing for an announcement, or for an
    /// exit that is only kept.
    fn take(&mut self, event: Event) -> Option<Notice> {
        match event {
            Event::Exited(exited) => self.exited(exited),
            Event::Announced(stage) => {
                self.ledger.announced(stage);
                None
            }
            Event::Requested => Some(Notice::Requested),
            Event::SkipDrain => Some(Notice::SkipDrain),
            // It has woken the group, which asks for the flag in every round.
            Event::Force => None,
        }
    }

    /// Handles one exit: updates the counters and readiness, drops the interrupt of an actor that
    /// leaves, logs, and keeps the exit in the report. This is the one end that invariant 3 allows,
    /// because a force has claimed no actor whose exit is in the mail. Returns the exit if its actor's
    /// policy says that it ends the group. From the first interrupt on, the exit is only kept.
    fn exited(&mut self, exited: Exited) -> Option<Notice> {
        let Exited {
            key,
            mut outcome,
            at,
        } = exited;
        // Invariant 3: an actor that a force has claimed sends no exit, and one that was counted
        // sends none either. So an exit that is here is the only one of a member that is still in
        // the books.
        let member = self.member(key)?;
        let settings = member.settings();
        let ends = settings.ends.on(&outcome);
        let is_its_turn = self.turns.of(key.order).is_some();
        if is_its_turn {
            // The task has not counted itself out, because it sent its exit (invariant 3).
            member.stage().leave();
        } else {
            self.ledger.exited(key.order);
        }
        if !is_its_turn && !ends {
            // Law 7: it has left. A panic of the destructor may make it end the group after all
            // (law 22).
            outcome.then_panicked(self.leave(key, &member));
        }
        // Asked again, because the destructor of the interrupt may have panicked.
        let ends = settings.ends.on(&outcome);
        if member.settle_readiness() == Settled::NeverAnnounced {
            trace::never_ready(member.name(), settings);
            // An actor that ends the group holds the higher stages back for good (law 26).
            if !ends {
                self.ledger.announced(settings.stage);
            }
        }
        let exit = self.exit(&member, outcome, at);
        trace::exited(settings, &exit, ends && !self.has_cause);
        let severity = severity(&exit.outcome, settings.must_succeed());
        // The cause is decided by the caller, and only before the first interrupt (law 5).
        match (self.turns.have_begun(), ends) {
            (true, _) => self.report.keep(exit, severity),
            (false, true) => return Some(Notice::Exit { exit, at, severity }),
            (false, false) => self.report.keep(exit, Severity::Kept),
        }
        None
    }

    /// Drops the interrupt of an actor that leaves, uncalled (law 7), and forgets the actor. It stays
    /// among the members until then, so that a destructor that does not return has a name (law 30).
    fn leave(&mut self, key: Key, member: &Member) -> Option<Panic> {
        // Not under the lock: its destructor is foreign (invariant 6), and may ask for the status.
        let panic = member.drop_interrupt();
        let mut members = self.receiver.intake.members();
        // The caller's reference keeps the chunk, so nothing is dropped under the lock.
        members.remove(key);
        self.ledger.remove(key, &mut members);
        panic
    }

    fn exit(&self, member: &Place<impl Chunked>, outcome: ContainedOutcome, at: Duration) -> Exit {
        Exit {
            name: member.name().clone(),
            outcome: outcome.into(),
            ran_for: at.saturating_sub(member.started().unwrap_or(at)),
            stop: self.turns.times(member.stage().order, at),
        }
    }

    /// Finds a member, whether its turn has come or not.
    fn member(&self, key: Key) -> Option<MemberRef> {
        match self.turns.of(key.order) {
            // No lock: nobody changes the members of a stage in its turn.
            Some(turn) => turn.members.get(key),
            None => self.receiver.intake.members().get(key),
        }
    }

    /// Announces once that the group is ready, if it is.
    fn announce_group_ready(&self) {
        let group = self.group();
        // After a cause, readiness is over for good (law 26).
        if self.has_cause || group.ready.is_set() || !self.ledger.is_ready() {
            return;
        }
        // A request may have come meanwhile: then the group never was ready.
        if let Some(waiting) = group.ready.set_without_waking(true) {
            // The phase comes before the wakers: a task that is woken and asks sees it.
            group.enter_phase(Phase::Running, group.now());
            trace::ready(self.is_inner);
            waiting.wake();
        }
    }
}
