//! Without the feature: nothing, at no cost.

use crate::actor::{Name, Settings};
use crate::cell::Cell;
use crate::exit::{Cause, Exit};
use crate::report::Straggler;
use crate::stage::Stage;

pub(crate) struct Span;

impl Span {
    pub(crate) fn unopened() -> Span {
        Span
    }

    #[allow(clippy::unused_self)] // as its twin
    pub(crate) fn open(&self, _: &Name, _: &Settings) {}

    #[allow(clippy::unused_self)] // as its twin
    pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
        f()
    }
}

pub(crate) fn wants_exits() -> bool {
    false
}

pub(crate) fn started(_: &Cell) {}
pub(crate) fn announced(_: &Cell) {}
pub(crate) fn never_ready(_: &Cell) {}
pub(crate) fn ready() {}
pub(crate) fn cause(_: &Cause) {}
pub(crate) fn interrupting(_: &Stage) {}
pub(crate) fn exited(_: &Cell, _: &Exit) {}
pub(crate) fn forced() {}
pub(crate) fn straggler(_: &Straggler) {}
