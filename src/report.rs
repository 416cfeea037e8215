//! The report of a run.

pub(crate) mod columns;
mod straggler;
mod table;

use std::sync::Arc;
use std::time::Duration;

use crate::cause::{Cause, Exit};
use crate::name::Name;
use crate::panic::Panic;
pub(crate) use straggler::Stragglers;
pub use straggler::{ForcedBy, Straggler};

/// How a group ended: why it stopped, how and when each actor exited, and which actors did not.
///
/// [`Group::run_report`] and [`Error::report`](crate::Error::report) return it. Its `Display` is a
/// table of the stop, 80 columns wide, to be read at a glance. Cloning it shares the errors.
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
/// assert_eq!(report.exits().len(), 2);
/// assert!(report.exit("metrics").unwrap().outcome().is_ok());
/// assert!(report.took() >= report.exit("metrics").unwrap().stopped_in().unwrap());
/// report.into_result().unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "it says whether the run failed"]
pub struct Report {
    cause: Option<Cause>,
    exits: Vec<Exit>,
    early: Early,
    /// Which of the exits is the cause's own.
    of_cause: Option<usize>,
    stragglers: Vec<Straggler>,
    never_started: Vec<Name>,
    /// The actors whose interrupt panicked. Each of them also has an exit.
    interrupt_panics: Vec<(Name, Arc<Panic>)>,
    faults: Faults,
    /// From the cause to the first interrupt.
    drained: Duration,
    took: Duration,
    wants_all: bool,
}

/// The most exits from before the first interrupt that a report has at its beginning, and again as
/// many of the last ones. A group whose actors fail now and then may run for years (law 34).
const EARLY_KEPT: usize = 100;

/// The exits before the first interrupt. Those that were kept come first in the report, but for
/// the cause's own among them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Early {
    /// How many are in the report.
    kept: usize,
    /// How many of those came before the cause.
    kept_before_cause: usize,
    /// How many came before the cause, in the report or not.
    pub(crate) before_cause: u64,
    /// How many came in the drain, in the report or not.
    pub(crate) in_drain: u64,
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
pub(crate) enum Severity {
    /// It is only kept.
    Kept,
    /// It counts as a straggler does.
    Straggler,
    Fault,
}

impl Report {
    /// Makes a report that keeps all exits of the stop.
    pub(crate) fn keeping_all() -> Report {
        Report::new(true)
    }

    /// Makes a report that keeps only the exits that are not `Ok`.
    pub(crate) fn keeping_faults() -> Report {
        Report::new(false)
    }

    fn new(wants_all: bool) -> Report {
        Report {
            cause: None,
            exits: Vec::new(),
            early: Early::default(),
            of_cause: None,
            stragglers: Vec::new(),
            never_started: Vec::new(),
            interrupt_panics: Vec::new(),
            faults: Faults::default(),
            drained: Duration::ZERO,
            took: Duration::ZERO,
            wants_all,
        }
    }

    /// Returns what began the stop. A report that [`Group::run_report`] returned always has one.
    ///
    /// [`Group::run_report`]: crate::Group::run_report
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the time from the cause to the end, in wall time. For a request, it counts from the
    /// call of [`Handle::stop`](crate::Handle::stop).
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Returns the exits in the order in which they happened, the cause's own among them.
    ///
    /// A report must not grow with the age of its group, so it does not list every exit:
    ///
    /// - Before the first interrupt, which comes after the drain, it lists only exits that are not
    ///   `Ok`: the first 100 and the last 100. [`omitted`](Report::omitted) counts the others.
    /// - From the first interrupt on, it lists all of them.
    /// - It always lists the exit that is the cause.
    ///
    /// The report of an [`Error`](crate::Error) from [`Group::run`](crate::Group::run) never lists
    /// exits that are `Ok`.
    ///
    /// An actor that was forced while it was parked is listed with
    /// [`Outcome::Forced`](crate::Outcome::Forced), because its future has ended. One that was
    /// inside its poll or on a thread of its own is not listed.
    pub fn exits(&self) -> &[Exit] {
        &self.exits
    }

    /// Returns the first exit of an actor of that name, if one is listed.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("job"));
    /// let report = futures_lite::future::block_on(group.run_report(Threads));
    /// assert!(report.exit("job").unwrap().outcome().is_ok());
    /// assert!(report.exit("other").is_none());
    /// ```
    pub fn exit(&self, actor: &str) -> Option<&Exit> {
        self.exits.iter().find(|exit| *exit.actor() == *actor)
    }

    /// Returns the number of exits before the first interrupt that are not among the
    /// [`exits`](Report::exits).
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// for _ in 0..1_000 {
    ///     let peer = Actor::new(async { Err("connection reset".into()) }, |_| {});
    ///     group.add_actor(peer.name("peer").ends_group(Ends::Never));
    /// }
    /// let report = futures_lite::future::block_on(group.run_report(Threads));
    /// assert_eq!(report.exits().len(), 200);
    /// assert_eq!(report.omitted(), 800);
    /// ```
    pub fn omitted(&self) -> u64 {
        self.early.before_cause + self.early.in_drain - self.early.kept as u64
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

    pub(crate) fn interrupt_panics(&self) -> &[(Name, Arc<Panic>)] {
        &self.interrupt_panics
    }

    pub(crate) fn faults(&self) -> Faults {
        self.faults
    }

    pub(crate) fn early(&self) -> Early {
        self.early
    }

    /// Which of the exits is the cause's own.
    pub(crate) fn of_cause(&self) -> Option<usize> {
        self.of_cause
    }

    pub(crate) fn drained(&self) -> Duration {
        self.drained
    }

    pub(crate) fn wants_all(&self) -> bool {
        self.wants_all
    }

    /// Whether an exit that is in the report came in the drain.
    pub(crate) fn is_of_drain(&self, nth: usize) -> bool {
        self.exits[nth].stop.is_none()
            && self.of_cause != Some(nth)
            && self.nth_early(nth) >= self.early.kept_before_cause
    }

    /// The place of an exit among those before the first interrupt.
    fn nth_early(&self, nth: usize) -> usize {
        nth - usize::from(self.of_cause.is_some_and(|of_cause| of_cause < nth))
    }

    pub(crate) fn stopped_by(&mut self, cause: Cause) {
        let own = cause.exit().filter(|exit| self.keeps(exit));
        if let Some(exit) = own {
            self.of_cause = Some(self.exits.len());
            self.exits.push(exit.clone());
        }
        self.cause = Some(cause);
    }

    fn keeps(&self, exit: &Exit) -> bool {
        self.wants_all || !exit.outcome.is_ok()
    }

    pub(crate) fn keep(&mut self, exit: Exit, severity: Severity) {
        if exit.stop.is_none() {
            return self.keep_early(exit);
        }
        if !self.keeps(&exit) {
            return;
        }
        let nth = self.exits.len();
        match severity {
            Severity::Kept => {}
            Severity::Straggler => drop(self.faults.inner_stragglers.get_or_insert(nth)),
            Severity::Fault => drop(self.faults.first.get_or_insert(Fault::Exit(nth))),
        }
        self.exits.push(exit);
    }

    /// Keeps an exit from before the first interrupt, if it is not `Ok`, and counts it.
    fn keep_early(&mut self, exit: Exit) {
        let is_before_cause = self.cause.is_none();
        if is_before_cause {
            self.early.before_cause += 1;
        } else {
            self.early.in_drain += 1;
        }
        if exit.outcome.is_ok() {
            return;
        }
        self.early.kept += 1;
        self.early.kept_before_cause += usize::from(is_before_cause);
        self.exits.push(exit);
        if self.early.kept > 2 * EARLY_KEPT {
            self.omit();
        }
    }

    /// Drops the first of the last ones that are kept. The places of faults do not change, because
    /// those come after the first interrupt.
    fn omit(&mut self) {
        let mut nth = EARLY_KEPT;
        match &mut self.of_cause {
            Some(of_cause) if *of_cause <= nth => nth += 1,
            Some(of_cause) => *of_cause -= 1,
            None => {}
        }
        self.early.kept -= 1;
        let was_before_cause = EARLY_KEPT < self.early.kept_before_cause;
        self.early.kept_before_cause -= usize::from(was_before_cause);
        self.exits.remove(nth);
    }

    pub(crate) fn interrupt_panicked(&mut self, name: Name, panic: Panic) {
        let nth = self.interrupt_panics.len();
        self.faults.first.get_or_insert(Fault::Interrupt(nth));
        self.interrupt_panics.push((name, Arc::new(panic)));
    }

    pub(crate) fn add_straggler(&mut self, straggler: Straggler) {
        self.stragglers.push(straggler);
    }

    pub(crate) fn add_never_started(&mut self, name: Name) {
        self.never_started.push(name);
    }

    /// Sets the time from the cause to the first interrupt of a stop with a drain.
    pub(crate) fn set_drained(&mut self, drained: Duration) {
        self.drained = drained;
    }

    pub(crate) fn set_took(&mut self, took: Duration) {
        self.took = took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{StopTimes, Trigger};
    use crate::outcome::Outcome;

    fn exit(name: usize, outcome: Outcome, stops: bool) -> Exit {
        let mut actor = Name::of_caller();
        actor.set(name.to_string().into());
        Exit {
            name: actor,
            outcome: outcome.into(),
            ran_for: Duration::ZERO,
            stop: stops.then_some(StopTimes {
                interrupted: Duration::ZERO,
                exited: Duration::ZERO,
            }),
        }
    }

    fn failed(name: usize, stops: bool) -> Exit {
        exit(name, Outcome::Failed("reset".into()), stops)
    }

    fn names(report: &Report) -> Vec<usize> {
        let names = report.exits().iter().map(|exit| exit.actor().as_str());
        names.map(|name| name.unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn of_many_early_exits_the_first_and_the_last_are_kept() {
        for mut report in [Report::keeping_all(), Report::keeping_faults()] {
            for nth in 0..1_000 {
                report.keep(failed(nth, false), Severity::Kept);
                report.keep(exit(0, Outcome::Returned, false), Severity::Kept);
            }
            let kept: Vec<_> = (0..100).chain(900..1_000).collect();
            assert_eq!(names(&report), kept);
            assert_eq!(report.omitted(), 1_800);
        }
    }

    #[test]
    fn the_exit_of_the_cause_is_never_cut() {
        for before in [0, 50, 100, 150, 200, 300] {
            let mut report = Report::keeping_faults();
            (0..before).for_each(|nth| report.keep(failed(nth, false), Severity::Kept));
            report.stopped_by(Cause::new(Trigger::Exit(failed(1_000, false))));
            // They were in the mail behind the cause.
            (before..400).for_each(|nth| report.keep(failed(nth, false), Severity::Kept));
            report.keep(failed(2_000, true), Severity::Fault);
            assert_eq!(report.omitted(), 200);
            let own = report.of_cause().unwrap();
            assert_eq!(names(&report)[own], 1_000);
            let mut others = names(&report);
            others.remove(own);
            let kept: Vec<_> = (0..100).chain(300..400).chain([2_000]).collect();
            assert_eq!(others, kept);
            assert!(names(&report)[..own].iter().all(|&nth| nth < before));
            let Some(Fault::Exit(fault)) = report.faults().first else {
                panic!("{report:?}");
            };
            assert_eq!(names(&report)[fault], 2_000);
        }
    }

    #[test]
    fn an_exit_of_the_drain_is_told_from_an_earlier_one() {
        let mut report = Report::keeping_faults();
        (0..150).for_each(|nth| report.keep(failed(nth, false), Severity::Kept));
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        (150..400).for_each(|nth| report.keep(failed(nth, false), Severity::Kept));
        assert_eq!(report.early().before_cause, 150);
        assert_eq!(report.early().in_drain, 250);
        for (nth, name) in names(&report).into_iter().enumerate() {
            assert_eq!(report.is_of_drain(nth), name >= 150, "{name}");
        }
    }

    #[test]
    fn the_exit_of_the_cause_is_kept_with_the_others() {
        for (outcome, mut report, count) in [
            (Outcome::Returned, Report::keeping_all(), 1),
            (Outcome::Returned, Report::keeping_faults(), 0),
            (Outcome::Lost(None), Report::keeping_faults(), 1),
        ] {
            report.stopped_by(Cause::new(Trigger::Exit(exit(7, outcome, false))));
            assert_eq!(report.exits().len(), count);
            assert_eq!(report.exit("7").is_some(), count == 1);
            assert_eq!(report.omitted(), 0);
        }
    }
}
