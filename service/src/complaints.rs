//! What may go wrong a thousand times a second is logged once a second.

use std::fmt::Display;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Complaints {
    last: Option<Instant>,
    unsaid: u64,
}

impl Complaints {
    pub(crate) fn new() -> Complaints {
        Complaints {
            last: None,
            unsaid: 0,
        }
    }

    pub(crate) fn add(&mut self, complaint: impl Display) {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            self.unsaid += 1;
            return;
        }
        tracing::error!(unsaid = self.unsaid, "{complaint}");
        *self = Complaints {
            last: Some(Instant::now()),
            unsaid: 0,
        };
    }
}
