//! Gives a signal its former effect back when nobody watches it any longer.
//!
//! signal-hook's handler stays installed for ever and does nothing when no action is registered, so
//! `SIGTERM` would be ignored. Therefore an action of ours stays registered too. It does what the
//! default handler would, unless an actor watches.
//!
//! 1. The action is registered once per signal, before it is first watched, if the signal had its
//!    default effect then.
//! 2. Its flag says that no actor watches. It is true exactly while `watchers` is zero. Both change
//!    under the lock.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::c_int;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::flag::register_conditional_default;

static SIGNALS: Mutex<BTreeMap<c_int, Watched>> = Mutex::new(BTreeMap::new());

/// A signal that is or was watched.
struct Watched {
    watchers: usize,
    unwatched: Arc<AtomicBool>,
}

/// The effect that a signal has without us. It is held back until this is dropped.
pub(super) struct Effect {
    number: c_int,
    held_back: bool,
}

impl Effect {
    /// Must be called before anything else is registered for the signal.
    pub(super) fn of(number: c_int) -> io::Result<Effect> {
        if let Entry::Vacant(entry) = signals().entry(number) {
            entry.insert(Watched::of(number)?);
        }
        Ok(Effect {
            number,
            held_back: false,
        })
    }

    pub(super) fn is_of(&self, number: c_int) -> bool {
        self.number == number
    }

    pub(super) fn hold_back(&mut self) {
        self.held_back = true;
        self.count(|watchers| watchers + 1);
    }

    fn count(&self, change: fn(usize) -> usize) {
        if let Some(watched) = signals().get_mut(&self.number) {
            watched.watchers = change(watched.watchers);
            watched
                .unwatched
                .store(watched.watchers == 0, Ordering::SeqCst);
        }
    }
}

impl Drop for Effect {
    fn drop(&mut self) {
        if self.held_back {
            self.count(|watchers| watchers - 1);
        }
    }
}

impl Watched {
    fn of(number: c_int) -> io::Result<Watched> {
        let unwatched = Arc::new(AtomicBool::new(true));
        if has_default_effect(number) {
            register_conditional_default(number, Arc::clone(&unwatched))?;
        }
        Ok(Watched {
            watchers: 0,
            unwatched,
        })
    }
}

/// It is never poisoned, because nothing panics under the lock.
fn signals() -> MutexGuard<'static, BTreeMap<c_int, Watched>> {
    SIGNALS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the signal is neither ignored nor caught. `sigaction(2)` knows, but calling it is unsafe
/// code. Linux also says it in proc(5).
fn has_default_effect(number: c_int) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    !status
        .lines()
        .filter_map(|line| {
            line.strip_prefix("SigIgn:")
                .or_else(|| line.strip_prefix("SigCgt:"))
        })
        .filter_map(|mask| u128::from_str_radix(mask.trim(), 16).ok())
        .any(|mask| mask >> (number - 1) & 1 == 1)
}
