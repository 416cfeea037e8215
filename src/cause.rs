//! Exits, and why a group stops.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::name::Name;
use crate::outcome::{Kept, Outcome};
use crate::text::{Chain, Chained, OneLine};

/// The exit of one actor, as a [`Report`](crate::Report) lists it.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// group.add_actor(Actor::cancellable(std::future::pending()).name("queue"));
///
/// let report = futures_lite::future::block_on(group.run_report(Threads));
/// let exit = &report.exits()[0];
/// assert_eq!(exit.actor().as_str(), Some("queue"));
/// assert!(exit.outcome().to_string() == "returned");
/// assert!(exit.stopped_in().unwrap() <= exit.ran_for());
/// ```
#[derive(Debug)]
pub struct Exit {
    pub(crate) name: Name,
    pub(crate) outcome: Kept,
    pub(crate) ran_for: Duration,
    /// Set for an actor that exited after the first interrupt.
    pub(crate) stop: Option<StopTimes>,
}

/// When an actor was interrupted and when it exited, both counted from the cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StopTimes {
    pub(crate) interrupted: Duration,
    pub(crate) exited: Duration,
}

impl Exit {
    /// Returns the name of the actor that exited.
    pub fn actor(&self) -> &Name {
        &self.name
    }

    /// Returns how it ended.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns the time from its start to its exit, in wall time, whatever clock the spawner has.
    /// Under a paused clock, measure with that clock instead.
    pub fn ran_for(&self) -> Duration {
        self.ran_for
    }

    /// Returns the time from the interrupt of its stage to its exit. It is zero if the actor exited
    /// after the first interrupt but before its turn, and `None` if it exited before the first
    /// interrupt.
    ///
    /// The time is wall time, whatever clock the spawner has.
    pub fn stopped_in(&self) -> Option<Duration> {
        self.stop
            .map(|stop| stop.exited.saturating_sub(stop.interrupted))
    }
}

/// Why a group stops: an actor exited, a [`Handle`](crate::Handle) requested it, no actor is left,
/// or the `run` future was dropped.
///
/// Every interrupt receives the same cause. Cloning it is cheap. Its `Display` is one line, with
/// the error if there is one.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(async { Err("no more disk".into()) }, |_| {}).name("writer"));
/// group.add_actor(Actor::with(|ctx| async move {
///     ctx.interrupted().await;
///     println!("I stop because {}", ctx.cause().unwrap());
///     Ok(())
/// }));
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// let cause = error.report().cause().unwrap();
/// assert_eq!(cause.to_string(), "actor `writer` failed: no more disk");
/// assert_eq!(cause.actor().unwrap().as_str(), Some("writer"));
/// assert_eq!(cause.error().unwrap().to_string(), "no more disk");
/// ```
#[derive(Clone)]
pub struct Cause(Arc<Trigger>);

#[derive(Debug)]
pub(crate) enum Trigger {
    Exit(Exit),
    /// Its outcome is `Returned` or `Failed`.
    Request {
        outcome: Kept,
        reason: Option<Cow<'static, str>>,
    },
    NoActorLeft,
    Dropped,
}

impl Cause {
    pub(crate) fn new(trigger: Trigger) -> Cause {
        Cause(Arc::new(trigger))
    }

    /// Returns the actor whose exit is the cause, if the cause is an exit.
    pub fn actor(&self) -> Option<&Name> {
        self.exit().map(Exit::actor)
    }

    /// Returns the outcome of the actor that exited, if one did.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.exit().map(Exit::outcome)
    }

    /// Returns the actor's failure, the reason for its loss, or the error of the request.
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Trigger::Exit(exit) => exit.outcome.error(),
            Trigger::Request { outcome, .. } => outcome.error(),
            Trigger::NoActorLeft | Trigger::Dropped => None,
        }
    }

    pub(crate) fn exit(&self) -> Option<&Exit> {
        match &*self.0 {
            Trigger::Exit(exit) => Some(exit),
            _ => None,
        }
    }

    /// Whether the cause alone would let the run succeed.
    pub(crate) fn is_ok(&self) -> bool {
        match &*self.0 {
            Trigger::Exit(exit) => exit.outcome.is_ok(),
            Trigger::Request { outcome, .. } => outcome.is_ok(),
            Trigger::NoActorLeft | Trigger::Dropped => true,
        }
    }

    /// Whether it is a request to stop with `Ok`.
    pub(crate) fn is_ok_request(&self) -> bool {
        matches!(&*self.0, Trigger::Request { outcome, .. } if outcome.is_ok())
    }

    /// The reason for a group inside this one. It leaves out "stop requested", which the inner
    /// cause says again.
    pub(crate) fn as_reason(&self) -> Option<Cow<'static, str>> {
        match &*self.0 {
            Trigger::Request { outcome, reason } => match outcome.error() {
                Some(error) => Some(Chained(error).to_string().into()),
                None => reason.clone(),
            },
            _ => Some(self.to_string().into()),
        }
    }
}

/// One line, with the error and its sources: "actor `db` failed: write wal: disk full", "stop
/// requested: SIGTERM".
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Trigger::Exit(exit) => write!(f, "actor {} {:#}", exit.name.quoted(), *exit.outcome),
            Trigger::Request { outcome, reason } => {
                f.write_str("stop requested")?;
                if let Some(reason) = reason {
                    write!(f, ": {}", OneLine(reason))?;
                }
                Chain(outcome.error()).fmt(f)
            }
            Trigger::NoActorLeft => f.write_str("no actor left"),
            Trigger::Dropped => f.write_str("run future dropped"),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.0).finish()
    }
}
