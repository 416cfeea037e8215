//! Events and spans, with the feature `tracing`.
//!
//! A production log at `info` has a few lines for the group, and none for an actor that does what
//! it should: those are at `debug`. Foreign text is formatted before a subscriber sees it, so that
//! a formatter that panics does so under our catch and not inside the subscriber.

use std::fmt::Display;
use std::time::Duration;

use tracing::{debug, error, info, info_span, warn};

use crate::cause::{Cause, Exit};
use crate::name::{Line, Name};
use crate::panic::{catch, contain};
use crate::phase::ActorState;
use crate::settings::Rank;
use crate::sync::{Mutex, lock};

/// Around each poll of an actor, from its start to its exit.
pub(crate) struct Span(Mutex<Option<tracing::Span>>);

impl Span {
    pub(crate) fn unopened() -> Span {
        Span(Mutex::new(None))
    }

    pub(crate) fn open(&self, actor: &Name, stage: u32) {
        let span = catch(|| info_span!(target: "rungroup", "actor", actor = %Line(actor), stage));
        *lock(&self.0) = span.ok();
    }

    /// Calls `polled`, which does not panic, inside the span.
    pub(crate) fn around<T>(&self, polled: impl FnOnce() -> T) -> T {
        // It is taken out meanwhile, because the subscriber is foreign and must not be called under
        // the lock.
        let span = lock(&self.0).take();
        let Some(span) = span else { return polled() };
        let entered = catch(|| span.enter()).ok();
        let result = polled();
        contain(|| drop(entered));
        *lock(&self.0) = Some(span);
        result
    }

    /// Closes it, because clones of the actor's context may live on.
    pub(crate) fn close(&self) {
        let span = lock(&self.0).take();
        contain(|| drop(span));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether a subscriber wants every exit, `Ok` or not.
pub(crate) fn wants_exits() -> bool {
    catch(|| tracing::enabled!(target: "rungroup", tracing::Level::DEBUG)).unwrap_or(false)
}

pub(crate) fn started(actor: &Name, stage: u32) {
    contain(|| debug!(target: "rungroup", actor = %Line(actor), stage, "actor started"));
}

pub(crate) fn announced(actor: &Name, stage: u32) {
    contain(|| debug!(target: "rungroup", actor = %Line(actor), stage, "actor ready"));
}

pub(crate) fn cannot_announce(actor: &Name, stage: u32) {
    contain(|| {
        warn!(
            target: "rungroup", actor = %Line(actor), stage,
            "actor has no context to announce that it is ready"
        );
    });
}

/// An actor exited before it was ready.
pub(crate) fn never_ready(actor: &Name, stage: u32) {
    contain(
        || warn!(target: "rungroup", actor = %Line(actor), stage, "actor exited before it was ready"),
    );
}

/// An actor was held back by readiness until the stop.
pub(crate) fn never_started(actor: &Name, stage: u32) {
    contain(|| warn!(target: "rungroup", actor = %Line(actor), stage, "actor never started"));
}

pub(crate) fn drain_exceeds_grace(drain: Duration, grace: Duration) {
    contain(|| {
        warn!(
            target: "rungroup", ?drain, ?grace,
            "the grace ends before the drain: actors will be forced without time to stop"
        );
    });
}

pub(crate) fn ready() {
    contain(|| info!(target: "rungroup", "group ready"));
}

pub(crate) fn draining(delay: Duration) {
    contain(|| info!(target: "rungroup", ?delay, "group draining"));
}

pub(crate) fn cause(cause: &Cause) {
    contain(|| {
        if cause.is_ok() {
            info!(target: "rungroup", %cause, "group stopping");
        } else {
            error!(target: "rungroup", %cause, "group stopping");
        }
    });
}

pub(crate) fn interrupting(rank: Rank) {
    contain(|| match rank {
        Rank::Stage(stage) => info!(target: "rungroup", stage, "interrupting stage"),
        Rank::Background => info!(target: "rungroup", "interrupting background"),
    });
}

/// Before its interrupt is called.
pub(crate) fn interrupt(actor: &Name, stage: u32) {
    contain(|| debug!(target: "rungroup", actor = %Line(actor), stage, "interrupting actor"));
}

pub(crate) fn interrupt_panicked(actor: &Name, stage: u32, panic: &dyn Display) {
    contain(
        || warn!(target: "rungroup", actor = %Line(actor), stage, %panic, "interrupt panicked"),
    );
}

pub(crate) fn exited(stage: u32, exit: &Exit) {
    let (actor, outcome) = (exit.actor(), exit.outcome());
    let ran_for = exit.ran_for();
    // A log should not show an `Option`: without a value, there is no field.
    let stopped_in = exit.stopped_in().map(tracing::field::debug);
    contain(|| {
        if outcome.is_ok() {
            debug!(target: "rungroup", actor = %Line(actor), stage, %outcome, ?ran_for, stopped_in, "actor exited");
        } else {
            let outcome = format_args!("{outcome:#}");
            warn!(target: "rungroup", actor = %Line(actor), stage, %outcome, ?ran_for, stopped_in, "actor exited");
        }
    });
}

/// A person forces the group; `status` says what it was doing. The thread that forces it logs this,
/// because `run` may be stuck.
#[cfg(feature = "signal")]
pub(crate) fn forcing(status: &dyn Display) {
    contain(|| warn!(target: "rungroup", %status, "forcing the group"));
}

/// A supervisor asks again for a stop that is under way. Logged by the signal's thread, as above.
#[cfg(feature = "signal")]
pub(crate) fn still_stopping(status: &dyn Display) {
    contain(|| info!(target: "rungroup", %status, "group is still stopping"));
}

/// What remains is forced, for `reason`.
pub(crate) fn forced(reason: &str) {
    contain(|| warn!(target: "rungroup", reason, "forcing what remains"));
}

pub(crate) fn straggler(actor: &Name, state: ActorState, waited_for: Option<Duration>) {
    let waited_for = waited_for.map(tracing::field::debug);
    contain(
        || warn!(target: "rungroup", actor = %Line(actor), %state, waited_for, "actor did not stop"),
    );
}

/// The last event of a group that returned `Ok`.
pub(crate) fn succeeded(took: Duration) {
    contain(|| info!(target: "rungroup", result = "ok", ?took, "group stopped"));
}

/// The last event of a group that failed.
pub(crate) fn failed(failure: &dyn Display, took: Duration) {
    contain(|| error!(target: "rungroup", result = %failure, ?took, "group stopped"));
}
