//! The second half of the state machine: from the cause to the end.

use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use super::alarm::Alarm;
use super::roster::Limit;
use super::{Ending, Machine, Woken};
use crate::cause::{Cause, StopTimes};
use crate::error::{failure, severity};
use crate::outcome::Outcome;
use crate::phase::{ActorState, Phase};
use crate::report::{ForcedBy, Report, Severity, Straggler};
use crate::settings::Rank;
use crate::shared::link::Event;
use crate::shared::member::{Forced, Member};
use crate::shared::members::Members;
use crate::shared::stage::Stage;
use crate::trace;

/// What exists from the cause on.
pub(super) struct Stop {
    cause: Cause,
    /// When the cause happened, since the birth of the group.
    pub(super) began: Duration,
    /// How old the cause was when the group took it, in whole milliseconds, as timers count.
    age: Duration,
    /// The end of the drain.
    drain: Option<Alarm>,
    /// Whether the stop proper has begun: an interrupt was called, or will be before anything else.
    pub(super) is_interrupting: bool,
    grace: Option<Alarm>,
    /// The stage whose turn it is. In a force, all stages that had their turn, from the highest down.
    pub(super) turns: Vec<Turn>,
}

/// A stage from its interrupts to the exit of its last actor.
pub(super) struct Turn {
    pub(super) stage: Arc<Stage>,
    pub(super) members: Arc<Members>,
    /// Whether the turn came before a force.
    is_waited_for: bool,
    /// The limits of the actors that have their own, the shortest last.
    limits: Vec<Limit>,
    /// Rings for the shortest of the `limits`.
    alarm: Option<Alarm>,
}

impl Stop {
    pub(super) fn new(cause: Cause, began: Duration, now: Duration) -> Stop {
        Stop {
            cause,
            began,
            age: whole_millis(now.saturating_sub(began)),
            drain: None,
            is_interrupting: false,
            grace: None,
            turns: Vec::new(),
        }
    }

    pub(super) fn is_late(&self) -> bool {
        self.grace.as_ref().is_some_and(Alarm::has_rung)
    }

    /// Whether the drain is over, or the turn, if there is one.
    pub(super) fn is_done(&self) -> bool {
        match self.turns.last() {
            Some(turn) => turn.stage.is_empty(),
            None => self.drain.as_ref().is_some_and(Alarm::has_rung),
        }
    }

    pub(super) fn is_due(&self) -> bool {
        let alarm = self.turns.last().and_then(|turn| turn.alarm.as_ref());
        alarm.is_some_and(Alarm::has_rung)
    }

    /// Polls all clocks. Returns whether one has rung.
    pub(super) fn poll_alarms(&mut self, cx: &mut Context<'_>) -> bool {
        let own = self.turns.last_mut().and_then(|turn| turn.alarm.as_mut());
        let alarms = [self.grace.as_mut(), self.drain.as_mut(), own];
        let rung = alarms.into_iter().flatten().map(|alarm| alarm.poll(cx));
        // All are polled, because each keeps the waker.
        rung.fold(false, |any, rung| any | rung)
    }
}

impl Machine<'_> {
    /// Goes on as before the cause until the drain is over. Then stops one stage after the other,
    /// each when all actors of the stages before it have exited.
    pub(crate) async fn stop(&mut self, cause: Cause) {
        self.begin(cause);
        if self.inbox.link.is_force_requested() {
            return self.force("a force was requested");
        }
        if self.is_out_of_time() {
            return self.force("the grace is over");
        }
        if let Some(reason) = self.drain().await {
            return self.force(reason);
        }
        if let Some(reason) = self.stop_stages().await {
            return self.force(reason);
        }
        self.end();
    }

    /// Publishes the cause (invariant 1): the group is not ready from here on.
    pub(super) fn begin(&mut self, cause: Cause) {
        let link = &self.inbox.link;
        link.caused(cause.clone());
        let grace = self.limits.grace;
        link.set_deadline(grace.and_then(|grace| self.began().checked_add(grace)));
        // Published before anyone hears of it, so that whoever then asks gets the same answer.
        self.enter(if self.drains() {
            Phase::Draining
        } else {
            Phase::Stopping
        });
        link.stop();
        trace::cause(&cause);
        self.report.stopped_by(cause);
    }

    fn began(&self) -> Duration {
        self.stop.as_ref().map_or(Duration::ZERO, |stop| stop.began)
    }

    /// What is left of a limit that counts from the cause, at the moment the group takes the cause.
    fn left_of(&self, limit: Duration) -> Duration {
        let age = self.stop.as_ref().map_or(Duration::ZERO, |stop| stop.age);
        limit.saturating_sub(age)
    }

    /// Sets the clock of the grace. Returns whether there is no time at all.
    fn is_out_of_time(&mut self) -> bool {
        let Some(grace) = self.limits.grace else {
            return false;
        };
        let left = self.left_of(grace);
        if left.is_zero() {
            return true;
        }
        let alarm = Alarm::new(self.spawner, left);
        if let Some(stop) = &mut self.stop {
            stop.grace = Some(alarm);
        }
        false
    }

    /// Whether others need time to notice that the group is no longer ready (law 27).
    fn drains(&self) -> bool {
        let link = &self.inbox.link;
        let by_request = self.stop.as_ref().map(|stop| &stop.cause);
        by_request.is_some_and(Cause::is_ok_request)
            && link.was_ready()
            && !link.is_drain_skipped()
            && !link.is_force_requested()
            && !self.left_of(self.limits.drain).is_zero()
    }

    /// Lets all actors work for the drain delay, unless something makes it pointless. If the group
    /// is forced meanwhile, returns why.
    async fn drain(&mut self) -> Option<&'static str> {
        if !self.drains() {
            return None;
        }
        let delay = self.left_of(self.limits.drain);
        trace::draining(delay);
        let alarm = Alarm::new(self.spawner, delay);
        if let Some(stop) = &mut self.stop {
            stop.drain = Some(alarm);
        }
        loop {
            self.start();
            let ending = match self.next().await {
                Woken::Event(event) => self.take(event),
                Woken::Added(actors) => {
                    self.admit(actors);
                    None
                }
                Woken::Idle | Woken::Done => return None,
                Woken::Late => return Some("the grace is over"),
                Woken::Due => None,
            };
            match ending {
                Some(Ending::Exit { exit, .. }) if exit.outcome.is_ok() => {
                    self.report.keep(exit, Severity::Kept);
                }
                Some(Ending::Exit {
                    mut exit,
                    at,
                    severity,
                }) => {
                    // It counts as an exit during the stop, which it begins.
                    let exited = at.saturating_sub(self.began());
                    exit.stop = Some(StopTimes {
                        interrupted: exited,
                        exited,
                    });
                    self.report.keep(exit, severity);
                    return None;
                }
                Some(Ending::SkipDrain) => return None,
                Some(Ending::Force) => return Some("a force was requested"),
                Some(Ending::Requested | Ending::NoActorLeft) | None => {}
            }
        }
    }

    /// Runs the stop proper. If what remains is forced, returns why.
    async fn stop_stages(&mut self) -> Option<&'static str> {
        self.begin_interrupting();
        loop {
            // No turn begins once a force was requested: an actor that was not interrupted before
            // it is not waited for.
            if self.inbox.link.is_force_requested() {
                return Some("a force was requested");
            }
            if !self.begin_turn() {
                return None;
            }
            loop {
                self.start();
                match self.next().await {
                    Woken::Event(event) => {
                        if let Some(Ending::Force) = self.take(event) {
                            return Some("a force was requested");
                        }
                    }
                    Woken::Added(actors) => self.admit(actors),
                    Woken::Late => return Some("the grace is over"),
                    Woken::Due => self.force_due(),
                    Woken::Done => break,
                    Woken::Idle => {}
                }
            }
            self.end_turns();
        }
    }

    fn begin_interrupting(&mut self) {
        self.enter(Phase::Stopping);
        if let Some(stop) = &mut self.stop {
            stop.is_interrupting = true;
            if stop.drain.take().is_some() {
                let now = self.inbox.link.now();
                self.report.set_drained(now.saturating_sub(stop.began));
            }
        }
        // Stages that have not started never start (law 26).
        self.give_up_held(None);
    }

    /// Interrupts the next stage in the stop order, if there is one (invariants 4 and 5).
    fn begin_turn(&mut self) -> bool {
        let (next, added) = self.door.close_stage();
        self.admit(added);
        let Some(rank) = next else { return false };
        // These were accepted before the door closed, so they are run, interrupted and awaited like
        // the others (law 24).
        self.start();
        self.give_up_held(next);
        self.interrupt_stage(rank, true);
        self.force_due();
        true
    }

    fn end_turns(&mut self) {
        let turns = self.door.roll().end_turns();
        drop(turns);
        if let Some(stop) = &mut self.stop {
            stop.turns.clear();
        }
    }

    /// Drops, uncalled, the actors that readiness holds back and that stop in `rank` or before.
    /// Without a rank, drops all of them.
    fn give_up_held(&mut self, rank: Option<Rank>) {
        for key in self.roster.take_held(rank) {
            let mut roll = self.door.roll();
            let member = roll.remove(key);
            self.roster.left(key, &mut roll);
            drop(roll);
            let Some(member) = member else { continue };
            let policy = member.policy();
            self.roster.no_longer_keeps_alive(key.rank);
            if member.readiness().settle() {
                self.roster.announced(policy.stage);
            }
            trace::never_started(member.name(), policy.stage);
            self.report.add_never_started(member.name().clone());
            member.discard();
        }
    }

    /// Interrupts the actors of a stage, in the order of adding.
    fn interrupt_stage(&mut self, rank: Rank, is_waited_for: bool) {
        let members = self.door.roll().begin_turn(rank);
        let (Some((stage, live, limits)), Some(stop)) = (self.roster.close(rank), &mut self.stop)
        else {
            return;
        };
        let quiet = !self.report.wants_all() && !trace::wants_exits();
        stage.begin_turn(self.inbox.link.now(), live, quiet);
        trace::interrupting(rank);
        stop.turns.push(Turn {
            stage,
            members: Arc::clone(&members),
            is_waited_for,
            limits,
            alarm: None,
        });
        for member in members.iter() {
            interrupt(member, &stop.cause, &mut self.report);
        }
    }

    /// Forces the actors whose own limit is over, and sets the clock for the next one.
    fn force_due(&mut self) {
        let turn = self.stop.as_mut().and_then(|stop| stop.turns.last_mut());
        let Some(turn) = turn.filter(|turn| !turn.limits.is_empty()) else {
            return;
        };
        let now = self.inbox.link.now();
        let spent = turn.spent(now);
        let is_due = |limit: &&Limit| limit.after <= spent;
        let pending = turn.limits.len() - turn.limits.iter().rev().take_while(is_due).count();
        let due = turn.limits.drain(pending..).rev();
        let due: Vec<_> = due
            .filter_map(|limit| turn.members.get(limit.nth))
            .collect();
        let next = turn.limits.last().copied();
        turn.alarm = next.map(|limit| Alarm::new(self.spawner, limit.after.saturating_sub(spent)));
        let stage = Arc::clone(&turn.stage);
        for member in due {
            if let Some(forced) = member.force() {
                stage.leave();
                let waited_for = stage.interrupted().map(|since| now.saturating_sub(since));
                self.straggled(&member, forced, waited_for);
            }
        }
    }

    /// Ends what remains (law 16): first all interrupts, in their order, then the futures.
    pub(super) fn force(&mut self, reason: &str) {
        trace::forced(reason);
        let added = self.door.close();
        self.admit(added);
        self.place_unstarted();
        self.begin_interrupting();
        loop {
            let next = self.door.roll().highest();
            let Some(rank) = next else { break };
            self.interrupt_stage(rank, false);
        }
        self.force_members();
        // These are the exits of actors that ended before they were forced: each was queued at the
        // moment it claimed its end. What a polling straggler reports comes too late and is not
        // queued.
        while let Some(event) = self.inbox.next_event() {
            if let Event::Exited(_) = &event {
                drop(self.take(event));
            }
        }
        self.end();
    }

    /// Sorts the actors that were accepted but not started into those that readiness holds back and
    /// those that are forced before their first poll.
    fn place_unstarted(&mut self) {
        let now = self.inbox.link.now();
        let due = self.roster.due_by_readiness(&mut self.door.roll());
        for key in due {
            let member = self.door.roll().get(key);
            if let Some(member) = member {
                member.start(now);
            }
        }
    }

    fn force_members(&mut self) {
        let now = self.inbox.link.now();
        let turns = self
            .stop
            .as_mut()
            .map(|stop| stop.turns.iter().map(Turn::forced));
        let turns: Vec<_> = turns.into_iter().flatten().collect();
        for (stage, members, is_waited_for) in turns {
            let interrupted = stage.interrupted().filter(|_| is_waited_for);
            let waited_for = interrupted.map(|since| now.saturating_sub(since));
            for member in members.iter() {
                if let Some(forced) = member.force() {
                    self.straggled(member, forced, waited_for);
                }
            }
        }
    }

    fn straggled(&mut self, member: &Member, forced: Forced, waited_for: Option<Duration>) {
        let Forced { state, panic } = forced;
        // Its future is gone with all that it held: that is an exit. A thread or a poll goes on.
        if state == ActorState::Parked {
            let outcome = panic.map_or(Outcome::Forced, Outcome::Panicked);
            let exit = self.exit(member, outcome.into(), self.inbox.link.now());
            trace::exited(member.policy().stage, &exit);
            let severity = severity(&exit.outcome, false);
            self.report.keep(exit, severity);
        }
        // Nobody waits for its announcement either.
        let _ = member.readiness().settle();
        trace::straggler(member.name(), state, waited_for);
        self.report.add_straggler(Straggler {
            name: member.name().clone(),
            state,
            waited_for,
            reason: ForcedBy::Request,
        });
    }

    fn end(&mut self) {
        let now = self.inbox.link.now();
        let took = now.saturating_sub(self.began());
        self.report.set_took(took);
        self.inbox.link.enter(Phase::Ended, now);
        if let Some(failure) = failure(&self.report) {
            trace::failed(&failure, took);
        } else {
            trace::succeeded(took);
        }
        self.end_turns();
    }
}

impl Turn {
    /// How much of the limits has passed: by the clock that rang, or else since the interrupts.
    fn spent(&self, now: Duration) -> Duration {
        let since = self.stage.interrupted().unwrap_or(now);
        let elapsed = whole_millis(now.saturating_sub(since));
        match (&self.alarm, self.limits.last()) {
            (Some(alarm), Some(next)) if alarm.has_rung() => next.after.max(elapsed),
            _ => elapsed,
        }
    }

    fn forced(&self) -> (Arc<Stage>, Arc<Members>, bool) {
        let (stage, members) = (Arc::clone(&self.stage), Arc::clone(&self.members));
        (stage, members, self.is_waited_for)
    }
}

fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn interrupt(member: &Member, cause: &Cause, report: &mut Report) {
    let (actor, stage) = (member.name(), member.policy().stage);
    trace::interrupt(actor, stage);
    if let Err(panic) = member.interrupt(cause) {
        trace::interrupt_panicked(actor, stage, &panic);
        report.interrupt_panicked(actor.clone(), panic);
    }
}
