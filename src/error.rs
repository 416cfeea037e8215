//! What a run fails with.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use crate::actor::Name;
use crate::exit::{Cause, Outcome};
use crate::report::Report;

/// Why a run failed: the failure, panic or loss that began the stop; else the first panic or loss
/// during the stop; else the actors that did not stop.
///
/// Its `Display` is one line, such as "actor `http` failed"; the actor's own error is its
/// [`source`](std::error::Error::source). Its `Debug`, which `fn main() -> Result<(), Error>`
/// prints, is that line, the chain of sources, and then the later faults.
///
/// # Examples
///
/// ```
/// use std::error::Error as _;
/// use rungroup::{Actor, ErrorKind, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(async { Err("port taken".into()) }, |_| {}).name("http"));
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// assert_eq!(error.to_string(), "actor `http` failed");
/// assert_eq!(error.source().unwrap().to_string(), "port taken");
/// assert_eq!(error.kind(), ErrorKind::Failed);
/// ```
pub struct Error(Box<Inner>);

/// A line that names a million stragglers helps nobody; the report has them all.
const STRAGGLERS_SHOWN: usize = 10;

struct Inner {
    kind: ErrorKind,
    report: Report,
}

/// What kind of [`Error`] it is.
///
/// # Examples
///
/// ```
/// use rungroup::{ErrorKind, Group, Threads};
///
/// let mut group = Group::new();
/// group.add(async { panic!("kaboom") }, |_| {});
/// assert_eq!(group.run_blocking(Threads).unwrap_err().kind(), ErrorKind::Panicked);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An actor's execute returned an error, or a handle requested the stop with one.
    Failed,
    /// An execute, an interrupt, or the drop of a future panicked.
    Panicked,
    /// A spawner dropped or refused an actor's task.
    Lost,
    /// Actors were forced, and nothing else was wrong.
    Stragglers,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, report: Report) -> Error {
        Error(Box::new(Inner { kind, report }))
    }

    /// Returns what kind of error it is.
    ///
    /// # Examples
    ///
    /// See [`Error`].
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the actor the run failed with: `None` for the error of a request, and for
    /// stragglers, of which there may be several.
    ///
    /// # Examples
    ///
    /// See [`Error`].
    pub fn actor(&self) -> Option<&Name> {
        let report = self.report();
        let by_exit = report.culprit().map(crate::Exit::actor);
        by_exit.or_else(|| report.culprit_interrupt().map(|(name, _)| name))
    }

    /// Returns the report of the run: the cause, the exits (from [`run`](crate::Group::run), those
    /// that were not `Ok`), the stragglers.
    ///
    /// # Examples
    ///
    /// See [`Error`].
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// Takes the payload of the panic that the run failed with, for
    /// [`std::panic::resume_unwind`]; `None` if it failed with something else.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add(async { std::panic::panic_any(42_u8) }, |_| {});
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert_eq!(*error.into_panic().unwrap().downcast::<u8>().unwrap(), 42);
    /// ```
    pub fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        let report = self.report();
        match report.culprit().map(crate::Exit::outcome) {
            Some(Outcome::Panicked(panic)) => panic.take(),
            Some(_) => None,
            None => report
                .culprit_interrupt()
                .and_then(|(_, panic)| panic.take()),
        }
    }

    fn fmt_stragglers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stragglers = self.report().stragglers();
        let plural = if stragglers.len() == 1 { "" } else { "s" };
        write!(f, "{} actor{plural} did not stop: ", stragglers.len())?;
        for (nth, straggler) in stragglers.iter().take(STRAGGLERS_SHOWN).enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{straggler}")?;
        }
        match stragglers.len().saturating_sub(STRAGGLERS_SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }

    /// The later faults, a line each: exits that are not `Ok`, interrupts that panicked, stragglers.
    fn fmt_later(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report();
        let culprit = report.culprit().map(std::ptr::from_ref);
        let faulty = |exit: &&crate::Exit| {
            !matches!(exit.outcome, Outcome::Returned | Outcome::Aborted)
                && culprit != Some(std::ptr::from_ref(*exit))
        };
        for exit in report.exits().iter().filter(faulty) {
            write!(f, "\n  also: actor {} {}", exit.name.quoted(), exit.outcome)?;
            fmt_chain(exit.outcome.error(), f)?;
        }
        let culprit = report
            .culprit_interrupt()
            .map(|(_, panic)| std::ptr::from_ref(panic));
        for (name, panic) in report.interrupt_panics() {
            if culprit == Some(std::ptr::from_ref(panic)) {
                continue;
            }
            write!(
                f,
                "\n  also: the interrupt of actor {} panicked: {panic}",
                name.quoted()
            )?;
        }
        if self.kind() != ErrorKind::Stragglers && !report.stragglers().is_empty() {
            f.write_str("\n  also: ")?;
            self.fmt_stragglers(f)?;
        }
        Ok(())
    }
}

fn fmt_chain(error: Option<&(dyn StdError + 'static)>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for error in std::iter::successors(error, |&error| error.source()) {
        write!(f, ": {error}")?;
    }
    Ok(())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report();
        if let Some(exit) = report.culprit() {
            write!(f, "actor {} {}", exit.name.quoted(), exit.outcome)
        } else if let Some((name, panic)) = report.culprit_interrupt() {
            write!(f, "actor {} panicked: {panic}", name.quoted())
        } else if self.kind() == ErrorKind::Stragglers {
            self.fmt_stragglers(f)
        } else {
            f.write_str("the group was stopped with an error")
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        fmt_chain(self.source(), f)?;
        self.fmt_later(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.report().culprit() {
            Some(exit) => exit.outcome.error(),
            None if self.kind() == ErrorKind::Failed => {
                self.report().cause().and_then(Cause::error)
            }
            None => None,
        }
    }
}
