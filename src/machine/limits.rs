//! The limits of a group's stop.

use std::time::Duration;

/// How long a stop may take, and how late its first interrupt may come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Without one, the stop may take any amount of time.
    pub(crate) grace: Option<Duration>,
    pub(crate) drain: Duration,
}

impl Limits {
    /// The grace, if it leaves no time after the drain.
    pub(crate) fn too_short_for_drain(&self) -> Option<Duration> {
        let drains = self.drain > Duration::ZERO;
        self.grace.filter(|&grace| drains && self.drain >= grace)
    }
}
