//! Actors that stop together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::actor::Settings;
use crate::link::Link;

/// When an actor's turn in the stop comes: the highest first, the background last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Background,
    Stage(u32),
}

impl Rank {
    pub(crate) fn of(settings: &Settings) -> Rank {
        if settings.background {
            Rank::Background
        } else {
            Rank::Stage(settings.stage)
        }
    }
}

/// How many actors of one rank are alive. Counted by the group, and during a stop by the tasks
/// themselves, so that a million actors that return `Ok` cost no message.
pub(crate) struct Stage {
    pub(crate) rank: Rank,
    pub(crate) link: Arc<Link>,
    live: AtomicUsize,
    interrupted: OnceLock<Duration>,
}

impl Stage {
    pub(crate) fn new(rank: Rank, link: Arc<Link>) -> Stage {
        Stage {
            rank,
            link,
            live: AtomicUsize::new(0),
            interrupted: OnceLock::new(),
        }
    }

    pub(crate) fn enter(&self) {
        self.live.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one actor less; returns whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        // Released by the actor, acquired by `is_empty`: all that an actor did happens before the
        // next stage is interrupted.
        self.live.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.live.load(Ordering::Acquire) == 0
    }

    /// Notes the begin of its turn.
    pub(crate) fn interrupt(&self, at: Duration) {
        let _ = self.interrupted.set(at);
    }

    pub(crate) fn interrupted(&self) -> Option<Duration> {
        self.interrupted.get().copied()
    }
}
