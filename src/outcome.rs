//! How an actor ends.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::panic::{Panic, discard};
use crate::reason::ErrorText;
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
    /// Its spawner dropped it before it finished, as a runtime does when it is shut down. There is a
    /// reason if the spawner [refused](crate::Task::refuse) it.
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

    /// The same outcome with nothing foreign in it. It reads the same.
    pub(crate) fn to_text(&self) -> Outcome {
        let text = |error: &BoxError| -> BoxError { Box::new(ErrorText::new(&**error)) };
        match self {
            Outcome::Returned => Outcome::Returned,
            Outcome::Failed(error) => Outcome::Failed(text(error)),
            Outcome::Panicked(panic) => Outcome::Panicked(panic.to_text()),
            Outcome::Lost(error) => Outcome::Lost(error.as_ref().map(text)),
            Outcome::Forced => Outcome::Forced,
        }
    }

    /// How it ended, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Outcome::Returned => "returned",
            Outcome::Failed(_) => "failed",
            Outcome::Panicked(_) => "panicked",
            Outcome::Lost(_) => "lost",
            Outcome::Forced => "forced",
        }
    }

    /// The error with its sources, or the message of the panic.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Outcome::Panicked(panic) => Some(panic.to_string()),
            _ => self.error().map(|error| Chained(error).to_string()),
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
pub(crate) struct ContainedOutcome(Outcome);

impl ContainedOutcome {
    pub(crate) fn take(&mut self) -> Outcome {
        std::mem::replace(&mut self.0, Outcome::Returned)
    }

    /// Records a panic of a destructor that ran after the actor had ended. If the actor itself
    /// panicked, that panic stays.
    pub(crate) fn then_panicked(&mut self, panic: Option<Panic>) {
        match panic {
            Some(panic) if !matches!(self.0, Outcome::Panicked(_)) => {
                *self = Outcome::Panicked(panic).into();
            }
            later => drop(later),
        }
    }
}

impl Drop for ContainedOutcome {
    fn drop(&mut self) {
        // Most are `Ok`, which has no destructor.
        if !self.is_ok() {
            discard(self.take());
        }
    }
}

impl fmt::Debug for ContainedOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Deref for ContainedOutcome {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.0
    }
}

impl From<Outcome> for ContainedOutcome {
    fn from(outcome: Outcome) -> ContainedOutcome {
        ContainedOutcome(outcome)
    }
}

impl From<Result> for ContainedOutcome {
    fn from(result: Result) -> ContainedOutcome {
        ContainedOutcome(match result {
            Ok(()) => Outcome::Returned,
            Err(error) => Outcome::Failed(error),
        })
    }
}

/// An outcome that clones of its exit share, because an error cannot be cloned. An `Ok` needs no
/// allocation.
#[derive(Clone)]
pub(crate) struct Shared(Option<Arc<ContainedOutcome>>);

impl Deref for Shared {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        match &self.0 {
            Some(kept) => kept,
            None => &Outcome::Returned,
        }
    }
}

impl<T: Into<ContainedOutcome>> From<T> for Shared {
    fn from(outcome: T) -> Shared {
        let kept = outcome.into();
        Shared((!kept.is_ok()).then(|| Arc::new(kept)))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Describes the outcome in a few words, on one line: "returned", "failed", "panicked: kaboom 7",
/// "was lost by its spawner", "was forced". The alternate form, `{:#}`, adds the error and its
/// sources: "failed: write wal: disk full", and what may explain a loss without a reason.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned => f.write_str("returned"),
            Outcome::Failed(_) => f.write_str("failed"),
            Outcome::Panicked(panic) => write!(f, "panicked: {panic}"),
            Outcome::Lost(_) => f.write_str("was lost by its spawner"),
            Outcome::Forced => f.write_str("was forced"),
        }?;
        match self {
            Outcome::Lost(None) if f.alternate() => f.write_str(" (was its runtime shut down?)"),
            _ if f.alternate() => Chain(self.error()).fmt(f),
            _ => Ok(()),
        }
    }
}
