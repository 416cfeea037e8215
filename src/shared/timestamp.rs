//! A time that is noted once and read without a lock.

use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering};

/// A time since the birth of the group, or none yet. In nanoseconds, of which a `u64` holds five
/// centuries; zero is for none.
///
/// All accesses are relaxed: it publishes nothing but itself.
pub(crate) struct Timestamp(AtomicU64);

impl Timestamp {
    pub(crate) fn unset() -> Timestamp {
        Timestamp(AtomicU64::new(0))
    }

    pub(crate) fn set(&self, at: Duration) {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.0.store(nanos, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}
