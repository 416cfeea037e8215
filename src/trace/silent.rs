//! Without the feature `tracing`: nothing, at no cost.

use std::fmt::Display;
use std::time::Duration;

use crate::cause::{Cause, Exit};
use crate::name::Name;
use crate::phase::ActorState;
use crate::settings::Rank;

pub(crate) struct Span;

impl Span {
    pub(crate) fn unopened() -> Span {
        Span
    }

    #[expect(clippy::unused_self, reason = "as its twin")]
    pub(crate) fn open(&self, _: &Name, _: u32) {}

    #[expect(clippy::unused_self, reason = "as its twin")]
    pub(crate) fn around<T>(&self, polled: impl FnOnce() -> T) -> T {
        polled()
    }

    #[expect(clippy::unused_self, reason = "as its twin")]
    pub(crate) fn close(&self) {}
}

pub(crate) fn wants_exits() -> bool {
    false
}

pub(crate) fn started(_: &Name, _: u32) {}
pub(crate) fn announced(_: &Name, _: u32) {}
pub(crate) fn cannot_announce(_: &Name, _: u32) {}
pub(crate) fn never_ready(_: &Name, _: u32) {}
pub(crate) fn never_started(_: &Name, _: u32) {}
pub(crate) fn drain_exceeds_grace(_: Duration, _: Duration) {}
pub(crate) fn ready() {}
pub(crate) fn draining(_: Duration) {}
pub(crate) fn cause(_: &Cause) {}
pub(crate) fn interrupting(_: Rank) {}
pub(crate) fn interrupt(_: &Name, _: u32) {}
pub(crate) fn interrupt_panicked(_: &Name, _: u32, _: &dyn Display) {}
pub(crate) fn exited(_: u32, _: &Exit) {}
#[cfg(feature = "signal")]
pub(crate) fn forcing(_: &dyn Display) {}
#[cfg(feature = "signal")]
pub(crate) fn still_stopping(_: &dyn Display) {}
pub(crate) fn forced(_: &str) {}
pub(crate) fn straggler(_: &Name, _: ActorState, _: Option<Duration>) {}
pub(crate) fn succeeded(_: Duration) {}
pub(crate) fn failed(_: &dyn Display, _: Duration) {}
