//! Whether a report is that of a program that stopped well.

use super::fault::Fault;
use super::finding::Problem;
use crate::error::{Error, ErrorKind};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::report::Report;

/// What was done to the program, and to whom.
pub(super) struct Done<'a> {
    pub(super) fault: Fault,
    pub(super) actor: &'a Name,
}

/// What is wrong with a report, if anything is, by the rule of [`every_stop`](super::every_stop).
pub(super) fn judge(report: Report, done: &Done<'_>) -> Option<(Problem, Report)> {
    if let Some(actor) = panicked(&report) {
        return Some((Problem::Panicked(actor), report));
    }
    if done.fault != Fault::Force {
        if let Some(straggler) = report.stragglers().first() {
            return Some((Problem::Straggled(straggler.actor().clone()), report));
        }
    }
    let error = report.into_result().err()?;
    if is_what_was_put_in(&error, done) {
        return None;
    }
    Some((Problem::Returned(format!("{error:#}")), error.into_report()))
}

/// The first actor that panicked.
fn panicked(report: &Report) -> Option<Name> {
    let cause = report.cause().into_iter();
    let cause = cause.filter_map(|cause| Some((cause.actor()?, cause.outcome()?)));
    let exits = report.exits().iter();
    let mut ends = cause.chain(exits.map(|exit| (exit.actor(), exit.outcome())));
    let (actor, _) = ends.find(|(_, outcome)| matches!(outcome, Outcome::Panicked(_)))?;
    Some(actor.clone())
}

fn is_what_was_put_in(error: &Error, done: &Done<'_>) -> bool {
    match done.fault {
        Fault::Lost => error.kind() == ErrorKind::Lost && error.actor() == Some(done.actor),
        Fault::Force => error.kind() == ErrorKind::Stragglers,
        Fault::Stop | Fault::Dropped => false,
    }
}
