//! How actors end, and why a group stops.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::actor::Name;
use crate::unwind;

/// An error of any type, as an actor's execute returns it.
///
/// `?` makes it of any error that is `Send + Sync + 'static`, and `.into()` of a `&str` or a
/// `String`.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What an actor's execute returns; `Ok(())` by default.
///
/// A future with another error type is adapted by `async { Ok(work().await?) }`.
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
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Its execute returned `Ok(())`.
    Returned,
    /// Its execute returned an error.
    Failed(BoxError),
    /// Its execute panicked, or the drop of its future did.
    Panicked(Panic),
    /// Its spawner dropped it before it finished, with a reason if it was
    /// [refused](crate::Task::refuse).
    Lost(Option<BoxError>),
    /// It was forced: its future was dropped before it finished.
    Aborted,
}

impl Outcome {
    pub(crate) fn is_ok(&self) -> bool {
        matches!(self, Outcome::Returned)
    }

    /// A fault fails a run that had no reason to fail; a mere error does not.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self, Outcome::Panicked(_) | Outcome::Lost(_))
    }

    pub(crate) fn error(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Outcome::Failed(error) | Outcome::Lost(Some(error)) => Some(&**error),
            _ => None,
        }
    }
}

/// Says it in a few words: "returned", "failed", "panicked: kaboom 7", "was lost by its spawner",
/// "was aborted". The error itself is left to the caller.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned => f.write_str("returned"),
            Outcome::Failed(_) => f.write_str("failed"),
            Outcome::Panicked(panic) => {
                let line = panic.message().lines().next().unwrap_or_default();
                write!(f, "panicked: {line}")
            }
            Outcome::Lost(_) => f.write_str("was lost by its spawner"),
            Outcome::Aborted => f.write_str("was aborted"),
        }
    }
}

/// The panic of an actor: its message, and the payload, which [`Error::into_panic`] gives back.
///
/// [`Error::into_panic`]: crate::Error::into_panic
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Outcome, Threads};
///
/// let mut group = Group::new();
/// group.add(async { panic!("kaboom {}", 7) }, |_| {});
/// let error = group.run_blocking(Threads).unwrap_err();
///
/// let Some(Outcome::Panicked(panic)) = error.report().cause().unwrap().outcome() else {
///     unreachable!()
/// };
/// assert_eq!(panic.message(), "kaboom 7");
/// ```
pub struct Panic(Box<Payload>);

struct Payload {
    message: Cow<'static, str>,
    /// In a lock because a payload is `Send` but not `Sync`; empty once it was taken.
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Panic {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Panic {
        let message = if let Some(&literal) = payload.downcast_ref::<&'static str>() {
            Cow::Borrowed(literal)
        } else if let Some(formatted) = payload.downcast_ref::<String>() {
            Cow::Owned(formatted.clone())
        } else {
            Cow::Borrowed("(a payload that is no text)")
        };
        Panic(Box::new(Payload {
            message,
            payload: Mutex::new(Some(payload)),
        }))
    }

    /// Returns the text the panic was raised with; a placeholder when the payload is no text.
    ///
    /// # Examples
    ///
    /// See [`Panic`].
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Takes the payload out; the first call gets it.
    pub(crate) fn take(&self) -> Option<Box<dyn Any + Send>> {
        self.0
            .payload
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        // A payload may panic when it is dropped, and we drop panics in the middle of a stop.
        if let Some(again) = self.take().and_then(unwind::catch_drop) {
            std::mem::forget(again);
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
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
    pub(crate) outcome: Outcome,
    pub(crate) ran_for: Duration,
    pub(crate) stop: Option<StopTimes>,
}

/// When an actor was interrupted and when it exited, both counted from the cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StopTimes {
    pub(crate) interrupted: Duration,
    pub(crate) exited: Duration,
}

impl Exit {
    /// A destructor of the actor panicked after it had exited.
    pub(crate) fn panicked(&mut self, panic: Panic) {
        let before = std::mem::replace(&mut self.outcome, Outcome::Panicked(panic));
        let _ = unwind::catch_drop(before);
    }

    /// Returns the name of the actor that exited.
    ///
    /// # Examples
    ///
    /// See [`Exit`].
    pub fn actor(&self) -> &Name {
        &self.name
    }

    /// Returns how it ended.
    ///
    /// # Examples
    ///
    /// See [`Exit`].
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns the time from its start to its exit.
    ///
    /// # Examples
    ///
    /// See [`Exit`].
    pub fn ran_for(&self) -> Duration {
        self.ran_for
    }

    /// Returns the time from the interrupt of its stage to its exit; zero if it exited during the
    /// stop but before its turn, and `None` if it exited before the stop.
    ///
    /// # Examples
    ///
    /// See [`Exit`].
    pub fn stopped_in(&self) -> Option<Duration> {
        self.stop
            .map(|stop| stop.exited.saturating_sub(stop.interrupted))
    }
}

/// Why a group stops: an actor's exit, a request through a [`Handle`](crate::Handle), no actor
/// left, or the run future dropped. Every interrupt gets the same one.
///
/// Cloning it is cheap. Its `Display` is one line, with the error if there is one.
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
    Request {
        error: Option<BoxError>,
        reason: Option<Cow<'static, str>>,
    },
    NoActorLeft,
    Dropped,
}

impl Cause {
    pub(crate) fn new(trigger: Trigger) -> Cause {
        Cause(Arc::new(trigger))
    }

    /// Returns the actor whose exit it is, if it is one.
    ///
    /// # Examples
    ///
    /// See [`Cause`].
    pub fn actor(&self) -> Option<&Name> {
        self.exit().map(Exit::actor)
    }

    /// Returns the outcome of the actor that exited, if one did.
    ///
    /// # Examples
    ///
    /// See [`Cause`].
    pub fn outcome(&self) -> Option<&Outcome> {
        self.exit().map(Exit::outcome)
    }

    /// Returns the actor's failure, the reason of its loss, or the error of the request.
    ///
    /// # Examples
    ///
    /// See [`Cause`].
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Trigger::Exit(exit) => exit.outcome.error(),
            Trigger::Request {
                error: Some(error), ..
            } => Some(&**error),
            _ => None,
        }
    }

    pub(crate) fn exit(&self) -> Option<&Exit> {
        match &*self.0 {
            Trigger::Exit(exit) => Some(exit),
            _ => None,
        }
    }

    /// Whether the run fails because of it.
    pub(crate) fn is_ok(&self) -> bool {
        match &*self.0 {
            Trigger::Exit(exit) => exit.outcome.is_ok(),
            Trigger::Request { error, .. } => error.is_none(),
            Trigger::NoActorLeft | Trigger::Dropped => true,
        }
    }

    /// Whether it is a request to stop with `Ok`.
    pub(crate) fn is_ok_request(&self) -> bool {
        matches!(&*self.0, Trigger::Request { error: None, .. })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Trigger::Exit(exit) => write!(f, "actor {} {}", exit.name.quoted(), exit.outcome)?,
            Trigger::Request {
                reason: Some(reason),
                ..
            } => write!(f, "stop requested: {reason}")?,
            Trigger::Request { reason: None, .. } => f.write_str("stop requested")?,
            Trigger::NoActorLeft => f.write_str("no actor left")?,
            Trigger::Dropped => f.write_str("run future dropped")?,
        }
        match self.error() {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.0).finish()
    }
}
