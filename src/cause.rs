//! Exits, and why a group stops.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::name::Name;
use crate::outcome::{ContainedOutcome, Outcome, Shared};
use crate::reason::{Reason, Signal, signal_behind};
use crate::text::{Chain, Chained};

/// The exit of one actor, as a [`Report`](crate::Report) lists it. Cloning it shares the error.
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
/// let exit = report.exit("queue").unwrap();
/// assert_eq!(exit.outcome().to_string(), "returned");
/// assert!(exit.stopped_in().unwrap() <= exit.ran_for());
/// ```
#[derive(Clone, Debug)]
pub struct Exit {
    pub(crate) name: Name,
    pub(crate) outcome: Shared,
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
/// group.add_actor(Actor::with(async |ctx| {
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
        outcome: ContainedOutcome,
        reason: Option<Reason>,
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

    /// Returns the signal that stopped the group: the one that
    /// [`termination`](crate::signal::termination) or [`handler`](crate::signal::handler) received,
    /// in this group or in the one around it.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::signal::Signal;
    /// use rungroup::{Cause, Group, Threads};
    ///
    /// /// The exit code that a shell gives to a program that a signal ended.
    /// fn code(cause: &Cause) -> u8 {
    ///     match cause.signal() {
    ///         Some(Signal::Int) => 130,
    ///         Some(Signal::Term) => 143,
    ///         _ => 0,
    ///     }
    /// }
    ///
    /// let report = futures_lite::future::block_on(Group::new().run_report(Threads));
    /// assert_eq!(code(report.cause().unwrap()), 0);
    /// ```
    #[cfg(feature = "signal")]
    #[cfg_attr(docsrs, doc(cfg(feature = "signal")))]
    pub fn signal(&self) -> Option<Signal> {
        self.by_signal()
    }

    #[cfg(feature = "serde")]
    pub(crate) fn trigger(&self) -> &Trigger {
        &self.0
    }

    pub(crate) fn by_signal(&self) -> Option<Signal> {
        match (self.error(), &*self.0) {
            (Some(error), _) => signal_behind(error),
            (None, Trigger::Request { reason, .. }) => reason.as_ref().and_then(Reason::signal),
            (None, _) => None,
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
    pub(crate) fn as_reason(&self) -> Option<Reason> {
        let text = match &*self.0 {
            Trigger::Request { outcome, reason } => match outcome.error() {
                Some(error) => Chained(error).to_string(),
                None => return reason.clone(),
            },
            _ => self.to_string(),
        };
        Some(Reason::Outer {
            text: text.into(),
            signal: self.by_signal(),
        })
    }

    /// The same cause with nothing foreign in it: errors as their text, panics without their
    /// payload. It reads the same.
    pub(crate) fn to_text(&self) -> Cause {
        Cause::new(match &*self.0 {
            Trigger::Exit(exit) => Trigger::Exit(Exit {
                name: exit.name.clone(),
                outcome: exit.outcome.to_text().into(),
                ..*exit
            }),
            Trigger::Request { outcome, reason } => Trigger::Request {
                outcome: outcome.to_text().into(),
                reason: reason.clone(),
            },
            Trigger::NoActorLeft => Trigger::NoActorLeft,
            Trigger::Dropped => Trigger::Dropped,
        })
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
                    write!(f, ": {reason}")?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panic::catch;

    fn exit(outcome: Outcome) -> Cause {
        Cause::new(Trigger::Exit(Exit {
            name: Name::of_caller(),
            outcome: outcome.into(),
            ran_for: Duration::ZERO,
            stop: None,
        }))
    }

    fn request(outcome: Outcome, reason: Option<Reason>) -> Cause {
        Cause::new(Trigger::Request {
            outcome: outcome.into(),
            reason,
        })
    }

    #[test]
    fn the_text_of_a_cause_reads_the_same() {
        let panic = || catch::<()>(|| std::panic::resume_unwind(Box::new("kaboom"))).unwrap_err();
        let outcomes = || {
            [
                Outcome::Returned,
                Outcome::Failed("disk\nfull".into()),
                Outcome::Panicked(panic()),
                Outcome::Lost(None),
                Outcome::Lost(Some("no threads".into())),
                Outcome::Forced,
            ]
        };
        let exits = outcomes().into_iter().map(exit);
        let requests = outcomes().into_iter().map(|outcome| request(outcome, None));
        let others = [Trigger::NoActorLeft, Trigger::Dropped].map(Cause::new);
        for cause in exits.chain(requests).chain(others) {
            let text = cause.to_text();
            assert_eq!(text.to_string(), cause.to_string());
            assert_eq!(text.actor(), cause.actor());
            assert_eq!(text.error().is_some(), cause.error().is_some());
            let kind = |cause: &Cause| cause.outcome().map(std::mem::discriminant);
            assert_eq!(kind(&text), kind(&cause));
        }
    }

    #[test]
    fn the_text_of_a_cause_holds_nothing_foreign() {
        let shared = std::sync::Arc::new(());
        let held = std::sync::Arc::downgrade(&shared);
        let bomb = || std::panic::resume_unwind(Box::new(shared));
        let cause = exit(Outcome::Panicked(catch::<()>(bomb).unwrap_err()));
        let text = cause.to_text();
        drop(cause);
        assert!(held.upgrade().is_none());
        drop(text);
    }

    #[cfg(feature = "signal")]
    #[test]
    fn a_cause_knows_its_signal_through_groups_and_as_text() {
        use crate::signal::SignalError;

        let term = Signal::Term;
        let handled = || Outcome::Failed(SignalError::new(term).into());
        for cause in [
            request(Outcome::Returned, Some(Reason::Signal(term))),
            exit(handled()),
            request(handled(), None),
        ] {
            let inner = request(Outcome::Returned, cause.as_reason());
            let innermost = request(Outcome::Returned, inner.as_reason());
            for cause in [
                cause.to_text(),
                innermost.to_text(),
                cause,
                inner,
                innermost,
            ] {
                assert_eq!(cause.signal(), Some(term), "{cause}");
            }
        }
        assert_eq!(exit(Outcome::Failed("other".into())).signal(), None);
        assert_eq!(request(Outcome::Returned, None).signal(), None);
    }
}
