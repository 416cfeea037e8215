//! The group's end of what it shares.

use std::sync::Arc;

use crate::phase::Phase;
use crate::shared::group_state::GroupState;
use crate::shared::intake::Intake;
use crate::shared::mailbox::{Event, QUEUE_KEPT};
use crate::shared::short_queue::ShortQueue;

/// Takes the events in their order, and owns the actors. Dropping it ends the group: it closes the
/// mail and the intake and drops what they hold, so that nothing outlives the group.
pub(crate) struct Receiver {
    pub(crate) intake: Arc<Intake>,
    /// The events that were fetched together and have yet to be taken.
    batch: ShortQueue<Event>,
}

impl Receiver {
    pub(crate) fn new() -> Receiver {
        Receiver {
            intake: Intake::new(),
            batch: ShortQueue::default(),
        }
    }

    pub(crate) fn state(&self) -> &Arc<GroupState> {
        self.intake.state()
    }

    /// The next event of those that were fetched together.
    pub(crate) fn next_fetched(&mut self) -> Option<Event> {
        let event = self.batch.pop();
        // A group that was flooded once would otherwise keep the memory of the flood (law 34).
        self.batch.shrink_above(QUEUE_KEPT);
        event
    }

    /// Fetches the events that were sent, unless some of the last ones have yet to be taken. Returns
    /// whether there are any to take. One that is sent meanwhile may be missed.
    pub(crate) fn fetch_some(&mut self) -> bool {
        self.has_mail() && self.fetch()
    }

    /// Fetches all events that were sent, unless some of the last ones have yet to be taken. Returns
    /// whether there are any to take.
    fn fetch(&mut self) -> bool {
        if self.batch.is_empty() {
            self.intake.state().mailbox.fetch(&mut self.batch);
        }
        !self.batch.is_empty()
    }

    /// Fetches all events that were sent, behind those that have yet to be taken. Returns whether
    /// there are any to take.
    pub(crate) fn fetch_all(&mut self) -> bool {
        if self.batch.is_empty() {
            return self.fetch();
        }
        let mut later = ShortQueue::default();
        self.state().mailbox.fetch(&mut later);
        while let Some(event) = later.pop() {
            self.batch.push(event);
        }
        true
    }

    /// The next event of all that were sent.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.fetch();
        self.next_fetched()
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.batch.is_empty() || self.state().mailbox.has_mail()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let state = self.intake.state();
        // The order matters. Readiness ends first, because destructors may ask for it. The intake
        // and the mail close before what they hold is dropped, because destructors may add and
        // send. `gone` is set before the errors are forgotten: a request that comes too late to be
        // forgotten here sees `gone`, and forgets itself (law 34).
        state.mark_stopping();
        // Each actor contains the panics of its own destructors.
        self.intake.close_and_drop();
        let sent = state.mailbox.close();
        while self.batch.pop().is_some() {}
        drop(sent);
        if state.phase() != Phase::Ended {
            state.enter_phase(Phase::Ended, state.now());
        }
        state.gone.set(true);
        state.drop_guards();
        state.forget_errors();
    }
}
