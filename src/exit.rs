//! How actors end, and why a group stops.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::line::OneLine;
use crate::name::Name;
use crate::panic::{Panic, discard};
use crate::text::{Chain, Chained, Contained};

/// An error of any type, as an actor's execute returns it.
///
/// `?` converts any error that is `Send + Sync + 'static` into it, and `.into()` converts a `&str`
/// or a `String`.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What an actor's execute returns.
///
/// The error is a [`BoxError`] by default, and not the [`Error`](crate::Error) of this crate: what
/// a run returns is `Result<(), rungroup::Error>`.
///
/// To adapt a future with another error type, write `async { Ok(work().await?) }`.
///
/// # Examples
///
/// ```
/// fn parse(text: &str) -> rungroup::Result<u16> {
///     Ok(text.parse()?)
/// }
/// assert!(parse("no number").is_err());
/// ```
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

/// How one actor ended.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Outcome, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(async { Err("out of paper".into()) }, |_| {}).name("printer"));
/// let error = group.run_blocking(Threads).unwrap_err();
///
/// let cause = error.report().cause().unwrap();
/// assert!(matches!(cause.outcome(), Some(Outcome::Failed(_))));
/// ```
#[non_exhaustive]
pub enum Outcome {
    /// Its execute returned `Ok(())`.
    Returned,
    /// Its execute returned an error.
    Failed(BoxError),
    /// Its execute panicked, or one of its destructors did.
    Panicked(Panic),
    /// Its spawner dropped it before it finished. There is a reason if the spawner
    /// [refused](crate::Task::refuse) it.
    Lost(Option<BoxError>),
    /// It was forced: its future was dropped before it finished.
    Forced,
}

impl Outcome {
    /// Returns whether execute returned `Ok`. Every other outcome is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Outcome;
    ///
    /// assert!(Outcome::Returned.is_ok());
    /// assert!(!Outcome::Forced.is_ok());
    /// ```
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Returned)
    }

    /// Returns the error that execute returned, or the reason why the actor was refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Outcome;
    ///
    /// let outcome = Outcome::Failed("out of paper".into());
    /// assert_eq!(outcome.error().unwrap().to_string(), "out of paper");
    /// ```
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Outcome::Failed(error) | Outcome::Lost(Some(error)) => Some(&**error),
            _ => None,
        }
    }
}

/// What `derive` would write, but contained, because the error's own `Debug` may panic.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned => f.write_str("Returned"),
            Outcome::Failed(error) => f.debug_tuple("Failed").field(&Contained(error)).finish(),
            Outcome::Panicked(panic) => f.debug_tuple("Panicked").field(panic).finish(),
            Outcome::Lost(error) => {
                let error = error.as_ref().map(Contained);
                f.debug_tuple("Lost").field(&error).finish()
            }
            Outcome::Forced => f.write_str("Forced"),
        }
    }
}

/// An outcome that is kept for later. Its drop is contained: an error may panic when it is dropped,
/// and outcomes are dropped by tasks, in the middle of a stop, several at a time.
pub(crate) struct Kept(Outcome);

impl Kept {
    pub(crate) fn take(&mut self) -> Outcome {
        std::mem::replace(&mut self.0, Outcome::Returned)
    }

    /// Notes that a destructor of the actor panicked after it had ended: the first panic counts.
    pub(crate) fn then_panicked(&mut self, panic: Option<Panic>) {
        match panic {
            Some(panic) if !matches!(self.0, Outcome::Panicked(_)) => {
                *self = Outcome::Panicked(panic).into();
            }
            later => drop(later),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        discard(self.take());
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Deref for Kept {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.0
    }
}

impl From<Outcome> for Kept {
    fn from(outcome: Outcome) -> Kept {
        Kept(outcome)
    }
}

impl From<Result> for Kept {
    fn from(result: Result) -> Kept {
        Kept(match result {
            Ok(()) => Outcome::Returned,
            Err(error) => Outcome::Failed(error),
        })
    }
}

/// Describes the outcome in a few words, on one line: "returned", "failed", "panicked: kaboom 7",
/// "was lost by its spawner", "was forced". The alternate form, `{:#}`, adds the error and its
/// sources: "failed: write wal: disk full".
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned => f.write_str("returned"),
            Outcome::Failed(_) => f.write_str("failed"),
            Outcome::Panicked(panic) => write!(f, "panicked: {panic}"),
            Outcome::Lost(_) => f.write_str("was lost by its spawner"),
            Outcome::Forced => f.write_str("was forced"),
        }?;
        if f.alternate() {
            Chain(self.error()).fmt(f)?;
        }
        Ok(())
    }
}

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
