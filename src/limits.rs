//! What a group allows its stop.

use std::time::Duration;

/// How long a stop may take, and how late its first interrupt may come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Without one, as long as it takes.
    pub(crate) grace: Option<Duration>,
    pub(crate) drain: Duration,
}

impl Limits {
    /// Makes a stop a force.
    pub(crate) fn no_grace(&mut self) {
        self.grace = Some(Duration::ZERO);
    }
}
