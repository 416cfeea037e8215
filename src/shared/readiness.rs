//! The bond between an actor that announces that it is ready, and its group.

use crate::sync::atomic::{AtomicBool, Ordering};

/// Whether the group waits for the actor's announcement. Settled once: by the announcement, or by
/// the actor's exit.
pub(crate) struct Readiness(AtomicBool);

impl Readiness {
    pub(crate) fn new(is_expected: bool) -> Readiness {
        Readiness(AtomicBool::new(is_expected))
    }

    pub(crate) fn is_expected(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Settles it. Returns whether the group waited until now.
    pub(crate) fn settle(&self) -> bool {
        // It looks first, because the group never waits for most actors, and a load is all they
        // pay. The swap lets either an announcement or an exit settle it. Relaxed, because what the
        // announcement publishes goes to the group through the lock of its mail.
        self.is_expected() && self.0.swap(false, Ordering::Relaxed)
    }
}
