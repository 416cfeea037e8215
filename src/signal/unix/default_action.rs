//! Gives a signal its former effect back when nobody watches it any longer.
//!
//! signal-hook's handler stays installed for ever and does nothing when no action is registered, so
//! `SIGTERM` would be ignored. Therefore an action of ours stays registered too. It does what the
//! default handler would, unless the signal is held back.
//!
//! 1. The action is registered once per signal, before it is first watched, if the signal had its
//!    default effect then.
//! 2. Its flag says that nobody holds the signal back. It is true exactly while `holders` is zero.
//!    Both change under the lock.
//! 3. In process 1 it exits, because the kernel ignores the default action there.
//! 4. What could not be read is an error and is not remembered. An ignored signal would otherwise
//!    be deadly.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fs;
use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register_conditional_default, register_conditional_shutdown};

static ACTIONS: Mutex<BTreeMap<c_int, DefaultAction>> = Mutex::new(BTreeMap::new());

/// The default action of a signal that is or was watched.
struct DefaultAction {
    holders: usize,
    is_free: Arc<AtomicBool>,
}

/// Registers the default actions of `numbers`, each once in the life of the program. It must be
/// called before anything else is registered for them.
pub(super) fn register(numbers: &[c_int]) -> io::Result<()> {
    let mut actions = actions();
    let is_new = |number: &&c_int| !actions.contains_key(number);
    let new: Vec<_> = numbers.iter().filter(is_new).copied().collect();
    if new.is_empty() {
        return Ok(());
    }
    let changed = Changed::read()?;
    for number in new {
        let is_free = Arc::new(AtomicBool::new(true));
        if !changed.contains(number) {
            register_default(number, Arc::clone(&is_free))?;
        }
        let holders = 0;
        actions.insert(number, DefaultAction { holders, is_free });
    }
    Ok(())
}

/// The kernel gives process 1, such as the first one of a container, no default action that ends it.
/// There, the signals that ask for the end exit with the code by which a shell reports them, and the
/// others stay ignored.
fn register_default(number: c_int, is_free: Arc<AtomicBool>) -> io::Result<()> {
    if process::id() != 1 {
        register_conditional_default(number, is_free)?;
    } else if [SIGINT, SIGTERM].contains(&number) {
        register_conditional_shutdown(number, 128 + number, is_free)?;
    }
    Ok(())
}

/// Holds the default action of a signal back until it is dropped.
pub(crate) struct Held {
    number: c_int,
}

impl Held {
    /// The default action must be registered.
    pub(super) fn new(number: c_int) -> Held {
        count(number, |holders| holders + 1);
        Held { number }
    }

    pub(super) fn is_of(&self, number: c_int) -> bool {
        self.number == number
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        count(self.number, |holders| holders - 1);
    }
}

fn count(number: c_int, change: fn(usize) -> usize) {
    if let Some(action) = actions().get_mut(&number) {
        action.holders = change(action.holders);
        // Relaxed, because signal-hook's registry orders it. A registration returns only when no
        // handler uses the older list of actions, so a handler that finds the signal held back also
        // finds the delivery that was registered before. A handler that no longer finds a delivery
        // has read the list that was stored after the flag.
        action.is_free.store(action.holders == 0, Ordering::Relaxed);
    }
}

#[cfg(test)]
pub(super) fn is_held_back(number: c_int) -> bool {
    let action = &actions()[&number];
    let is_free = action.is_free.load(Ordering::Relaxed);
    assert_eq!(is_free, action.holders == 0);
    !is_free
}

/// It is never poisoned, because nothing panics under the lock.
fn actions() -> MutexGuard<'static, BTreeMap<c_int, DefaultAction>> {
    ACTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signals that are ignored or caught. `sigaction(2)` knows, but calling it is unsafe code.
/// Linux also says it in proc(5).
struct Changed(Vec<u128>);

impl Changed {
    fn read() -> io::Result<Changed> {
        match fs::read_to_string("/proc/self/status") {
            Ok(status) => Ok(Changed::from_status(&status)),
            // This system has no such file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Changed(Vec::new())),
            Err(error) => Err(error),
        }
    }

    fn from_status(status: &str) -> Changed {
        let masks = status.lines().filter_map(|line| {
            let ignored = line.strip_prefix("SigIgn:");
            ignored.or_else(|| line.strip_prefix("SigCgt:"))
        });
        let masks = masks.filter_map(|mask| u128::from_str_radix(mask.trim(), 16).ok());
        Changed(masks.collect())
    }

    fn contains(&self, number: c_int) -> bool {
        self.0.iter().any(|mask| mask >> (number - 1) & 1 == 1)
    }
}
