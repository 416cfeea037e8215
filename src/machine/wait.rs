//! What the machine waits for: its mail, added actors and its clocks, of which none starves the
//! others.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::Machine;
use super::clocks::has_rung;
use super::entered::{BATCH, inside};
use super::notice::Notice;
use crate::report::ForcedBy;

impl Machine<'_> {
    /// Waits for what the caller must act on. Meanwhile takes the mail, and admits and starts the
    /// actors that are added.
    ///
    /// It works in rounds, each of which does a bounded amount of everything. So a flood of one kind
    /// puts off nothing else by more than a round.
    pub(super) async fn next(&mut self) -> Notice {
        loop {
            if let Some(notice) = self.round() {
                return notice;
            }
            if self.must_yield() {
                self.yield_now().await;
            } else {
                poll_fn(|cx| self.poll_news(cx)).await;
            }
        }
    }

    /// Does a bounded amount of everything there is to do. The order matters: the mail comes before
    /// the added actors, so that a child which its parent added before it exited is seen before the
    /// group finds no actor left; and the mail comes before what is over, because an actor that has
    /// left is not interrupted (law 7).
    fn round(&mut self) -> Option<Notice> {
        // A notice ends the round. What is behind it in the mail waits, so that the caller acts on
        // one event before the next is decided.
        if let Some(notice) = self.take_some_mail() {
            return Some(notice);
        }
        // What has not started when the group is forced never starts (law 15).
        if let Some(reason) = self.must_force() {
            return Some(Notice::MustForce(reason));
        }
        self.admit_some();
        let started = self.start_some(BATCH);
        self.worked += started;
        // In each round, and not only when there is nothing left to do: a group that is never idle
        // becomes ready, too (law 26).
        self.announce_group_ready();
        self.over()
    }

    /// Takes up to a batch of events. Returns what the caller must act on, with the later events left
    /// for the next round.
    fn take_some_mail(&mut self) -> Option<Notice> {
        // The whole queue is fetched under one lock, and taken without it.
        if !self.receiver.fetch_some() {
            return None;
        }
        let mut left = BATCH;
        inside(self.spawner, || {
            while left > 0 {
                let event = self.receiver.next_fetched()?;
                left -= 1;
                self.worked += 1;
                if let Some(notice) = self.take(event) {
                    return Some(notice);
                }
            }
            None
        })
    }

    fn admit_some(&mut self) {
        // The actors that were admitted before start first, so that a flood of added actors cannot
        // keep the group from becoming ready.
        if self.ledger.has_to_start() {
            return;
        }
        // Each counts as work when it starts, or is held back.
        if let Some(added) = self.receiver.intake.take(BATCH) {
            self.admit(added);
        }
    }

    /// Returns what is over, if anything is.
    fn over(&self) -> Option<Notice> {
        // A force comes first (law 16). Then a turn that is over, because an own grace that ended
        // with it has nobody left to force (law 17).
        let clocks = &self.clocks;
        if let Some(reason) = self.must_force() {
            Some(Notice::MustForce(reason))
        } else if self.is_step_over() {
            Some(Notice::StepOver)
        } else if has_rung(clocks.own.as_ref()) {
            Some(Notice::OwnGraceOver)
        } else if has_rung(clocks.warning.as_ref()) {
            Some(Notice::TurnIsLong)
        } else {
            self.is_without_actors().then_some(Notice::NoActorLeft)
        }
    }

    fn must_force(&self) -> Option<ForcedBy> {
        self.must_go_on().err().filter(|_| self.has_cause)
    }

    fn is_step_over(&self) -> bool {
        match self.turns.last() {
            // Pairs with `Stage::leave`: what the actors of this stage did happened before (law
            // 11).
            Some(turn) => turn.stage.is_empty(),
            None => has_rung(self.clocks.drain.as_ref()),
        }
    }

    /// Whether no actor is left that keeps the group alive, and none is on its way in.
    fn is_without_actors(&self) -> bool {
        // An actor on its way in is in the queue of the intake, and one that added it before it
        // exited is in the mail. Both must be looked at, or the group would stop for want of actors
        // while it has one.
        self.ledger.is_idle()
            && !self.turns.have_begun()
            && !self.receiver.intake.has_added()
            && !self.receiver.has_mail()
    }

    fn has_work(&self) -> bool {
        self.receiver.has_mail() || self.receiver.intake.has_added() || self.ledger.has_to_start()
    }

    fn must_yield(&self) -> bool {
        self.worked >= BATCH
    }

    /// Lets the tasks that share this thread run, and looks at the clocks, which nobody else polls
    /// while there is always work.
    async fn yield_now(&mut self) {
        // The count starts again after each yield, so it does not grow for ever.
        self.worked = 0;
        futures_lite::future::yield_now().await;
        poll_fn(|cx| {
            self.poll_clocks(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Between two batches of a step of the stop: yields, and returns why the group must be forced,
    /// if it must.
    pub(super) async fn pause(&mut self) -> Result<(), ForcedBy> {
        self.yield_now().await;
        self.must_go_on()
    }

    /// Returns why the group must be forced, if it must.
    pub(super) fn must_go_on(&self) -> Result<(), ForcedBy> {
        if self.group().is_force_requested() {
            Err(ForcedBy::Request)
        } else if has_rung(self.clocks.grace.as_ref()) {
            Err(ForcedBy::Grace)
        } else {
            Ok(())
        }
    }

    fn poll_clocks(&mut self, cx: &mut Context<'_>) {
        if self.clocks.are_set() {
            // A clock is foreign: its panic is caught (invariant 6), and it may need its runtime
            // (law 35).
            inside(self.spawner, || self.clocks.poll(cx));
        }
    }

    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_clocks(cx);
        // Mostly, there is a reason why `run` is polled, and it need not be woken again.
        if self.has_news() {
            return Poll::Ready(());
        }
        // The waker is kept first and the mail looked at second. A sender does it the other way
        // round.
        self.group().mailbox.keep_waker(cx);
        if self.has_news() {
            return Poll::Ready(());
        }
        self.worked = 0;
        Poll::Pending
    }

    fn has_news(&self) -> bool {
        self.has_work() || self.over().is_some()
    }
}
