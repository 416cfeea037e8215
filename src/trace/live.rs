//! With the feature. All has the target `rungroup`.
//!
//! A production log at `info` has a few lines for the group, none for an actor that does as it
//! should: those are at `debug`.

use std::sync::OnceLock;

use tracing::{debug, error, info, info_span, warn};

use crate::actor::{Name, Settings};
use crate::cell::Cell;
use crate::exit::{Cause, Exit};
use crate::report::Straggler;
use crate::stage::{Rank, Stage};

/// Around each poll of an actor, from its start on.
pub(crate) struct Span(OnceLock<tracing::Span>);

impl Span {
    pub(crate) fn unopened() -> Span {
        Span(OnceLock::new())
    }

    pub(crate) fn open(&self, name: &Name, settings: &Settings) {
        self.0
            .get_or_init(|| info_span!(target: "rungroup", "actor", %name, stage = settings.stage));
    }

    pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
        match self.0.get() {
            Some(span) => span.in_scope(f),
            None => f(),
        }
    }
}

/// Whether somebody wants to hear of every exit, `Ok` or not.
pub(crate) fn wants_exits() -> bool {
    tracing::enabled!(target: "rungroup", tracing::Level::DEBUG)
}

pub(crate) fn started(cell: &Cell) {
    debug!(target: "rungroup", actor = %cell.name, stage = cell.settings.stage, "actor started");
}

pub(crate) fn announced(cell: &Cell) {
    debug!(target: "rungroup", actor = %cell.name, stage = cell.settings.stage, "actor ready");
}

/// An actor gave its `Ready` away without announcing; only worth a warning if nothing else stops
/// the group.
pub(crate) fn never_ready(cell: &Cell) {
    if cell.stage().link.ready.get().is_none() {
        warn!(target: "rungroup", actor = %cell.name, "actor will never announce that it is ready");
    } else {
        debug!(target: "rungroup", actor = %cell.name, "actor never announced that it is ready");
    }
}

pub(crate) fn ready() {
    info!(target: "rungroup", "group ready");
}

pub(crate) fn cause(cause: &Cause) {
    if cause.is_ok() {
        info!(target: "rungroup", %cause, "group stopping");
    } else {
        error!(target: "rungroup", %cause, error = cause.error(), "group stopping");
    }
}

pub(crate) fn interrupting(stage: &Stage) {
    match stage.rank {
        Rank::Stage(stage) => info!(target: "rungroup", stage, "interrupting stage"),
        Rank::Background => info!(target: "rungroup", "interrupting background"),
    }
}

pub(crate) fn exited(cell: &Cell, exit: &Exit) {
    let (actor, stage, outcome) = (&cell.name, cell.settings.stage, exit.outcome());
    let (ran_for, stopped_in) = (exit.ran_for(), exit.stopped_in());
    if outcome.is_ok() {
        debug!(target: "rungroup", %actor, stage, %outcome, ?ran_for, ?stopped_in, "actor exited");
    } else {
        let error = outcome.error();
        warn!(
            target: "rungroup", %actor, stage, %outcome, error, ?ran_for, ?stopped_in, "actor exited"
        );
    }
}

pub(crate) fn forced() {
    warn!(target: "rungroup", "forcing what remains");
}

pub(crate) fn straggler(straggler: &Straggler) {
    let (actor, state) = (straggler.actor(), straggler.state());
    warn!(target: "rungroup", %actor, %state, "actor did not stop");
}
