//! The bond between an actor that announces that it is ready, and its group.

use crate::sync::atomic::{AtomicBool, Ordering};

/// Whether the group waits for the actor's announcement. Settled once: by the announcement, or by
/// the actor's exit.
pub(crate) struct Readiness(AtomicBool);

impl Readiness {
    pub(crate) fn new() -> Readiness {
        Readiness(AtomicBool::new(false))
    }

    /// From now on the group waits.
    pub(crate) fn expect(&self) {
        // Relaxed: the actor is handed to its task afterwards, which orders it.
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_expected(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Settles it; returns whether the group waited until now.
    pub(crate) fn settle(&self) -> bool {
        // Looked at first because most actors are never waited for, and a load is all they pay. Of
        // an announcement and an exit, the swap lets one settle it. Relaxed: what the announcement
        // publishes goes to the group through the lock of its mail.
        self.is_expected() && self.0.swap(false, Ordering::Relaxed)
    }
}
