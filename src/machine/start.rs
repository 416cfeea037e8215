//! How actors start: as they are added, or when readiness lets their stage start.

use std::ops::Range;
use std::sync::Arc;

use super::Machine;
use crate::phase::Phase;
use crate::settings::StopOrder;
use crate::shared::mailbox::Key;
use crate::shared::member_ref::MemberRef;
use crate::task::Task;
use crate::trace;

impl Machine<'_> {
    /// Notes that `run` was polled: from here on, the group can act.
    pub(super) fn begin(&mut self) {
        let now = self.group().now();
        self.first_polled = now;
        self.group().enter_phase(Phase::Starting, now);
        if let Some(grace) = self.limits.too_short_for_drain() {
            trace::drain_exceeds_grace(self.limits.drain, grace);
        }
    }

    /// Starts actors that are due, in the order of adding and at most `most`. Returns how many it
    /// looked at.
    pub(super) fn start_some(&mut self, most: usize) -> usize {
        if !self.ledger.has_fresh() && !self.ledger.is_gated() {
            return 0;
        }
        let most = most as u64;
        let mut looked_at = 0;
        // While readiness has a say, actors are looked at one by one, because each may be held
        // back. A released actor was added before the fresh ones, so it goes first (law 4).
        while looked_at < most && self.ledger.is_gated() {
            if let Some(key) = self.ledger.next_released() {
                self.start_run(key.order, key.nth..key.nth + 1);
            } else if let Some((order, nths)) = self.ledger.next_fresh(1) {
                self.hold(order, nths.start);
            } else {
                break;
            }
            looked_at += 1;
        }
        // Without a gate, whole runs start together.
        while looked_at < most && !self.ledger.is_gated() {
            let Some((order, nths)) = self.ledger.next_fresh(most - looked_at) else {
                break;
            };
            looked_at += nths.end - nths.start;
            self.start_run(order, nths);
        }
        usize::try_from(looked_at).unwrap_or(usize::MAX)
    }

    /// Holds an actor back. If its stage need not wait, it is released next.
    fn hold(&mut self, order: StopOrder, nth: u64) {
        let key = Key { order, nth };
        let member = self.receiver.intake.members().get(key);
        if let Some(member) = member {
            self.ledger.hold(key, member.settings().stage);
        }
    }

    /// Notes that those actors never start which readiness holds back and which stop in `order` or
    /// before; without an order, all of them. They are dropped later, in batches.
    pub(super) fn give_up_held(&mut self, order: Option<StopOrder>) {
        if !self.ledger.is_gated() {
            return;
        }
        // The added actors that nobody has looked at may be held back, too.
        while let Some((order, nths)) = self.ledger.next_fresh(u64::MAX) {
            for nth in nths {
                self.hold(order, nth);
            }
        }
        // Kept in the machine, so that a force or a drop between two batches finds the rest.
        self.given_up.extend(self.ledger.take_held(order));
    }

    fn start_run(&mut self, order: StopOrder, mut nths: Range<u64>) {
        // The clock is read once for all, because it costs more than the rest of a start.
        let now = self.group().now();
        // The count comes before the calls of the spawner, which may panic: from here on, their
        // exits count.
        let many = usize::try_from(nths.end - nths.start).unwrap_or(usize::MAX);
        self.ledger.started(order, many);
        while !nths.is_empty() {
            let nth = nths.start;
            // The lock is released before the loop below: a spawner is foreign and may poll the
            // actor inside `spawn_task`, which may add actors or ask for the status.
            let found = self.receiver.intake.members().chunk(Key { order, nth });
            let Some((chunk, first)) = found else { break };
            for (at, _) in (first..chunk.len()).zip(nths.by_ref()) {
                let member = MemberRef::new(Arc::clone(&chunk), at);
                // Before the spawn, which publishes it to the thread of the task.
                member.start(now);
                trace_start(&member);
                // Not caught (invariant 6): if it panics, the task is dropped, and its exit is
                // `Lost`. The panic goes through `run`, and the drop of the machine forces the
                // rest.
                self.spawner.spawn_task(Task::new(member));
            }
        }
    }
}

fn trace_start(member: &MemberRef) {
    trace::started(member.name(), member.settings());
    if member.settings().cannot_announce() {
        trace::cannot_announce(member.name(), member.settings());
    }
}
