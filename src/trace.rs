//! What the group sends to `tracing`: nothing without the feature. Every event and span has the
//! target `rungroup`.
//!
//! A production log at `info` has a few lines for the group, and none for an actor that does what it
//! should: those are at `debug`. One fact is one event: the exit that is the cause is told by the
//! group that stops. That a group inside another is ready, stops and has stopped is at `debug`, because
//! the outer group decides what it means.
//!
//! Subscribers are foreign code, so each call is contained here. Foreign text is formatted before a
//! subscriber sees it, so that a formatter that panics does so under our catch. Durations are numbers
//! of milliseconds, in fields that end in `_ms`.
#![cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "only events read them")
)]

#[cfg(feature = "tracing")]
use std::fmt;
use std::fmt::Display;
#[cfg(feature = "tracing")]
use std::sync::Arc;
use std::time::Duration;

use crate::cause::{Cause, Exit};
#[cfg(feature = "tracing")]
use crate::name::Line;
use crate::name::Name;
#[cfg(feature = "tracing")]
use crate::outcome::Outcome;
#[cfg(feature = "tracing")]
use crate::panic::{catch, contain};
use crate::phase::ActorState;
use crate::settings::{Settings, StopOrder};
#[cfg(feature = "tracing")]
use crate::{
    sync::{Mutex, lock},
    text::millis,
};

/// Sends an event, if there is anything to send it to.
macro_rules! event {
    ($level:ident, $($fields:tt)*) => {
        #[cfg(feature = "tracing")]
        contain(|| tracing::$level!(target: "rungroup", $($fields)*));
    };
}

/// Around each poll of an actor and its interrupt, from its start to its exit.
pub(crate) struct Span {
    /// Shared, because the interrupt may be called while the actor is polled.
    #[cfg(feature = "tracing")]
    opened: Mutex<Option<Arc<tracing::Span>>>,
}

#[cfg(feature = "tracing")]
impl Span {
    pub(crate) fn unopened() -> Span {
        Span {
            opened: Mutex::new(None),
        }
    }

    pub(crate) fn open(&self, actor: &Name, settings: Settings) {
        let stage = stage(settings);
        let actor = Line(actor);
        let span = catch(|| tracing::info_span!(target: "rungroup", "actor", %actor, stage));
        *lock(&self.opened) = span.ok().map(Arc::new);
    }

    /// Calls `call`, which does not panic, inside the span.
    pub(crate) fn around<T>(&self, call: impl FnOnce() -> T) -> T {
        // The subscriber is foreign and must not be called under the lock.
        let span = lock(&self.opened).clone();
        let Some(span) = span else { return call() };
        let entered = catch(|| span.enter()).ok();
        let result = call();
        contain(|| drop(entered));
        // It may be the last one, if the actor has exited meanwhile.
        contain(|| drop(span));
        result
    }

    /// Closes it, because clones of the actor's context may live on.
    pub(crate) fn close(&self) {
        let span = lock(&self.opened).take();
        contain(|| drop(span));
    }
}

#[cfg(feature = "tracing")]
impl Drop for Span {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(not(feature = "tracing"))]
#[expect(clippy::unused_self, reason = "there is no span without the feature")]
impl Span {
    pub(crate) fn unopened() -> Span {
        Span {}
    }

    pub(crate) fn open(&self, actor: &Name, settings: Settings) {}

    pub(crate) fn around<T>(&self, call: impl FnOnce() -> T) -> T {
        call()
    }

    pub(crate) fn close(&self) {}
}

/// The span and the subscriber of the current thread, for another thread (law 35).
pub(crate) struct Scope {
    #[cfg(feature = "tracing")]
    current: Option<(tracing::Dispatch, tracing::Span)>,
}

#[cfg(feature = "tracing")]
impl Scope {
    pub(crate) fn current() -> Scope {
        let dispatch = || tracing::dispatcher::get_default(Clone::clone);
        Scope {
            current: catch(|| (dispatch(), tracing::Span::current())).ok(),
        }
    }

    /// Calls `work`, which does not panic, inside the scope.
    pub(crate) fn around<T>(self, work: impl FnOnce() -> T) -> T {
        let Some((dispatch, span)) = self.current else {
            return work();
        };
        let subscribed = catch(|| tracing::dispatcher::set_default(&dispatch)).ok();
        let entered = catch(|| span.enter()).ok();
        let result = work();
        contain(|| drop(entered));
        contain(|| drop(span));
        contain(|| drop(subscribed));
        contain(|| drop(dispatch));
        result
    }
}

#[cfg(not(feature = "tracing"))]
#[expect(clippy::unused_self, reason = "there is no scope without the feature")]
impl Scope {
    pub(crate) fn current() -> Scope {
        Scope {}
    }

    pub(crate) fn around<T>(self, work: impl FnOnce() -> T) -> T {
        work()
    }
}

/// A background actor has a stage only to start by, so its events have none.
#[cfg(feature = "tracing")]
fn stage(settings: Settings) -> Option<u32> {
    (!settings.is_background()).then_some(settings.stage)
}

/// Whether a subscriber wants every exit, `Ok` or not.
pub(crate) fn wants_exits() -> bool {
    #[cfg(feature = "tracing")]
    return catch(|| tracing::enabled!(target: "rungroup", tracing::Level::DEBUG)).unwrap_or(false);
    #[cfg(not(feature = "tracing"))]
    false
}

/// Whether a subscriber wants warnings. Without one, no clock is set for them.
pub(crate) fn wants_warnings() -> bool {
    #[cfg(feature = "tracing")]
    return catch(|| tracing::enabled!(target: "rungroup", tracing::Level::WARN)).unwrap_or(false);
    #[cfg(not(feature = "tracing"))]
    false
}

pub(crate) fn started(actor: &Name, settings: Settings) {
    event!(debug, actor = %Line(actor), stage = stage(settings), "actor started");
}

pub(crate) fn announced(actor: &Name, settings: Settings) {
    event!(debug, actor = %Line(actor), stage = stage(settings), "actor ready");
}

/// An actor takes back that it is ready.
pub(crate) fn revoked(actor: &Name, settings: Settings) {
    event!(warn, actor = %Line(actor), stage = stage(settings), "actor not ready any longer");
}

pub(crate) fn announced_again(actor: &Name, settings: Settings) {
    event!(info, actor = %Line(actor), stage = stage(settings), "actor ready again");
}

pub(crate) fn cannot_announce(actor: &Name, settings: Settings) {
    event!(
        warn,
        actor = %Line(actor), stage = stage(settings),
        "actor has no context to announce that it is ready"
    );
}

/// An actor exited before it was ready.
pub(crate) fn never_ready(actor: &Name, settings: Settings) {
    event!(
        warn,
        actor = %Line(actor), stage = stage(settings),
        "actor exited before it was ready"
    );
}

/// An actor was held back by readiness until the stop.
pub(crate) fn never_started(actor: &Name, settings: Settings) {
    event!(warn, actor = %Line(actor), stage = stage(settings), "actor never started");
}

pub(crate) fn drain_exceeds_grace(drain: Duration, grace: Duration) {
    event!(
        warn,
        drain_ms = millis(drain),
        grace_ms = millis(grace),
        "the grace ends before the drain: actors will be forced without time to stop"
    );
}

/// The group is ready. Of a group inside another, `is_inner`, the outer one says so.
pub(crate) fn ready(is_inner: bool) {
    if is_inner {
        event!(debug, "inner group ready");
    } else {
        event!(info, "group ready");
    }
}

pub(crate) fn draining(delay: Duration) {
    event!(info, delay_ms = millis(delay), "group draining");
}

pub(crate) fn cause(cause: &Cause, is_inner: bool) {
    if is_inner {
        event!(debug, %cause, "inner group stopping");
    } else if cause.is_ok() {
        event!(info, %cause, "group stopping");
    } else {
        event!(error, %cause, "group stopping");
    }
}

pub(crate) fn interrupting(order: StopOrder) {
    match order {
        StopOrder::Stage(stage) => {
            event!(info, stage, "interrupting stage");
        }
        StopOrder::Background => {
            event!(info, "interrupting background");
        }
    }
}

/// Before its interrupt is called (law 8).
pub(crate) fn interrupt(actor: &Name, settings: Settings) {
    event!(debug, actor = %Line(actor), stage = stage(settings), "interrupting actor");
}

pub(crate) fn interrupt_panicked(actor: &Name, settings: Settings, panic: &dyn Display) {
    event!(
        warn,
        actor = %Line(actor), stage = stage(settings), %panic,
        "interrupt panicked"
    );
}

/// An actor exited. If its exit is the cause, the group that stops tells its failure.
pub(crate) fn exited(settings: Settings, exit: &Exit, is_cause: bool) {
    #[cfg(feature = "tracing")]
    {
        let (actor, stage) = (Line(exit.actor()), stage(settings));
        let ran_for_ms = millis(exit.ran_for());
        // Without a value, there is no field.
        let stopped_in_ms = exit.stopped_in().map(millis);
        let is_logged = exit.outcome().is_ok() || is_cause;
        // With the error and its sources.
        let outcome = WithSources(exit.outcome());
        if is_logged {
            event!(debug, %actor, stage, %outcome, ran_for_ms, stopped_in_ms, "actor exited");
        } else {
            event!(warn, %actor, stage, %outcome, ran_for_ms, stopped_in_ms, "actor exited");
        }
    }
}

/// An outcome with the error and its sources, for a field.
#[cfg(feature = "tracing")]
struct WithSources<'a>(&'a Outcome);

#[cfg(feature = "tracing")]
impl Display for WithSources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

/// A person forces the group; `status` says what it was doing. The thread that heard the signal logs
/// this, because `run` may be stuck.
#[cfg(feature = "signal")]
pub(crate) fn forcing(status: &dyn Display) {
    event!(warn, %status, "forcing the group");
}

/// A supervisor asks again for a stop that is under way. Logged by the signal's thread, as above.
#[cfg(feature = "signal")]
pub(crate) fn still_stopping(status: &dyn Display) {
    event!(info, %status, "group is still stopping");
}

/// A turn has lasted for so long that a person may want to know whom the stop waits for.
pub(crate) fn long_turn(after: Duration, waits_for: &[(&Name, ActorState)]) {
    #[cfg(feature = "tracing")]
    {
        /// A line with more helps nobody.
        const SHOWN: usize = 10;
        let named = waits_for.iter().take(SHOWN);
        let named = named.map(|(actor, state)| format!("{} ({state})", actor.quoted()));
        let waiting_for = named.collect::<Vec<_>>().join(", ");
        let more = waits_for.len().saturating_sub(SHOWN);
        let more = (more > 0).then_some(more as u64);
        event!(
            warn,
            after_ms = millis(after), %waiting_for, more,
            "the stop waits for actors, and has no limit"
        );
    }
}

/// What remained was forced.
pub(crate) fn forced(reason: &dyn Display) {
    event!(warn, %reason, "what remained was forced");
}

/// An actor was forced. Without `waited_for`, only the force interrupted it.
pub(crate) fn straggler(
    actor: &Name,
    state: ActorState,
    reason: &dyn Display,
    waited_for: Option<Duration>,
) {
    event!(
        warn,
        actor = %Line(actor),
        %state, %reason,
        waited_for_ms = waited_for.map(millis),
        "actor did not stop"
    );
}

/// The last event of a group that returned `Ok`.
pub(crate) fn succeeded(took: Duration, is_inner: bool) {
    if is_inner {
        event!(
            debug,
            result = "ok",
            took_ms = millis(took),
            "inner group stopped"
        );
    } else {
        event!(info, result = "ok", took_ms = millis(took), "group stopped");
    }
}

/// The last event of a group that failed. If it failed with its cause, that was told as an error when
/// the stop began.
pub(crate) fn failed(failure: &dyn Display, is_cause: bool, took: Duration, is_inner: bool) {
    if is_inner {
        event!(debug, result = %failure, took_ms = millis(took), "inner group stopped");
    } else if is_cause {
        event!(info, result = %failure, took_ms = millis(took), "group stopped");
    } else {
        event!(error, result = %failure, took_ms = millis(took), "group stopped");
    }
}
