//! The second half of the state machine: from the cause to the end.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Machine, Phase};
use crate::alarm::Alarm;
use crate::cell::{Cell, Exited, Forced};
use crate::exit::{Cause, Outcome, Panic};
use crate::link::Event;
use crate::report::{State, Straggler};
use crate::stage::Stage;
use crate::trace;
use crate::unwind;

/// What ended a wait.
enum Woken {
    Event(Event),
    /// What was waited for is there.
    Done,
    /// The grace is over.
    Late,
}

impl Machine<'_> {
    /// Stops one stage after the other, each when all before it have exited.
    pub(crate) async fn stop(&mut self, cause: Cause) {
        // Accepted before the cause: run, interrupted and awaited as the others (law 24).
        for cell in self.begin(cause) {
            self.spawn(cell);
        }
        if self.limits.grace == Some(Duration::ZERO) {
            return self.force();
        }
        self.grace = self
            .limits
            .grace
            .map(|grace| Alarm::new(self.spawner, grace));
        self.drain().await;
        while let Some(stage) = self.interrupt_stage() {
            self.exits_of(&stage).await;
        }
        self.end();
    }

    /// Sets the cause; from here on nothing is added (invariants 1 and 4). Returns those that have
    /// yet to be spawned.
    pub(super) fn begin(&mut self, cause: Cause) -> Vec<Arc<Cell>> {
        self.inbox.link.stop();
        while let Some(actor) = self.inbox.added() {
            self.roster.insert(actor);
        }
        let now = self.inbox.link.now();
        let late = self.roster.due();
        let late = late.map(|key| self.roster.start(key, now)).collect();
        // Stages that have not started never start (law 26).
        self.roster.drop_waiting();
        self.order = self.roster.take_in_stop_order();
        self.began = Some(now);
        trace::cause(&cause);
        let drains =
            cause.is_ok_request() && self.limits.drain > Duration::ZERO && !self.roster.is_idle();
        self.phase = if drains {
            Phase::Draining
        } else {
            Phase::Stopping
        };
        self.report.stopped_by(cause);
        late
    }

    /// Leaves all at work for the drain delay, unless something makes it pointless (law 27).
    async fn drain(&mut self) {
        if self.phase == Phase::Draining {
            let mut delay = Alarm::new(self.spawner, self.limits.drain);
            while self.phase == Phase::Draining {
                match self.wait(|cx| delay.poll(cx).is_ready()).await {
                    Woken::Event(event) => self.on_event(event),
                    Woken::Done => self.phase = Phase::Stopping,
                    Woken::Late => self.force(),
                }
            }
        }
    }

    /// Waits until the stage is empty, or all is over by a force.
    async fn exits_of(&mut self, stage: &Stage) {
        while self.phase == Phase::Stopping {
            match self.wait(|_| stage.is_empty()).await {
                Woken::Event(event) => self.on_event(event),
                Woken::Done => return,
                Woken::Late => self.force(),
            }
        }
    }

    /// Waits for the next event, for `done`, or for the end of the grace.
    async fn wait(&mut self, mut done: impl FnMut(&mut Context<'_>) -> bool) -> Woken {
        poll_fn(|cx| {
            self.inbox.link.keep_waker(cx.waker());
            if let Some(event) = self.inbox.event() {
                return Poll::Ready(Woken::Event(event));
            }
            if done(cx) {
                return Poll::Ready(Woken::Done);
            }
            match &mut self.grace {
                Some(grace) => grace.poll(cx).map(|()| Woken::Late),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Takes an event while stopping.
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Exited(exited) => self.exited_in_stop(exited),
            Event::Force => self.force(),
            // The second request: no more drain. Its error is not the cause; nobody wants it.
            Event::Request { outcome, .. } => {
                self.phase = Phase::Stopping;
                let _ = unwind::catch_drop(outcome);
            }
            Event::Announced(_) => {}
        }
    }

    fn exited_in_stop(&mut self, exited: Exited) {
        let cell = Arc::clone(&exited.cell);
        cell.stage().leave();
        self.roster.count_out(&cell.settings);
        let failed = !exited.outcome.is_ok() && cell.settings.ends.on(&exited.outcome);
        if failed || self.roster.is_idle() {
            self.phase = Phase::Stopping;
        }
        let exit = self.exit(exited);
        self.report.keep(exit);
    }

    /// Interrupts the next stage in the stop order, and returns it.
    fn interrupt_stage(&mut self) -> Option<Arc<Stage>> {
        let stage = Arc::clone(self.order.get(self.next)?.stage());
        if !self.report.wants_all() && !trace::wants_exits() {
            self.inbox.link.quiet();
        }
        trace::interrupting(&stage);
        stage.interrupt(self.inbox.link.now());
        while self
            .order
            .get(self.next)
            .is_some_and(|cell| cell.stage().rank == stage.rank)
        {
            self.interrupt_next();
        }
        Some(stage)
    }

    fn interrupt_next(&mut self) {
        let cell = &self.order[self.next];
        // Before the call (invariant 2).
        self.next += 1;
        let Some(cause) = self.report.cause() else {
            return;
        };
        if let Err(panic) = cell.interrupt(cause) {
            self.report.interrupt_panicked(cell.name.clone(), panic);
        }
    }

    /// Ends what remains at once (law 16).
    pub(super) fn force(&mut self) {
        trace::forced();
        while self.interrupt_stage().is_some() {}
        let order = std::mem::take(&mut self.order).into_iter();
        let forced = order.filter_map(|cell| Some((cell.force()?, cell)));
        let forced: Vec<_> = forced.collect();
        self.take_last_exits(&forced);
        for (forced, cell) in forced {
            self.straggled(&cell, forced);
        }
        self.end();
    }

    /// Takes the exits of those that ended before they were forced: each was told before the cell
    /// was found ended. What a polling straggler tells comes too late.
    fn take_last_exits(&mut self, forced: &[(Forced, Arc<Cell>)]) {
        let stragglers: BTreeSet<_> = forced.iter().map(|(_, cell)| cell.key).collect();
        while let Some(event) = self.inbox.event() {
            match event {
                Event::Exited(exited) if !stragglers.contains(&exited.cell.key) => {
                    let exit = self.exit(exited);
                    self.report.keep(exit);
                }
                late => drop(unwind::catch_drop(late)),
            }
        }
    }

    fn straggled(&mut self, cell: &Arc<Cell>, forced: Forced) {
        let state = match forced {
            Forced::Parked { started, panic } => {
                self.aborted(cell, started, panic);
                State::Parked
            }
            Forced::Polling => State::Polling,
            // Its future is gone, but its thread goes on: that is no exit.
            Forced::Blocking => State::Blocking,
        };
        let straggler = Straggler {
            name: cell.name.clone(),
            state,
        };
        trace::straggler(&straggler);
        self.report.straggled(straggler);
    }

    fn aborted(&mut self, cell: &Arc<Cell>, started: Duration, panic: Option<Panic>) {
        let outcome = panic.map_or(Outcome::Aborted, Outcome::Panicked);
        let at = self.inbox.link.now();
        let exit = self.exit(Exited {
            cell: Arc::clone(cell),
            outcome,
            started,
            at,
        });
        self.report.keep(exit);
    }

    fn end(&mut self) {
        self.phase = Phase::Ended;
        let now = self.inbox.link.now();
        self.report
            .lasted(now.saturating_sub(self.began.unwrap_or(now)));
    }
}
