//! What a group, and what an actor, is doing at one moment.

use std::fmt;

/// Where a group stands.
///
/// It only moves forward. `Draining` is left out where there is no [drain](crate::Group::drain).
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
    /// The cause is known; the first interrupt comes when the drain delay is over.
    Draining,
    /// Actors are interrupted and awaited, stage by stage.
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

/// What an actor that has not exited is doing: of a [`Straggler`](crate::Straggler) when it was
/// forced, of one that a [`Status`](crate::Status) names when the status was taken.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::{Actor, Group, State, Threads};
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
/// assert_eq!(error.report().stragglers()[0].state(), State::Blocking);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Waiting. A force drops its future on the spot.
    Parked,
    /// Inside its own poll or destructor, blocking the thread that runs it. A force drops its future
    /// as soon as that returns.
    Polling,
    /// On a thread of its own. A force leaves the thread to itself.
    Blocking,
    /// Its interrupt has not returned, and blocks `run`.
    Interrupting,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Parked => "parked",
            State::Polling => "polling",
            State::Blocking => "blocking",
            State::Interrupting => "interrupting",
        })
    }
}
