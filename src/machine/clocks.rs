//! The clocks of a stop.

use std::task::Context;

use super::alarm::Alarm;

/// Each is set from when its limit begins to when it is over. None is set before the cause.
#[derive(Default)]
pub(super) struct Clocks {
    /// The group's grace.
    pub(super) grace: Option<Alarm>,
    pub(super) drain: Option<Alarm>,
    /// The shortest limit of the actors whose turn it is.
    pub(super) own: Option<Alarm>,
    /// When to warn of a turn that lasts long.
    pub(super) warning: Option<Alarm>,
}

impl Clocks {
    pub(super) fn are_set(&mut self) -> bool {
        self.all().next().is_some()
    }

    /// Polls all clocks, because each keeps the waker.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        self.all().for_each(|alarm| alarm.poll(cx));
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Alarm> {
        let Clocks {
            grace,
            drain,
            own,
            warning,
        } = self;
        [grace, drain, own, warning].into_iter().flatten()
    }
}

pub(super) fn has_rung(alarm: Option<&Alarm>) -> bool {
    alarm.is_some_and(Alarm::has_rung)
}
