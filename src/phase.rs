//! What a group or an actor is doing at one moment.

use std::fmt;

/// The phase of a group.
///
/// It only moves forward. Without a [drain](crate::Group::drain), `Draining` is skipped.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Phase, Threads};
///
/// let group = Group::new();
/// let handle = group.handle();
/// assert_eq!(handle.status().phase(), Phase::NotStarted);
/// group.run_blocking(Threads).unwrap();
/// assert_eq!(handle.status().phase(), Phase::Ended);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// `run` has not been polled yet.
    NotStarted,
    /// Not all stages have started, or not all actors that announce have announced.
    Starting,
    /// The group was ready, and has no cause to stop.
    Running,
    /// The cause is known. The first interrupt is called when the drain delay is over.
    Draining,
    /// Actors are being interrupted and awaited, stage by stage.
    Stopping,
    /// Every actor has exited or is a straggler, or the group was dropped.
    Ended,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Phase::NotStarted => "not started",
            Phase::Starting => "starting",
            Phase::Running => "running",
            Phase::Draining => "draining",
            Phase::Stopping => "stopping",
            Phase::Ended => "ended",
        })
    }
}

/// What an actor that has not exited is doing.
///
/// For a [`Straggler`](crate::Straggler), it is what it was doing when it was forced; in a
/// [`Status`](crate::Status), when the status was taken.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::{Actor, Group, ActorState, Threads};
///
/// let mut group = Group::new();
/// group.grace(Duration::from_millis(10));
/// let sleeps = || {
///     std::thread::sleep(Duration::from_secs(1));
///     Ok(())
/// };
/// group.add_actor(Actor::blocking(sleeps, |_cause| {}).name("sleeper"));
/// group.add(async { Ok(()) }, |_cause| {});
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// assert_eq!(error.report().stragglers()[0].state(), ActorState::Blocking);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActorState {
    /// Waiting. A force drops its future immediately.
    Parked,
    /// Inside its own poll or destructor, blocking the thread that runs it. A force drops its future
    /// as soon as that returns.
    Polling,
    /// On a thread of its own. A force does not end the thread.
    Blocking,
    /// Its interrupt has not returned and blocks `run`.
    Interrupting,
}

impl fmt::Display for ActorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ActorState::Parked => "parked",
            ActorState::Polling => "polling",
            ActorState::Blocking => "blocking",
            ActorState::Interrupting => "interrupting",
        })
    }
}
