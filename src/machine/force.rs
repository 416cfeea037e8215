//! How actors are ended that are not waited for any longer.

use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use super::alarm::Alarm;
use super::entered::inside;
use super::stopping::Stopping;
use super::turn::Turn;
use crate::error::severity;
use crate::outcome::Outcome;
use crate::phase::{ActorState, Phase};
use crate::report::{ForcedBy, Straggler};
use crate::shared::chunk::Place;
use crate::shared::mailbox::{Event, Key};
use crate::shared::member::{Chunked, Forced};
use crate::shared::readiness::Settled;
use crate::trace;

impl Stopping<'_, '_> {
    /// Ends what remains (law 16): first all interrupts, in their order, then the futures. It acts
    /// first and logs after, because the log may be stuck.
    pub(super) fn force(&mut self, reason: ForcedBy) {
        // Closed first: an interrupt or a destructor below may add an actor, which would then be
        // neither run nor interrupted (law 24). What was accepted before is taken in the same step
        // (invariant 4).
        let added = self.machine.receiver.intake.close_and_take();
        self.machine.admit(added);
        // Actors that left are not interrupted (law 7).
        self.take_mail();
        // A drain may have been under way. Interrupts come next, so the phase says so before (law
        // 30).
        self.machine
            .group()
            .enter_phase(Phase::Stopping, self.machine.group().now());
        self.give_up_all_held();
        self.interrupt_all();
        let stragglers = self.force_all(reason);
        // After the claims, because only now no further exit can be sent (invariant 3).
        self.take_last_exits();
        self.log_cause();
        self.machine.log_never_started();
        trace::forced(&reason);
        for straggler in &stragglers {
            log_straggler(straggler);
        }
        for straggler in stragglers {
            self.machine.report.add_straggler(straggler);
        }
        self.end();
    }

    fn give_up_all_held(&mut self) {
        self.machine.give_up_held(None);
        // Without a yield: the drop of `run` is a force, and a drop cannot wait.
        while self.give_up_some() {}
    }

    /// Calls the interrupts that are still due: the rest of the stage whose turn it is, then the
    /// stages below.
    fn interrupt_all(&mut self) {
        if let Some(turn) = self.machine.turns.last_mut() {
            turn.wait_for_interrupted();
        }
        // Invariant 2: a turn goes on behind the last member that it has noted, so no interrupt is
        // called twice. No yield comes in between, because `run` may be in its drop.
        while self.interrupt_some() {}
        // The stages below follow in their order, although those above are not empty: invariant 5.
        loop {
            let next = self.machine.receiver.intake.members().highest();
            let Some(order) = next else { break };
            self.begin_turn(order);
            while self.interrupt_some() {}
        }
    }

    fn force_all(&mut self, reason: ForcedBy) -> Vec<Straggler> {
        let machine = &mut *self.machine;
        let now = machine.group().now();
        // The members are shared, so that the machine can note each straggler afterwards.
        let turns = machine.turns.iter();
        let members: Vec<_> = turns.map(|turn| Arc::clone(&turn.members)).collect();
        let mut all_forced = Vec::new();
        inside(machine.spawner, || {
            for (turn, members) in machine.turns.iter().zip(&members) {
                for member in members.iter() {
                    if member.started().is_none() {
                        // It was accepted, and never starts: it ran for no time.
                        member.set_started(now);
                    }
                    // Invariant 3: the claim decides. Whoever exited first has its exit in the mail
                    // or was counted; all others end here, and send nothing.
                    if let Some(forced) = member.force() {
                        all_forced.push((member, forced, turn.waited_for(member.key().nth, now)));
                    }
                }
            }
        });
        // The log comes after the last drop, because it may be stuck.
        let all_forced = all_forced.into_iter();
        all_forced
            .map(|(member, forced, waited_for)| {
                machine.straggler(&member, forced, (now, waited_for), reason)
            })
            .collect()
    }

    /// Takes the exits of actors that ended before they were forced: each was queued at the moment it
    /// claimed its end. What a polling straggler reports comes too late and is not queued.
    fn take_last_exits(&mut self) {
        let machine = &mut *self.machine;
        inside(machine.spawner, || {
            while let Some(event) = machine.receiver.next_event() {
                // Requests and announcements come too late for a group that has ended.
                if let Event::Exited(_) = &event {
                    drop(machine.take(event));
                }
            }
        });
    }

    /// Forces the actors whose own limit is over (law 28), and sets the clock for the next one.
    pub(super) async fn force_due(&mut self) -> Result<(), ForcedBy> {
        while self.force_some_due() {
            self.machine.pause().await?;
        }
        Ok(())
    }

    /// Forces a batch of the actors whose own limit is over. Returns whether there may be more.
    fn force_some_due(&mut self) -> bool {
        let machine = &mut *self.machine;
        let has_limits = |turn: &&mut Turn| !turn.limits.is_empty();
        let Some(turn) = machine.turns.last_mut().filter(has_limits) else {
            return false;
        };
        let now = machine.receiver.state().now();
        let spent = turn.spent(machine.clocks.own.as_ref(), now);
        // Taken out of the limits first, so none is due twice.
        let due = turn.take_due(spent);
        let order = turn.stage.order;
        let keys = due.iter().map(|&nth| Key { order, nth });
        let members: Vec<_> = keys.filter_map(|key| turn.members.get(key)).collect();
        let (stage, next) = (turn.stage.clone(), turn.limits.last().copied());
        let waited_for = Some(now.saturating_sub(stage.interrupted().unwrap_or(now)));
        let spawner = machine.spawner;
        let all_forced: Vec<_> = inside(spawner, || {
            // For the next limit, measured from the same moment as the ones before.
            machine.clocks.own =
                next.map(|limit| Alarm::new(spawner, limit.after.saturating_sub(spent)));
            let forced = members.iter().filter_map(|member| {
                // `None`: it exited, and its task or the mail counts it out. Otherwise it sends no
                // exit and counts nothing, so the stage is left here (invariant 3).
                let forced = member.force()?;
                stage.leave();
                Some((member, forced))
            });
            forced.collect()
        });
        // The log comes after the last drop, because it may be stuck.
        for (member, forced) in all_forced {
            let by = ForcedBy::OwnGrace;
            let straggler = machine.straggler(member, forced, (now, waited_for), by);
            log_straggler(&straggler);
            machine.report.add_straggler(straggler);
        }
        !due.is_empty() && next.is_some_and(|limit| limit.after <= spent)
    }
}

fn log_straggler(straggler: &Straggler) {
    let Straggler {
        name,
        state,
        waited_for,
        reason,
    } = straggler;
    trace::straggler(name, *state, reason, *waited_for);
}

impl Machine<'_> {
    /// Notes that an actor was forced, at a time since the birth of the group, and how long it was
    /// waited for.
    fn straggler(
        &mut self,
        member: &Place<impl Chunked>,
        forced: Forced,
        (at, waited_for): (Duration, Option<Duration>),
        reason: ForcedBy,
    ) -> Straggler {
        let Forced { state, panic } = forced;
        // Its future is gone with all that it held: that is an exit. A thread or a poll goes on.
        if state == ActorState::Parked {
            // This is the actor's one end (invariant 3), so it is kept as its exit. A panic of its
            // future's destructor counts as its own (law 22).
            let outcome = panic.map_or(Outcome::Forced, Outcome::Panicked);
            let exit = self.exit(member, outcome.into(), at);
            trace::exited(member.settings(), &exit, false);
            let severity = severity(&exit.outcome, false);
            self.report.keep(exit, severity);
        }
        // The stop goes on as if it had exited, so nobody waits for its announcement either.
        if member.settle_readiness() == Settled::NeverAnnounced {
            self.ledger.announced(member.settings().stage);
        }
        Straggler {
            name: member.name().clone(),
            state,
            waited_for,
            reason,
        }
    }
}
