//! What a run leaves behind.

mod text;
mod timeline;

use std::fmt;
use std::time::Duration;

use crate::actor::Name;
use crate::error::{Error, ErrorKind};
use crate::exit::{Cause, Exit, Outcome, Panic};
use crate::unwind;

/// How a group ended: why, who exited how and when, and who did not.
///
/// From [`Group::run_report`], or by [`Error::report`]. Its `Display` is a table of the stop that a
/// person reads at a glance, 80 columns wide.
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
pub struct Report {
    cause: Option<Cause>,
    exits: Vec<Exit>,
    stragglers: Vec<Straggler>,
    /// Of actors whose interrupt panicked; they have an exit besides.
    interrupt_panics: Vec<(Name, Panic)>,
    fault: Option<Fault>,
    lasted: Duration,
    wants_all: bool,
}

/// The first panic or loss during the stop, by its place in the report.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Exit(usize),
    Interrupt(usize),
}

impl Report {
    /// A report that keeps all exits.
    pub(crate) fn of_all() -> Report {
        Report::new(true)
    }

    /// A report that keeps only the exits that are not `Ok`.
    pub(crate) fn of_faults() -> Report {
        Report::new(false)
    }

    fn new(wants_all: bool) -> Report {
        Report {
            cause: None,
            exits: Vec::new(),
            stragglers: Vec::new(),
            interrupt_panics: Vec::new(),
            fault: None,
            lasted: Duration::ZERO,
            wants_all,
        }
    }

    /// Leaves an empty one in its place.
    pub(crate) fn take(&mut self) -> Report {
        std::mem::replace(self, Report::new(self.wants_all))
    }

    /// Returns what began the stop. Always there on a report that [`Group::run_report`] returned.
    ///
    /// # Examples
    ///
    /// See [`Report`].
    ///
    /// [`Group::run_report`]: crate::Group::run_report
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the exits in their order, without the cause's own.
    ///
    /// An actor that was forced while it was parked is here with
    /// [`Outcome::Aborted`](crate::Outcome::Aborted), for its future has ended; one that was inside
    /// its poll or on a thread of its own is not. By [`Group::run`](crate::Group::run), only the
    /// exits that are not `Ok` are kept.
    ///
    /// # Examples
    ///
    /// See [`Report`].
    pub fn exits(&self) -> &[Exit] {
        &self.exits
    }

    /// Returns the actors that were forced, in the order in which they were interrupted.
    ///
    /// # Examples
    ///
    /// See [`Report`].
    pub fn stragglers(&self) -> &[Straggler] {
        &self.stragglers
    }

    /// Converts the report into what [`Group::run`](crate::Group::run) returns.
    ///
    /// # Errors
    ///
    /// The failure, panic or loss that is the cause; else the first panic or loss during the stop;
    /// else the stragglers. A mere `Err` of a later actor is no error of the run, as in Go, but it
    /// is in [`exits`](Report::exits).
    ///
    /// # Examples
    ///
    /// See [`Report`].
    pub fn into_result(self) -> Result<(), Error> {
        if let Some(kind) = self.error_kind() {
            return Err(Error::new(kind, self));
        }
        self.discard();
        Ok(())
    }

    /// Drops what it holds one by one: it is foreign, and two panics at once would abort.
    pub(crate) fn discard(self) {
        for exit in self.exits {
            let _ = unwind::catch_drop(exit);
        }
        let _ = unwind::catch_drop(self.cause);
    }

    fn error_kind(&self) -> Option<ErrorKind> {
        if self.cause.as_ref().is_some_and(|cause| !cause.is_ok()) {
            let outcome = self.cause.as_ref().and_then(Cause::outcome);
            return Some(outcome.map_or(ErrorKind::Failed, ErrorKind::of));
        }
        match self.fault {
            Some(Fault::Exit(nth)) => Some(ErrorKind::of(&self.exits[nth].outcome)),
            Some(Fault::Interrupt(_)) => Some(ErrorKind::Panicked),
            None if self.stragglers.is_empty() => None,
            None => Some(ErrorKind::Stragglers),
        }
    }

    /// The exit that the run fails with, if it is one.
    pub(crate) fn culprit(&self) -> Option<&Exit> {
        match (&self.cause, self.fault) {
            (Some(cause), _) if !cause.is_ok() => cause.exit(),
            (_, Some(Fault::Exit(nth))) => Some(&self.exits[nth]),
            _ => None,
        }
    }

    /// The panic of an interrupt that the run fails with, if it is one.
    pub(crate) fn culprit_interrupt(&self) -> Option<(&Name, &Panic)> {
        match (&self.cause, self.fault) {
            (Some(cause), Some(Fault::Interrupt(nth))) if cause.is_ok() => {
                let (name, panic) = &self.interrupt_panics[nth];
                Some((name, panic))
            }
            _ => None,
        }
    }

    pub(crate) fn interrupt_panics(&self) -> &[(Name, Panic)] {
        &self.interrupt_panics
    }

    pub(crate) fn wants_all(&self) -> bool {
        self.wants_all
    }

    pub(crate) fn stopped_by(&mut self, cause: Cause) {
        self.cause = Some(cause);
    }

    pub(crate) fn keep(&mut self, exit: Exit) {
        if exit.outcome.is_ok() && !self.wants_all {
            return;
        }
        if exit.stop.is_some() && exit.outcome.is_fault() {
            self.fault.get_or_insert(Fault::Exit(self.exits.len()));
        }
        self.exits.push(exit);
    }

    pub(crate) fn interrupt_panicked(&mut self, name: Name, panic: Panic) {
        self.fault
            .get_or_insert(Fault::Interrupt(self.interrupt_panics.len()));
        self.interrupt_panics.push((name, panic));
    }

    pub(crate) fn straggled(&mut self, straggler: Straggler) {
        self.stragglers.push(straggler);
    }

    pub(crate) fn lasted(&mut self, stop: Duration) {
        self.lasted = stop;
    }
}

/// The table of the stop: a line on the cause, then a line for each actor with its outcome, how long
/// it ran, how long it took to stop, and a bar over the length of the stop, from its interrupt to
/// its exit; `!` marks where it was forced. At most 20 actors, the most interesting, and how many
/// more there are.
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
///   deaf                    aborted      700ms      300ms  |          ==========!|
/// ```
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        timeline::draw(self, f)
    }
}

impl ErrorKind {
    fn of(outcome: &Outcome) -> ErrorKind {
        match outcome {
            Outcome::Panicked(_) => ErrorKind::Panicked,
            Outcome::Lost(_) => ErrorKind::Lost,
            Outcome::Returned | Outcome::Failed(_) | Outcome::Aborted => ErrorKind::Failed,
        }
    }
}

/// An actor that was forced: it had not ended when the group did, be it that it did not listen, or
/// that the [grace](crate::Group::grace) was over before its turn. The report's timeline tells them
/// apart.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::{Actor, Group, State, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
/// group.grace(Duration::ZERO);
/// group.handle().interrupt(Ok(()));
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// let straggler = &error.report().stragglers()[0];
/// assert_eq!(straggler.actor().as_str(), Some("deaf"));
/// assert!(matches!(straggler.state(), State::Parked | State::Polling));
/// println!("{straggler}"); // "`deaf` (parked)"
/// ```
#[derive(Debug)]
pub struct Straggler {
    pub(crate) name: Name,
    pub(crate) state: State,
}

impl Straggler {
    /// Returns the name of the actor.
    ///
    /// # Examples
    ///
    /// See [`Straggler`].
    pub fn actor(&self) -> &Name {
        &self.name
    }

    /// Returns what it was at when it was forced.
    ///
    /// # Examples
    ///
    /// See [`Straggler`].
    pub fn state(&self) -> State {
        self.state
    }
}

/// "`deaf` (parked)"
impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name.quoted(), self.state)
    }
}

/// What a straggler was at when it was forced.
///
/// # Examples
///
/// See [`Straggler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Waiting. Its future was dropped before the run returned.
    Parked,
    /// Inside its own poll, blocking the runtime. Its future is dropped as soon as that returns.
    Polling,
    /// On a thread of its own, which is left to itself.
    Blocking,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Parked => "parked",
            State::Polling => "polling",
            State::Blocking => "blocking",
        })
    }
}
