//! Whether an actor is ready, as far as its group asks (law 26).
//!
//! ```text
//!              announce            revoke
//! Expected ───────────► Announced ◄──────► Revoked        NotAsked
//!    └──────── exit ────────┴───── exit ──────┴─────► Settled
//! ```
//!
//! All changes are relaxed: what an announcement publishes goes to the group through the lock of its
//! mail, and a revocation publishes nothing.

use crate::sync::atomic::{AtomicU8, Ordering};

/// The actor does not announce.
const NOT_ASKED: u8 = 0;
/// The group waits for the announcement.
const EXPECTED: u8 = 1;
const ANNOUNCED: u8 = 2;
const REVOKED: u8 = 3;
/// The actor has exited or was forced.
const SETTLED: u8 = 4;

pub(crate) struct Readiness(AtomicU8);

/// What an exit changes for the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Nothing,
    /// The group waited for the announcement until now.
    NeverAnnounced,
    /// The actor had taken back that it is ready.
    WasRevoked,
}

impl Readiness {
    pub(crate) fn new(is_expected: bool) -> Readiness {
        Readiness(AtomicU8::new(if is_expected {
            EXPECTED
        } else {
            NOT_ASKED
        }))
    }

    /// Whether the group waits for the announcement.
    pub(crate) fn is_expected(&self) -> bool {
        self.0.load(Ordering::Relaxed) == EXPECTED
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REVOKED
    }

    /// Returns whether it is the first announcement.
    pub(crate) fn announce(&self) -> bool {
        self.change(EXPECTED, ANNOUNCED)
    }

    /// Returns whether it was ready until now.
    pub(crate) fn revoke(&self) -> bool {
        self.change(ANNOUNCED, REVOKED)
    }

    /// Returns whether it was revoked until now.
    pub(crate) fn announce_again(&self) -> bool {
        self.change(REVOKED, ANNOUNCED)
    }

    /// Ends it with its actor.
    pub(crate) fn settle(&self) -> Settled {
        // The group asks most actors for nothing, and a load is all that those pay.
        if self.0.load(Ordering::Relaxed) == NOT_ASKED {
            return Settled::Nothing;
        }
        match self.0.swap(SETTLED, Ordering::Relaxed) {
            EXPECTED => Settled::NeverAnnounced,
            REVOKED => Settled::WasRevoked,
            _ => Settled::Nothing,
        }
    }

    fn change(&self, from: u8, to: u8) -> bool {
        let changed = self
            .0
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        changed.is_ok()
    }
}
