//! The second half of the state machine: from the cause to the end.

use std::time::Duration;

use super::Machine;
use super::alarm::Alarm;
use super::clocks::Clocks;
use super::entered::{BATCH, inside};
use super::notice::Notice;
use super::turn::whole_millis;
use crate::cause::{Cause, Exit, StopTimes, Trigger};
use crate::error::failure;
use crate::phase::Phase;
use crate::report::{ForcedBy, Severity};
use crate::settings::StopOrder;
use crate::shared::mailbox::Key;
use crate::shared::readiness::Settled;
use crate::trace;

/// A machine that has a cause. Dropping it before its end forces the group (law 19).
pub(super) struct Stopping<'m, 'a> {
    pub(super) machine: &'m mut Machine<'a>,
    pub(super) cause: Cause,
    /// When the cause happened, since the birth of the group. For a request, it is not before the
    /// first poll of `run`, which is when the group could act (law 15).
    pub(super) began: Duration,
    /// The time between the cause and the moment at which the group noticed it, in whole
    /// milliseconds.
    age: Duration,
    /// Whether the first interrupt is delayed. Decided once, because anyone may skip the drain.
    drains: bool,
    /// The first warning of a long turn comes after this.
    warn_after: Duration,
    /// Whether the cause was logged.
    is_logged: bool,
}

/// How long a turn lasts before it is worth a warning, if the stop has no limit. Each warning comes
/// twice as late as the one before (law 15).
const LONG_TURN: Duration = Duration::from_secs(5);

impl<'m, 'a> Stopping<'m, 'a> {
    /// Publishes the cause (invariant 1): the group is not ready from here on.
    pub(super) fn begin(machine: &'m mut Machine<'a>, cause: Cause, at: Duration) -> Self {
        let now = machine.group().now();
        // A request may be older than the first poll of `run`, before which nobody could act (law
        // 15).
        let began = at.max(machine.first_polled);
        let grace = machine.limits.grace;
        let deadline = grace.and_then(|grace| began.checked_add(grace));
        // Asked before readiness ends below: a group that was never ready does not drain (law 27).
        let drains = machine.drains(&cause);
        // Invariant 1: here, and nowhere else. A `Stopping` is made once, by `stop` or by the drop
        // of a machine that has not ended.
        machine.has_cause = true;
        let group = machine.group();
        let phase = if drains {
            Phase::Draining
        } else {
            Phase::Stopping
        };
        // Published before anyone hears of it, so that a reader who then asks gets the same answer.
        group.set_cause(cause.clone(), deadline, (phase, now));
        group.mark_stopping();
        machine.report.stopped_by(cause.clone());
        Stopping {
            machine,
            cause,
            began,
            age: whole_millis(now.saturating_sub(began)),
            drains,
            warn_after: LONG_TURN,
            is_logged: false,
        }
    }

    /// Logs the cause, once. A force comes before its log, because the log may be stuck.
    pub(super) fn log_cause(&mut self) {
        if !std::mem::replace(&mut self.is_logged, true) {
            trace::cause(&self.cause, self.machine.is_inner);
        }
    }

    /// Goes on as before the cause until the drain is over. Then stops one stage after the other,
    /// each when all actors of the stages before it have exited.
    pub(super) async fn run(&mut self) -> Result<(), ForcedBy> {
        // A force acts before it is logged, so nothing is told until it is known that there is
        // none.
        self.machine.must_go_on()?;
        self.set_grace()?;
        self.log_cause();
        if self.drains {
            self.drain().await?;
            let spawner = self.machine.spawner;
            inside(spawner, || self.machine.clocks.drain = None);
            let drained = self.machine.group().now().saturating_sub(self.began);
            self.machine.report.set_drained(drained);
            let group = self.machine.group();
            group.enter_phase(Phase::Stopping, group.now());
        }
        // What was accepted is known before the books are closed.
        if let Some(added) = self.machine.receiver.intake.take_all() {
            self.machine.admit(added);
        }
        // Stages that have not started never start (law 26).
        self.give_up_held(None).await?;
        while let Some(order) = self.close_next_stage().await? {
            // Invariant 5: the next stage is closed and interrupted only after this one is empty.
            self.interrupt_stage(order).await?;
            self.wait_for_turn().await?;
            self.end_turn();
        }
        Ok(())
    }

    /// What is left of a limit that counts from the cause, at the moment the group noticed it.
    fn left_of(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.age)
    }

    fn set_grace(&mut self) -> Result<(), ForcedBy> {
        let Some(grace) = self.machine.limits.grace else {
            return Ok(());
        };
        let left = self.left_of(grace);
        if left.is_zero() {
            // A clock of zero would ring a poll later, and a stage would be interrupted meanwhile.
            return Err(ForcedBy::Grace);
        }
        self.machine.clocks.grace = Some(self.set_alarm(left));
        Ok(())
    }

    fn set_alarm(&self, delay: Duration) -> Alarm {
        let spawner = self.machine.spawner;
        inside(spawner, || Alarm::new(spawner, delay))
    }

    /// Goes on as before until the drain is over (law 27).
    async fn drain(&mut self) -> Result<(), ForcedBy> {
        let delay = self.machine.limits.drain;
        trace::draining(delay);
        let left = self.left_of(delay);
        self.machine.clocks.drain = Some(self.set_alarm(left));
        loop {
            match self.machine.next().await {
                // Policies still hold, but the cause is fixed (invariant 1). Only a failure ends
                // the drain.
                Notice::Exit { exit, at, severity } => {
                    if self.keep_before_interrupts(exit, at, severity) {
                        return Ok(());
                    }
                }
                Notice::SkipDrain | Notice::NoActorLeft | Notice::StepOver => return Ok(()),
                Notice::MustForce(reason) => return Err(reason),
                // A further request does nothing. The others belong to turns.
                Notice::Requested | Notice::OwnGraceOver | Notice::TurnIsLong => {}
            }
        }
    }

    /// Keeps an exit that would have ended the group, had it no cause yet. Returns whether it is a
    /// failure: such an exit counts as one during the stop, and ends the drain (law 27).
    fn keep_before_interrupts(&mut self, mut exit: Exit, at: Duration, severity: Severity) -> bool {
        if exit.outcome().is_ok() {
            self.machine.report.keep(exit, Severity::Kept);
            return false;
        }
        let exited = at.saturating_sub(self.began);
        exit.stop = Some(StopTimes {
            interrupted: exited,
            exited,
        });
        self.machine.report.keep(exit, severity);
        true
    }

    /// Takes all that is in the mail now: an actor that has left is not interrupted (law 7).
    pub(super) fn take_mail(&mut self) {
        // Bounded, although more may be sent meanwhile: the queue is fetched once. What comes later
        // was sent after this moment, so law 7 does not ask for it.
        if !self.machine.receiver.fetch_all() {
            return;
        }
        let spawner = self.machine.spawner;
        inside(spawner, || {
            while let Some(event) = self.machine.receiver.next_fetched() {
                if let Some(Notice::Exit { exit, at, severity }) = self.machine.take(event) {
                    self.keep_before_interrupts(exit, at, severity);
                }
            }
        });
    }

    /// Closes the intake for the next stage in the stop order, if there is one (invariants 4 and 5),
    /// and starts the last of its actors: they were accepted, so they are run, interrupted and
    /// awaited like the others (law 24).
    async fn close_next_stage(&mut self) -> Result<Option<StopOrder>, ForcedBy> {
        loop {
            // No turn begins once a force was requested: an actor that was not interrupted before
            // it is not waited for.
            self.machine.must_go_on()?;
            // Invariant 4: closed and taken in one step. The order of the stop is decided here:
            // nothing can be added above `order` any more.
            let (next, added) = self.machine.receiver.intake.close_stage_and_take();
            self.machine.admit(added);
            let Some(order) = next else { return Ok(None) };
            let last = self.machine.ledger.added();
            while self.machine.ledger.has_to_start_before(last) {
                self.machine.start_some(BATCH);
                if self.machine.ledger.has_to_start_before(last) {
                    self.machine.pause().await?;
                }
            }
            // An actor of this stage that readiness still holds back never starts (law 26).
            self.give_up_held(Some(order)).await?;
            self.take_mail();
            self.machine.must_go_on()?;
            // Its last actors may have left meanwhile: then there is nobody to interrupt.
            if self.machine.receiver.intake.members().highest() == next {
                return Ok(next);
            }
        }
    }

    /// Interrupts the actors of a stage, in the order of adding.
    async fn interrupt_stage(&mut self, order: StopOrder) -> Result<(), ForcedBy> {
        self.begin_turn(order);
        trace::interrupting(order);
        while self.interrupt_some() {
            self.machine.pause().await?;
        }
        Ok(())
    }

    pub(super) fn begin_turn(&mut self, order: StopOrder) {
        let Machine {
            receiver,
            ledger,
            turns,
            report,
            ..
        } = &mut *self.machine;
        // Invariant 5: the caller has seen the stages before this one empty, or forces. The intake
        // is closed for it (invariant 4), so the members that are taken out here are all there will
        // be.
        turns.begin(self.began);
        let members = receiver.intake.members().begin_turn(order);
        let Some(closed) = ledger.close(order) else {
            return;
        };
        // If nobody wants to see `Ok` exits, the tasks count them, and send nothing.
        let quiet = !report.wants_all() && !trace::wants_exits();
        let now = receiver.state().now();
        // Before the first interrupt. A task that exits earlier sends its exit, and one that exits
        // later finds the count complete: either way, it leaves the count once (invariant 3).
        closed.stage.begin_turn(now, closed.live, quiet);
        turns.push(closed, members);
    }

    /// Interrupts the next batch of the stage whose turn it is. Returns whether there are more.
    pub(super) fn interrupt_some(&mut self) -> bool {
        let (spawner, cause) = (self.machine.spawner, &self.cause);
        let Machine { turns, report, .. } = &mut *self.machine;
        let Some(turn) = turns.last_mut() else {
            return false;
        };
        // Invariant 2: `Turn` notes each member before it calls, and there is no turn without a
        // cause.
        inside(spawner, || turn.interrupt_some(cause, report))
    }

    async fn wait_for_turn(&mut self) -> Result<(), ForcedBy> {
        if let Some(turn) = self.machine.turns.last_mut() {
            turn.wait_for_interrupted();
        }
        self.set_warning(LONG_TURN);
        // It sets the clock for the shortest own grace, and forces the actors whose grace is zero
        // or has passed while the others were interrupted.
        self.force_due().await?;
        loop {
            match self.machine.next().await {
                Notice::StepOver => return Ok(()),
                Notice::MustForce(reason) => return Err(reason),
                Notice::OwnGraceOver => self.force_due().await?,
                Notice::TurnIsLong => self.warn(),
                // Exits are only counted, and the cause is known.
                Notice::Exit { .. }
                | Notice::Requested
                | Notice::SkipDrain
                | Notice::NoActorLeft => {}
            }
        }
    }

    /// Without a limit, a stop may last for ever: then, if somebody listens, a warning says whom it
    /// waits for.
    fn set_warning(&mut self, after: Duration) {
        // Nobody pays for a clock whose ring nobody hears.
        let wanted = self.machine.limits.grace.is_none() && trace::wants_warnings();
        self.warn_after = after;
        self.machine.clocks.warning = wanted.then(|| self.set_alarm(after));
    }

    fn warn(&mut self) {
        // The snapshot is a copy, because the log is foreign and must not be called under the lock.
        let members = self.machine.receiver.intake.members().snapshot();
        let awaited = members.iter().filter(|one| one.interrupted.is_some());
        let awaited: Vec<_> = awaited.map(|one| (&one.name, one.state)).collect();
        trace::long_turn(self.warn_after, &awaited);
        // Twice as late as this one, counted from the start of the turn: as long again from now.
        let next = self.warn_after;
        self.set_warning(next);
        self.warn_after = next.saturating_mul(2);
    }

    fn end_turn(&mut self) {
        let machine = &mut *self.machine;
        let members = machine.receiver.intake.members().end_turns();
        let Machine {
            spawner,
            turns,
            clocks,
            ..
        } = machine;
        // Spans and clocks are foreign, so they are dropped outside the lock of the members, and
        // inside the runtime (law 35).
        inside(*spawner, || {
            drop(members);
            turns.clear();
            clocks.own = None;
            clocks.warning = None;
        });
    }

    /// Drops, uncalled, the actors that readiness holds back and that stop in `order` or before.
    /// Without an order, drops all of them.
    async fn give_up_held(&mut self, order: Option<StopOrder>) -> Result<(), ForcedBy> {
        self.machine.give_up_held(order);
        loop {
            let are_more = self.give_up_some();
            self.machine.log_never_started();
            if !are_more {
                return Ok(());
            }
            self.machine.pause().await?;
        }
    }

    /// Drops the next batch of those that never start. Returns whether there are more.
    pub(super) fn give_up_some(&mut self) -> bool {
        let many = self.machine.given_up.len().min(BATCH);
        if many == 0 {
            return false;
        }
        let machine = &mut *self.machine;
        inside(machine.spawner, || {
            for _ in 0..many {
                if let Some(key) = machine.given_up.pop_front() {
                    machine.give_up(key);
                }
            }
        });
        !self.machine.given_up.is_empty()
    }

    /// Ends the stop: all actors have exited or are stragglers.
    pub(super) fn end(&mut self) {
        let now = self.machine.group().now();
        let took = now.saturating_sub(self.began);
        self.machine.report.set_took(took);
        if self.machine.turns.last().is_some() {
            self.end_turn();
        }
        let machine = &mut *self.machine;
        if machine.clocks.are_set() {
            // The clocks are foreign, and dropped inside their runtime.
            let (spawner, clocks) = (machine.spawner, &mut machine.clocks);
            inside(spawner, || *clocks = Clocks::default());
        }
        self.machine.has_ended = true;
        self.machine.group().enter_phase(Phase::Ended, now);
        let is_inner = self.machine.is_inner;
        match failure(self.machine.report) {
            Some(failure) => trace::failed(&failure, !self.cause.is_ok(), took, is_inner),
            None => trace::succeeded(took, is_inner),
        }
    }
}

impl Machine<'_> {
    /// Stops all actors, stage by stage, and waits for them.
    pub(crate) async fn stop(&mut self, (cause, at): (Cause, Duration)) {
        let mut stopping = Stopping::begin(self, cause, at);
        match stopping.run().await {
            Ok(()) => stopping.end(),
            Err(reason) => stopping.force(reason),
        }
    }

    /// Finds the cause of a group that was dropped: the first queued event that ends it.
    fn queued_cause(&mut self) -> (Cause, Duration) {
        // In the order of the mail, as `first_exit` would have taken them (law 5).
        while let Some(event) = self.receiver.next_event() {
            // An actor that left has its interrupt dropped here (laws 7 and 35).
            let notice = inside(self.spawner, || self.take(event));
            if let Some(cause) = notice.and_then(|notice| self.cause(notice)) {
                return cause;
            }
        }
        (Cause::new(Trigger::Dropped), self.group().now())
    }

    /// Whether others need time to notice that the group is no longer ready (law 27).
    fn drains(&self, cause: &Cause) -> bool {
        let group = self.group();
        cause.is_ok_request()
            && group.was_ready()
            && !self.limits.drain.is_zero()
            && !group.is_drain_skipped()
            && !group.is_force_requested()
    }

    /// Logs which actors never started. Their drop comes first, because the log may be stuck.
    pub(super) fn log_never_started(&mut self) {
        if self.unlogged.is_empty() {
            return;
        }
        for (name, settings) in std::mem::take(&mut self.unlogged) {
            trace::never_started(&name, settings);
        }
    }

    /// Drops an actor that never starts. It stays among the members until then, so that a destructor
    /// that does not return has a name (law 30).
    fn give_up(&mut self, key: Key) {
        let Some(member) = self.receiver.intake.members().get(key) else {
            return;
        };
        let stage = member.settings().stage;
        // It never started, so it is in no stage's count (invariant 3).
        self.ledger.no_longer_keeps_alive(key.order);
        if member.settle_readiness() == Settled::NeverAnnounced {
            self.ledger.announced(stage);
        }
        member.discard();
        self.unlogged
            .push((member.name().clone(), member.settings()));
        self.report.add_never_started(member.name().clone());
        let mut members = self.receiver.intake.members();
        // `member` keeps the chunk, so nothing is dropped under the lock.
        members.remove(key);
        self.ledger.remove(key, &mut members);
        drop(members);
    }
}

impl Drop for Stopping<'_, '_> {
    fn drop(&mut self) {
        // `run` was dropped at an `await`, or a spawner's panic unwinds (invariant 6).
        if !self.machine.has_ended {
            self.force(ForcedBy::Drop);
        }
    }
}

/// Dropping a running group is a force (law 19), also when a spawner's panic drops it.
impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (cause, at) = self.queued_cause();
        // Its own drop forces.
        drop(Stopping::begin(self, cause, at));
    }
}
