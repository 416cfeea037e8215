//! The state machine of a running group.
//!
//! Sequential: it lives inside the `run` future, takes one event after the other, decides, and acts
//! through the spawner and the interrupts. It knows no runtime.
//!
//! ```text
//!            cause                drain over            a stage is empty
//! Running ─────────► Draining ───────────────► Stopping ◄─────────┐
//!    │    (else, at once)            │           │  └─ next stage ┘
//!    │                               │ force     │ no stage left, or force
//!    └──── dropped: force ───────────┴───────────┴────────────────► Ended
//! ```
//!
//! Invariants, cited where the code relies on them:
//!
//! 1. The cause is set once, at the end of Running; it never changes.
//! 2. An interrupt is taken out of its cell before it is called, so it is called once, even if it
//!    panics or the machine is dropped meanwhile. None is called before the cause is set.
//! 3. A started actor has exactly one end: an `Exited` event, a count (of an `Ok` exit, once `quiet`
//!    is set), or a force. Each of the first two leaves its stage's count once.
//! 4. Nothing is added after the cause: the link is closed for actors, then emptied of them.
//! 5. A stage is interrupted when all before it in the stop order are empty, or in a force.
//! 6. All foreign code (executes, interrupts, destructors, clocks) is called so that its panic
//!    comes back as a value; only a spawner's panic goes through, and then `Drop` forces.

mod stop;

use std::sync::Arc;
use std::time::Duration;

use crate::alarm::Alarm;
use crate::cell::{Cell, Exited};
use crate::exit::{Cause, Exit, StopTimes, Trigger};
use crate::limits::Limits;
use crate::link::{Event, Inbox};
use crate::report::Report;
use crate::roster::Roster;
use crate::spawner::Spawner;
use crate::task::Task;
use crate::trace;

/// After so many events in a row the machine lets others run, who share its thread.
const EVENTS_PER_POLL: u32 = 256;

pub(crate) struct Machine<'a> {
    spawner: &'a dyn Spawner,
    inbox: Inbox,
    roster: Roster,
    limits: Limits,
    report: Report,
    phase: Phase,
    /// Since the cause: the actors in the order in which they are interrupted.
    order: Vec<Arc<Cell>>,
    /// The first in `order` that was not interrupted.
    next: usize,
    began: Option<Duration>,
    grace: Option<Alarm>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Set at the start.
    Running,
    /// Set by the cause, if it is a request with `Ok` and there is a drain delay.
    Draining,
    /// Set by the cause, or when the drain is over.
    Stopping,
    /// Set when the last stage is empty, or by a force. Nothing is due any longer.
    Ended,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        spawner: &'a dyn Spawner,
        roster: Roster,
        inbox: Inbox,
        limits: Limits,
        report: Report,
    ) -> Machine<'a> {
        Machine {
            spawner,
            inbox,
            roster,
            limits,
            report,
            phase: Phase::Running,
            order: Vec::new(),
            next: 0,
            began: None,
            grace: None,
        }
    }

    /// Starts all actors whose stage may start.
    pub(crate) fn start(&mut self) {
        let mut due = self.roster.due().peekable();
        if due.peek().is_none() {
            return;
        }
        // Looked at once for all: a clock costs more than the rest of a start.
        let now = self.inbox.link.now();
        for key in due {
            let cell = self.roster.start(key, now);
            self.spawn(cell);
        }
    }

    fn spawn(&self, cell: Arc<Cell>) {
        trace::started(&cell);
        self.spawner.spawn(Task::new(cell));
    }

    /// Waits for the first exit that ends the group, or for a request; meanwhile, starts what comes
    /// late.
    pub(crate) async fn first_exit(&mut self) -> Cause {
        let mut events = 0;
        loop {
            self.start();
            if let Some(event) = self.inbox.event() {
                if let Some(cause) = self.take(event) {
                    return cause;
                }
            } else if let Some(actor) = self.inbox.added() {
                self.roster.insert(actor);
            } else if self.roster.is_idle() {
                return Cause::new(Trigger::NoActorLeft);
            } else {
                self.announce();
                self.inbox.wait().await;
                events = 0;
            }
            events += 1;
            if events % EVENTS_PER_POLL == 0 {
                futures_lite::future::yield_now().await;
            }
        }
    }

    /// Ends the machine and gives what it found.
    pub(crate) fn into_report(mut self) -> Report {
        self.report.take()
    }

    /// Announces once that the group is ready, if it is.
    fn announce(&self) {
        if self.roster.is_ready() && self.inbox.link.ready.get().is_none() {
            trace::ready();
            self.inbox.link.ready.set(Ok(()));
        }
    }

    /// Takes an event while running; returns the cause if it is one.
    fn take(&mut self, event: Event) -> Option<Cause> {
        match event {
            Event::Exited(exited) => self.exited(exited),
            Event::Announced(stage) => {
                self.roster.announced(stage);
                None
            }
            Event::Request { outcome, reason } => Some(Cause::new(Trigger::Request {
                error: outcome.err(),
                reason,
            })),
            Event::Force => {
                self.limits.no_grace();
                Some(Cause::new(Trigger::Request {
                    error: None,
                    reason: None,
                }))
            }
        }
    }

    fn exited(&mut self, exited: Exited) -> Option<Cause> {
        let cell = Arc::clone(&exited.cell);
        cell.stage().leave();
        let mut exit = self.exit(exited);
        let ends = cell.settings.ends;
        if !ends.on(&exit.outcome) {
            // It leaves, and its interrupt with it, uncalled (law 7).
            let left = self.roster.remove(cell.key);
            if let Some(panic) = left.and_then(|cell| cell.drop_interrupt()) {
                exit.panicked(panic);
            }
        }
        if ends.on(&exit.outcome) {
            return Some(Cause::new(Trigger::Exit(exit)));
        }
        // Only now: one that ends the group holds the higher stages back for good (law 26).
        self.roster.gone(&cell);
        self.report.keep(exit);
        None
    }

    fn exit(&self, exited: Exited) -> Exit {
        let Exited {
            cell,
            outcome,
            started,
            at,
        } = exited;
        cell.note_exit();
        let stop = self.began.map(|began| {
            let interrupted = cell.stage().interrupted().unwrap_or(at);
            StopTimes {
                interrupted: interrupted.saturating_sub(began),
                exited: at.saturating_sub(began),
            }
        });
        let ran_for = at.saturating_sub(started);
        let exit = Exit {
            name: cell.name.clone(),
            outcome,
            ran_for,
            stop,
        };
        trace::exited(&cell, &exit);
        exit
    }
}

/// Dropping a running group is a force (law 19). Also when it is a spawner's panic that drops it.
impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if self.phase == Phase::Ended {
            return;
        }
        if self.phase == Phase::Running {
            self.begin(Cause::new(Trigger::Dropped));
        }
        self.force();
        // Nobody will read it, and what it holds is foreign.
        self.report.take().discard();
    }
}
