//! Whether a run fails, and with what.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use crate::cause::{Cause, Exit};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::panic::Panic;
use crate::report::{Fault, Report, Severity, Stragglers};
use crate::text::Chain;

/// Why a run failed.
///
/// It is the failure, panic or loss that began the stop. If the stop began with `Ok`, it is the
/// first panic or loss during the stop, or the first `Err` of an actor that [must
/// succeed](crate::Actor::must_succeed). If there is none of these, it is the actors that did not
/// stop.
///
/// A panic, a loss, a straggler, or a failure of an actor that must succeed in a [group inside the
/// group](crate::Group::into_actor) counts as one of the outer group.
///
/// This type is not the default error of [`Result`](crate::Result), which is
/// [`BoxError`](crate::BoxError): `run` returns `Result<(), Error>`.
///
/// | shown by | what it shows |
/// | --- | --- |
/// | `{}` | one line: "actor `db` failed" |
/// | `{:#}` | one line, with the sources: "actor `db` failed: write wal: disk full" |
/// | `{:?}` | that line, then the later faults: what `fn main() -> Result<(), Error>` prints |
///
/// The actor's own error is its [`source`](std::error::Error::source).
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
/// assert_eq!(error.kind(), ErrorKind::Failed);
/// assert_eq!(error.actor().unwrap().as_str(), Some("http"));
/// assert_eq!(error.to_string(), "actor `http` failed");
/// assert_eq!(error.source().unwrap().to_string(), "port taken");
/// assert_eq!(format!("{error:#}"), "actor `http` failed: port taken");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    verdict: Verdict,
    report: Report,
}

/// What a run failed with, by its place in the report. It is decided once; everything else only
/// shows it.
#[derive(Clone, Copy)]
enum Verdict {
    /// The exit that is the cause.
    Cause,
    /// The request that is the cause.
    Request,
    /// A later exit.
    Exit(usize),
    /// The exit of a group inside this one that had stragglers.
    InnerStragglers(usize),
    /// An interrupt that panicked.
    Interrupt(usize),
    Stragglers,
}

impl Verdict {
    /// Law 10.
    fn from_report(report: &Report) -> Option<Verdict> {
        let cause = report.cause().filter(|cause| !cause.is_ok());
        match (cause.map(Cause::exit), report.faults().first) {
            (Some(Some(_)), _) => Some(Verdict::Cause),
            (Some(None), _) => Some(Verdict::Request),
            (None, Some(Fault::Exit(nth))) => Some(Verdict::Exit(nth)),
            (None, Some(Fault::Interrupt(nth))) => Some(Verdict::Interrupt(nth)),
            (None, None) if !report.stragglers().is_empty() => Some(Verdict::Stragglers),
            (None, None) => report
                .faults()
                .inner_stragglers
                .map(Verdict::InnerStragglers),
        }
    }

    /// The exit that the run failed with, if an exit failed it.
    fn exit(self, report: &Report) -> Option<&Exit> {
        match self {
            Verdict::Cause => report.cause().and_then(Cause::exit),
            Verdict::Exit(nth) | Verdict::InnerStragglers(nth) => report.exits().get(nth),
            Verdict::Request | Verdict::Interrupt(_) | Verdict::Stragglers => None,
        }
    }

    fn is_exit(self, nth: usize) -> bool {
        matches!(self, Verdict::Exit(own) | Verdict::InnerStragglers(own) if own == nth)
    }

    fn source(self, report: &Report) -> Option<&(dyn StdError + 'static)> {
        match self {
            Verdict::Request => report.cause().and_then(Cause::error),
            _ => self.exit(report).and_then(|exit| exit.outcome().error()),
        }
    }

    fn show(self, report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Cause | Verdict::Exit(_) | Verdict::InnerStragglers(_) => {
                match self.exit(report) {
                    Some(exit) => write!(f, "actor {} {}", exit.actor().quoted(), exit.outcome()),
                    None => Ok(()),
                }
            }
            Verdict::Request => f.write_str("the group was stopped with an error"),
            Verdict::Interrupt(nth) => {
                let (name, panic) = &report.interrupt_panics()[nth];
                show_interrupt(name, panic, f)
            }
            Verdict::Stragglers => write!(f, "{}", Stragglers(report.stragglers())),
        }
    }
}

fn show_interrupt(name: &Name, panic: &Panic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let actor = name.quoted();
    write!(f, "the interrupt of actor {actor} panicked: {panic}")
}

/// The kind of an [`Error`].
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
    /// An execute, an interrupt, or a destructor of an actor panicked.
    Panicked,
    /// A spawner dropped or refused an actor's task.
    Lost,
    /// Actors were forced, and nothing else failed.
    Stragglers,
}

/// "failed", "panicked", "lost", "stragglers"
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ErrorKind::Failed => "failed",
            ErrorKind::Panicked => "panicked",
            ErrorKind::Lost => "lost",
            ErrorKind::Stragglers => "stragglers",
        })
    }
}

impl ErrorKind {
    /// The kind of an outcome. For an actor that is a group, it is the kind of that group's error.
    fn from_outcome(outcome: &Outcome) -> ErrorKind {
        match outcome {
            Outcome::Panicked(_) => ErrorKind::Panicked,
            Outcome::Lost(_) => ErrorKind::Lost,
            _ => inner(outcome).map_or(ErrorKind::Failed, Error::kind),
        }
    }
}

/// The error of the inner group, for an actor that is one.
fn inner(outcome: &Outcome) -> Option<&Error> {
    outcome.error()?.downcast_ref()
}

/// What an exit during the stop means for the result of the run. A group counts as its own run did.
pub(crate) fn severity(outcome: &Outcome, must_succeed: bool) -> Severity {
    match outcome {
        Outcome::Panicked(_) | Outcome::Lost(_) => Severity::Fault,
        Outcome::Failed(_) if must_succeed => Severity::Fault,
        _ => inner(outcome).map_or(Severity::Kept, Error::severity),
    }
}

/// What the run failed with, as one line of text, or `None` if it succeeded.
pub(crate) fn failure(report: &Report) -> Option<impl fmt::Display> {
    struct Failure<'a>(Verdict, &'a Report);
    impl fmt::Display for Failure<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.show(self.1, f)?;
            Chain(self.0.source(self.1)).fmt(f)
        }
    }
    Verdict::from_report(report).map(|verdict| Failure(verdict, report))
}

impl Report {
    /// Converts the report into what [`Group::run`](crate::Group::run) returns.
    ///
    /// # Errors
    ///
    /// See [`Error`]. As in Go, an `Err` of a later actor does not fail the run, unless that actor
    /// [must succeed](crate::Actor::must_succeed). It is in [`exits`](Report::exits).
    pub fn into_result(self) -> Result<(), Error> {
        match Verdict::from_report(&self) {
            Some(verdict) => Err(Error(Box::new(Inner {
                verdict,
                report: self,
            }))),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Returns the kind of the error. If the actor is a group, it is the kind of that group's
    /// error.
    pub fn kind(&self) -> ErrorKind {
        match self.0.verdict {
            Verdict::Request => ErrorKind::Failed,
            Verdict::Interrupt(_) => ErrorKind::Panicked,
            Verdict::Stragglers | Verdict::InnerStragglers(_) => ErrorKind::Stragglers,
            Verdict::Cause | Verdict::Exit(_) => self.exit().map_or(ErrorKind::Failed, |exit| {
                ErrorKind::from_outcome(exit.outcome())
            }),
        }
    }

    /// Returns the actor that failed the run. It is `None` for the error of a request, and for
    /// stragglers, because there may be several.
    pub fn actor(&self) -> Option<&Name> {
        match self.0.verdict {
            Verdict::Interrupt(nth) => Some(&self.0.report.interrupt_panics()[nth].0),
            _ => self.exit().map(Exit::actor),
        }
    }

    /// Returns the report of the run: the cause, the exits and the stragglers. From
    /// [`run`](crate::Group::run), the report has only the exits that were not `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add(async { Err("down".into()) }, |_| {});
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// eprintln!("{}", error.report());
    /// assert!(error.report().stragglers().is_empty());
    /// ```
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// Converts the error into the report of the run.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Report, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add(async { Err("down".into()) }, |_| {});
    /// let report: Report = group.run_blocking(Threads).unwrap_err().into_report();
    /// assert!(report.into_result().is_err());
    /// ```
    pub fn into_report(self) -> Report {
        self.0.report
    }

    /// Takes the payload of the panic that the run failed with, for [`std::panic::resume_unwind`].
    /// Returns `None` if the run failed with something else. The panic may be one in a group inside
    /// this one.
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
        self.panic()?.take()
    }

    fn panic(&self) -> Option<&Panic> {
        match (self.0.verdict, self.exit().map(Exit::outcome)) {
            (Verdict::Interrupt(nth), _) => Some(&self.0.report.interrupt_panics()[nth].1),
            (_, Some(Outcome::Panicked(panic))) => Some(panic),
            (_, outcome) => inner(outcome?)?.panic(),
        }
    }

    /// The exit that the run failed with, if an exit failed it.
    fn exit(&self) -> Option<&Exit> {
        self.0.verdict.exit(&self.0.report)
    }

    /// What the run means for the group around it (law 10). A mere failure that was its cause is one
    /// of an actor.
    fn severity(&self) -> Severity {
        match self.0.verdict {
            Verdict::Cause => self
                .exit()
                .map_or(Severity::Kept, |exit| severity(exit.outcome(), false)),
            Verdict::Request => Severity::Kept,
            Verdict::Exit(_) | Verdict::Interrupt(_) => Severity::Fault,
            Verdict::Stragglers | Verdict::InnerStragglers(_) => Severity::Straggler,
        }
    }

    /// The later faults, one line each: exits that are not `Ok`, interrupts that panicked,
    /// stragglers.
    fn show_later(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (report, verdict) = (self.report(), self.0.verdict);
        for (nth, exit) in report.exits().iter().enumerate() {
            let is_told = verdict.is_exit(nth) || report.of_cause() == Some(nth);
            if !is_told && !matches!(exit.outcome(), Outcome::Returned | Outcome::Forced) {
                write!(f, "\n  also: {}", Shown(exit))?;
            }
        }
        for (nth, (name, panic)) in report.interrupt_panics().iter().enumerate() {
            if !matches!(verdict, Verdict::Interrupt(shown) if shown == nth) {
                f.write_str("\n  also: ")?;
                show_interrupt(name, panic, f)?;
            }
        }
        self.show_stragglers(f)
    }

    /// Why they were forced, and after how long.
    fn show_stragglers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stragglers = Stragglers(self.report().stragglers());
        if stragglers.0.is_empty() {
            return Ok(());
        }
        if !matches!(self.0.verdict, Verdict::Stragglers) {
            write!(f, "\n  also: {stragglers}")?;
        }
        let mut lines = stragglers.lines().into_iter();
        lines.try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// An exit with its error.
struct Shown<'a>(&'a Exit);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "actor {} {:#}",
            self.0.actor().quoted(),
            self.0.outcome()
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = self.exit().filter(|_| f.alternate());
        if let Some(exit) = exit {
            return Shown(exit).fmt(f);
        }
        self.0.verdict.show(self.report(), f)?;
        if f.alternate() {
            Chain(self.source()).fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")?;
        self.show_later(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.verdict.source(&self.0.report)
    }
}
