//! What the machine waits for: the mail, added actors and the clocks, of which none starves the
//! others.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::Machine;
use crate::actor::Actor;
use crate::shared::link::Event;

/// After this many events in a row, the machine yields to the tasks that share its thread.
const EVENTS_PER_POLL: u32 = 256;

/// What ended a wait.
pub(super) enum Woken {
    Event(Event),
    Added(Vec<Actor>),
    /// No actor is left that keeps the group alive. It does not occur during the stop proper.
    Idle,
    /// What the stop waits for has come: the end of the drain or of the turn.
    Done,
    /// An actor's own limit is over.
    Due,
    /// The grace is over.
    Late,
}

/// What keeps one of them from starving the others.
#[derive(Default)]
pub(super) struct Fairness {
    /// How many events were taken since the machine last waited.
    streak: u32,
    /// Whether added actors were taken last.
    is_mail_next: bool,
    /// Whether added actors were taken since something was over.
    had_its_batch: bool,
}

impl Machine<'_> {
    /// Waits for what happens next: the events in their order, added actors, the clocks. The queues
    /// take turns, and each turn ends, so that none starves the others.
    pub(super) async fn next(&mut self) -> Woken {
        self.fairness.streak += 1;
        if self.fairness.streak % EVENTS_PER_POLL == 0 {
            futures_lite::future::yield_now().await;
            // While somebody adds actors faster than they start, nobody else polls the clocks.
            poll_fn(|cx| {
                self.poll_clocks(cx);
                Poll::Ready(())
            })
            .await;
        }
        loop {
            if let Some(woken) = self.look() {
                return woken;
            }
            self.announce();
            self.fairness.streak = 0;
            poll_fn(|cx| self.poll_news(cx)).await;
        }
    }

    /// Returns what has happened, if anything has.
    fn look(&mut self) -> Option<Woken> {
        if let Some(event) = self.inbox.event() {
            return Some(Woken::Event(event));
        }
        if std::mem::take(&mut self.fairness.is_mail_next) && self.inbox.fetch() {
            return self.inbox.event().map(Woken::Event);
        }
        // What is over waits for one more batch, and not for all that are added without end. It
        // waits for all mail, which ends: an actor that has left is not interrupted (law 7).
        let over = self.over();
        let had_its_batch = std::mem::replace(&mut self.fairness.had_its_batch, over.is_some());
        if over.is_none() || !had_its_batch {
            let added = self.door.take();
            if !added.is_empty() {
                self.fairness.is_mail_next = true;
                return Some(Woken::Added(added));
            }
        }
        if self.inbox.fetch() {
            return self.inbox.event().map(Woken::Event);
        }
        let is_idle = self.roster.is_idle() && !self.is_interrupting();
        over.or_else(|| is_idle.then_some(Woken::Idle))
    }

    /// Returns what is over, if anything is: the grace, what the stop waits for, or an actor's own
    /// limit.
    fn over(&self) -> Option<Woken> {
        let stop = self.stop.as_ref()?;
        if stop.is_late() {
            Some(Woken::Late)
        } else if stop.is_done() {
            Some(Woken::Done)
        } else {
            stop.is_due().then_some(Woken::Due)
        }
    }

    fn poll_clocks(&mut self, cx: &mut Context<'_>) {
        if let Some(stop) = &mut self.stop {
            stop.poll_alarms(cx);
        }
    }

    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The waker is kept first and the mail looked at second. A sender does it the other way
        // round.
        self.inbox.link.keep_waker(cx);
        let has_rung = match &mut self.stop {
            Some(stop) => stop.poll_alarms(cx) || stop.is_done(),
            None => false,
        };
        if has_rung || self.inbox.has_mail() || self.door.has_added() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
