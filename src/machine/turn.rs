//! The turns of a stop: a stage from its interrupts to the exit of its last actor.

use std::sync::Arc;
use std::time::Duration;

use super::alarm::Alarm;
use super::clocks::has_rung;
use super::entered::BATCH;
use super::ledger::{ActorLimit, ClosedStage};
use crate::cause::{Cause, StopTimes};
use crate::report::Report;
use crate::settings::StopOrder;
use crate::shared::chunk_map::ChunkMap;
use crate::shared::mailbox::Key;
use crate::shared::member::Member;
use crate::shared::short_queue::ShortQueue;
use crate::shared::stage::Stage;
use crate::trace;

/// The stage whose turn it is. In a force, all stages that had their turn, from the highest down.
#[derive(Default)]
pub(super) struct Turns {
    /// When the cause happened, from the first interrupt on. Since the birth of the group.
    cause_at: Option<Duration>,
    /// Only a force has more than one.
    turns: ShortQueue<Turn>,
}

pub(super) struct Turn {
    pub(super) stage: Arc<Stage>,
    pub(super) members: Arc<ChunkMap>,
    /// The members before it, by their order of adding, have been interrupted.
    next: u64,
    /// The members before it were interrupted in the stage's turn, the others by a force.
    waited_for: u64,
    /// The limits of the actors that have their own, the shortest last.
    pub(super) limits: Vec<ActorLimit>,
    /// How much of the limits was seen to have passed. The spawner's clock may be ahead of ours, so
    /// what it has rung for stays over.
    spent: Duration,
}

impl Turns {
    /// Begins the stop proper: interrupts are called from here on, and exits count as exits during
    /// the stop.
    pub(super) fn begin(&mut self, cause_at: Duration) {
        // The first turn counts. The others begin in the same stop.
        self.cause_at.get_or_insert(cause_at);
    }

    pub(super) fn have_begun(&self) -> bool {
        self.cause_at.is_some()
    }

    pub(super) fn push(&mut self, closed: ClosedStage, members: Arc<ChunkMap>) {
        let turn = Turn {
            stage: closed.stage,
            members,
            next: 0,
            waited_for: 0,
            limits: closed.limits,
            spent: Duration::ZERO,
        };
        self.turns.push(turn);
    }

    pub(super) fn clear(&mut self) {
        self.turns = ShortQueue::default();
    }

    pub(super) fn last(&self) -> Option<&Turn> {
        self.turns.newest()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Turn> {
        self.turns.newest_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Turn> {
        self.turns.iter()
    }

    /// The turn of a stage, if it has come.
    pub(super) fn of(&self, order: StopOrder) -> Option<&Turn> {
        // They are sorted from the highest stage down, because that is how stages stop (law 11).
        let turn = self.turns.find_sorted(|turn| turn.stage.order > order);
        turn.filter(|turn| turn.stage.order == order)
    }

    /// When an actor that exits at `at` was interrupted and exited, if the first interrupt was
    /// called before.
    pub(super) fn times(&self, order: StopOrder, at: Duration) -> Option<StopTimes> {
        let cause_at = self.cause_at?;
        // An actor that exits before its turn has stopped in no time.
        let interrupted = self.of(order).and_then(|turn| turn.stage.interrupted());
        Some(StopTimes {
            interrupted: interrupted.unwrap_or(at).saturating_sub(cause_at),
            exited: at.saturating_sub(cause_at),
        })
    }
}

impl Turn {
    /// Interrupts the next batch of actors, in the order of adding. Returns whether there are more.
    pub(super) fn interrupt_some(&mut self, cause: &Cause, report: &mut Report) -> bool {
        // A search and not a kept iterator, so that nothing is borrowed across the yield between
        // two batches.
        let order = self.stage.order;
        let nth = self.next;
        let members = self.members.iter_from(Key { order, nth });
        for (nth, member) in members.enumerate() {
            if nth == BATCH {
                return true;
            }
            // Invariant 2: noted before the call. If the interrupt panics, or `run` is dropped
            // inside it, the force that follows begins behind this member and does not call it
            // again.
            self.next = member.key().nth + 1;
            interrupt(&member, cause, report);
        }
        // A force asks again, and finds nobody.
        self.next = u64::MAX;
        false
    }

    /// Notes which of its actors are waited for: those that have been interrupted, in its turn.
    pub(super) fn wait_for_interrupted(&mut self) {
        self.waited_for = self.next;
    }

    /// How long an actor was waited for, until `now`. `None` if only a force interrupted it.
    pub(super) fn waited_for(&self, nth: u64, now: Duration) -> Option<Duration> {
        let since = self.stage.interrupted()?;
        // Decides what the error names (law 17): an actor that only the force interrupted had no
        // time to stop.
        let is_waited_for = nth < self.waited_for;
        is_waited_for.then(|| now.saturating_sub(since))
    }

    /// Takes the actors whose own limit is over, at most a batch: the shortest limit first.
    pub(super) fn take_due(&mut self, spent: Duration) -> Vec<u64> {
        // The shortest limit is the last, so taking it moves no other.
        let limits = self.limits.iter().rev().take(BATCH);
        let due = limits.take_while(|limit| limit.after <= spent).count();
        let due = self.limits.drain(self.limits.len() - due..).rev();
        due.map(|limit| limit.nth).collect()
    }

    /// How much of the limits has passed: by the clock that rang, or else since the interrupts.
    pub(super) fn spent(&mut self, clock: Option<&Alarm>, now: Duration) -> Duration {
        let since = self.stage.interrupted().unwrap_or(now);
        let elapsed = whole_millis(now.saturating_sub(since));
        let spent = match self.limits.last() {
            // The runtime's clock may run ahead of ours: Tokio's paused clock jumps. When it rings,
            // its limit is over, whatever ours says.
            Some(next) if has_rung(clock) => next.after.max(elapsed),
            _ => elapsed,
        };
        self.spent = self.spent.max(spent);
        self.spent
    }
}

/// Rounded down to milliseconds, which is the resolution of timers: what a clock has counted is never
/// more than what has passed.
pub(super) fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn interrupt(member: &Member, cause: &Cause, report: &mut Report) {
    // The event comes first, so that an interrupt that does not return has a name (law 8).
    trace::interrupt(member.name(), member.settings());
    // Invariant 6: its panic is a value, so the next member is interrupted all the same (law 21).
    if let Err(panic) = member.interrupt(cause) {
        trace::interrupt_panicked(member.name(), member.settings(), &panic);
        report.interrupt_panicked(member.name().clone(), panic);
    }
}
