//! The report of a run.

pub(crate) mod columns;
mod table;

use std::fmt;
use std::time::Duration;

use crate::cause::{Cause, Exit};
use crate::name::Name;
use crate::panic::Panic;
use crate::phase::ActorState;

/// How a group ended: why it stopped, how and when each actor exited, and which actors did not.
///
/// [`Group::run_report`] and [`Error::report`](crate::Error::report) return it. Its `Display` is a
/// table of the stop, 80 columns wide, to be read at a glance.
///
/// [`Group::run_report`]: crate::Group::run_report
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("job"));
/// group.add_actor(Actor::cancellable(std::future::pending()).name("metrics"));
///
/// let report = futures_lite::future::block_on(group.run_report(Threads));
/// println!("{report}");
/// assert_eq!(report.cause().unwrap().actor().unwrap().as_str(), Some("job"));
/// assert_eq!(report.exits().len(), 1);
/// report.into_result().unwrap();
/// ```
#[derive(Debug)]
#[must_use = "it says whether the run failed"]
pub struct Report {
    cause: Option<Cause>,
    exits: Vec<Exit>,
    stragglers: Vec<Straggler>,
    never_started: Vec<Name>,
    /// The actors whose interrupt panicked. Each of them also has an exit.
    interrupt_panics: Vec<(Name, Panic)>,
    faults: Faults,
    lasted: Duration,
    wants_all: bool,
}

/// What fails a run whose cause is `Ok`, by its place in the report.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// The first panic or loss during the stop, or the first error of an actor that must succeed.
    pub(crate) first: Option<Fault>,
    /// The first group inside this one that had stragglers.
    pub(crate) inner_stragglers: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Exit(usize),
    Interrupt(usize),
}

/// What an exit means for the result of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It is only kept.
    Mere,
    /// It counts as a straggler does.
    Straggler,
    Fault,
}

impl Report {
    /// Makes a report that keeps all exits.
    pub(crate) fn of_all() -> Report {
        Report::new(true)
    }

    /// Makes a report that keeps only the exits that are not `Ok`.
    pub(crate) fn of_faults() -> Report {
        Report::new(false)
    }

    fn new(wants_all: bool) -> Report {
        Report {
            cause: None,
            exits: Vec::new(),
            stragglers: Vec::new(),
            never_started: Vec::new(),
            interrupt_panics: Vec::new(),
            faults: Faults::default(),
            lasted: Duration::ZERO,
            wants_all,
        }
    }

    /// Returns what began the stop. A report that [`Group::run_report`] returned always has one.
    ///
    /// [`Group::run_report`]: crate::Group::run_report
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the exits in the order in which they happened, without the exit that is the cause.
    ///
    /// An actor that was forced while it was parked is listed with
    /// [`Outcome::Forced`](crate::Outcome::Forced), because its future has ended. One that was
    /// inside its poll or on a thread of its own is not listed. [`Group::run`](crate::Group::run)
    /// keeps only the exits that are not `Ok`.
    pub fn exits(&self) -> &[Exit] {
        &self.exits
    }

    /// Returns the actors that were forced, in the order in which they were interrupted.
    pub fn stragglers(&self) -> &[Straggler] {
        &self.stragglers
    }

    /// Returns the actors that [readiness](crate::Actor::announces_ready) held back until the stop.
    /// Their executes were never polled and their interrupts never called.
    pub fn never_started(&self) -> &[Name] {
        &self.never_started
    }

    pub(crate) fn interrupt_panics(&self) -> &[(Name, Panic)] {
        &self.interrupt_panics
    }

    pub(crate) fn faults(&self) -> Faults {
        self.faults
    }

    pub(crate) fn lasted(&self) -> Duration {
        self.lasted
    }

    pub(crate) fn wants_all(&self) -> bool {
        self.wants_all
    }

    pub(crate) fn stopped_by(&mut self, cause: Cause) {
        self.cause = Some(cause);
    }

    pub(crate) fn keep(&mut self, exit: Exit, weight: Weight) {
        if exit.outcome.is_ok() && !self.wants_all {
            return;
        }
        let nth = self.exits.len();
        match weight {
            Weight::Mere => {}
            Weight::Straggler => drop(self.faults.inner_stragglers.get_or_insert(nth)),
            Weight::Fault => drop(self.faults.first.get_or_insert(Fault::Exit(nth))),
        }
        self.exits.push(exit);
    }

    pub(crate) fn interrupt_panicked(&mut self, name: Name, panic: Panic) {
        let nth = self.interrupt_panics.len();
        self.faults.first.get_or_insert(Fault::Interrupt(nth));
        self.interrupt_panics.push((name, panic));
    }

    pub(crate) fn straggled(&mut self, straggler: Straggler) {
        self.stragglers.push(straggler);
    }

    pub(crate) fn was_held_back(&mut self, name: Name) {
        self.never_started.push(name);
    }

    pub(crate) fn stopped_in(&mut self, stop: Duration) {
        self.lasted = stop;
    }
}

/// The table of the stop: a line about the cause, then a line for each actor with its outcome, how
/// long it ran and how long it took to stop. A bar shows its part of the stop, from its interrupt
/// to its exit; `!` marks where it was forced. The table has the 20 most interesting actors and the
/// number of the others.
///
/// ```text
/// stopped by: actor `http` failed: address in use
/// the stop took 600ms
///
///   actor                   outcome    ran for stopped in
///   http                    failed       100ms          -  ended the group
///     address in use
///   workers                 returned     300ms      200ms  |=======              |
///   database                returned     400ms      100ms  |      =====          |
///   deaf                    forced       700ms      300ms  |          ==========!|
/// ```
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::draw(self, f)
    }
}

/// An actor that was forced: it had not exited when its group's [grace](crate::Group::grace) or
/// [its own](crate::Actor::grace) ended, or when the group was forced.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::{Actor, Group, ActorState, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
/// group.grace(Duration::from_millis(10));
/// group.handle().stop(Ok(()));
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// let straggler = &error.report().stragglers()[0];
/// assert_eq!(straggler.actor().as_str(), Some("deaf"));
/// assert!(matches!(straggler.state(), ActorState::Parked | ActorState::Polling));
/// assert!(straggler.waited_for().is_some());
/// println!("{straggler}"); // "`deaf` (parked)"
/// ```
#[derive(Debug)]
pub struct Straggler {
    pub(crate) name: Name,
    pub(crate) state: ActorState,
    pub(crate) waited_for: Option<Duration>,
}

impl Straggler {
    /// Returns the name of the actor.
    pub fn actor(&self) -> &Name {
        &self.name
    }

    /// Returns what it was doing when it was forced.
    pub fn state(&self) -> ActorState {
        self.state
    }

    /// Returns the time from the interrupt of its stage to the force, in wall time. It is `None` if
    /// its turn had not come, so that only the force interrupted it.
    pub fn waited_for(&self) -> Option<Duration> {
        self.waited_for
    }
}

/// "`deaf` (parked)"
impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name.quoted(), self.state)
    }
}
