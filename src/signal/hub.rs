//! What the terminations of a program share: the watch for its signals and the count of presses.
//!
//! 1. A person's press is one press for all groups, so one thread counts for as long as a
//!    termination lives (law 31).
//! 2. That thread runs no foreign code and no lock is held while a group is told. A group is told
//!    through its handle, which wakes the task that polls `run`, and on some executors a wake runs
//!    that task immediately, including its interrupts. If one of them does not return, the thread
//!    that told the group is stuck, but the next press is still counted, and the other groups are
//!    told. The same is true of a log that does not return.
//! 3. At the second press, before any group is told, a thread that runs no foreign code either is
//!    charged with giving `SIGINT` its former effect back. So nothing can keep the third press from
//!    killing the program.
//! 4. Copies of a press that was counted have no effect, although its group may be gone by the time
//!    they arrive: `SIGINT` is held back for that long (see [`ONE_PRESS`]).

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use futures_lite::future::{block_on, poll_once};

use super::Signal;
use super::presses::{ONE_PRESS, Presses};
use super::watch::{Held, TERMINATION, Watch};
use crate::handle::Handle;
use crate::panic::contain;
use crate::phase::Phase;
use crate::reason::Reason;
use crate::trace;

/// `None` while no termination lives.
static HUB: Mutex<Option<SignalHub>> = Mutex::new(None);

struct SignalHub {
    /// Dropped with the last registration. A thread that is still handling a signal then finds no
    /// hub with its number.
    watch: Watch,
    number: usize,
    groups: BTreeMap<usize, Listener>,
    presses: Presses,
}

/// A group that has a termination.
#[derive(Clone)]
struct Listener {
    group: Handle,
    /// Locked while the status of the group is being logged.
    log: Arc<Mutex<()>>,
}

/// A termination's place in the hub, until it is dropped.
pub(super) struct Registration {
    key: usize,
}

impl Registration {
    pub(super) fn new(group: Handle) -> io::Result<Registration> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, because all that matters is that no two are the same.
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut hub = lock();
        let joined = match &mut *hub {
            Some(hub) => hub,
            none => none.insert(SignalHub::new(key)?),
        };
        let log = Arc::default();
        joined.groups.insert(key, Listener { group, log });
        Ok(Registration { key })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut hub = lock();
        let Some(left) = &mut *hub else { return };
        let listener = left.groups.remove(&self.key);
        let ended = hub.take_if(|it| it.groups.is_empty());
        // The lock is released first, because the last handle of a group drops what was sent to it,
        // which is foreign code. A SIGTERM that arrives after that and before the watch is dropped
        // is swallowed: no group is left to be told, and the signal does not kill yet. Only a mask
        // for all threads of the program could prevent that.
        drop(hub);
        drop((ended, listener));
    }
}

impl SignalHub {
    fn new(number: usize) -> io::Result<SignalHub> {
        let watch = Watch::new(TERMINATION.iter().copied(), move |arrivals| {
            for signal in arrivals {
                receive(number, signal);
            }
        })?;
        Ok(SignalHub {
            watch,
            number,
            groups: BTreeMap::new(),
            presses: Presses::default(),
        })
    }

    /// Decides what a signal means that arrives `now`. A press that counts also returns what holds
    /// `SIGINT` back while its copies arrive, even if the watch releases it or is dropped.
    fn command(&mut self, signal: Signal, now: Instant) -> Option<(Command, Option<Held>)> {
        if signal != Signal::Int {
            return Some((Command::Stop, None));
        }
        let command = match self.presses.count(now)? {
            1 => Command::StopSoon,
            2 => Command::Force,
            _ => return None,
        };
        let held = self.watch.hold_back(Signal::Int);
        if let Command::Force = command {
            self.watch.release(Signal::Int);
        }
        Some((command, Some(held)))
    }
}

/// Holds `SIGINT` back until the copies of a press have arrived.
fn outlast_copies(held: Held) {
    // If there are no more threads, it is dropped here: a copy that kills is better than a program
    // that cannot be killed.
    let _ = thread_builder().spawn(move || {
        thread::sleep(ONE_PRESS);
        drop(held);
    });
}

fn receive(number: usize, signal: Signal) {
    let mut hub = lock();
    let Some(current) = hub.as_mut().filter(|it| it.number == number) else {
        return;
    };
    let Some((command, held)) = current.command(signal, Instant::now()) else {
        return;
    };
    let listeners: Vec<_> = current.groups.values().cloned().collect();
    drop(hub);
    // Before any group is told (3).
    if let Some(held) = held {
        outlast_copies(held);
    }
    for listener in listeners {
        command.tell(listener);
    }
}

/// What a signal requests of every group. Each request includes those before it, so that it does
/// not matter which of two threads tells a group first.
#[derive(Clone, Copy)]
enum Command {
    Stop,
    StopSoon,
    Force,
}

impl Command {
    /// Tells the group, on a thread of its own.
    fn tell(self, listener: Listener) {
        let spare = listener.group.clone();
        let told = move || contain(|| self.carry_out(&listener.group, Some(&listener.log)));
        if thread_builder().spawn(told).is_err() {
            // There are no more threads. Most wakers do return; a log that does not would keep the
            // next press from being counted, so nothing is logged.
            contain(|| self.carry_out(&spare, None));
        }
    }

    /// Acts first and logs then, because a log may be stuck: a terminal that is stopped, a pipe that
    /// is full.
    fn carry_out(self, group: &Handle, log: Option<&Mutex<()>>) {
        match self {
            Command::Stop => {
                let is_repeated = is_stopping(group);
                request(group, Signal::Term);
                if is_repeated {
                    log_status(group, log);
                }
            }
            Command::StopSoon => {
                request(group, Signal::Int);
                group.skip_drain();
            }
            Command::Force => {
                request(group, Signal::Int);
                // It is taken before the force and formatted after it. It names the actors that the
                // force ends.
                let status = group.status();
                group.force();
                if let Some(log) = log {
                    let _turn = log.lock();
                    trace::forcing(&status);
                }
            }
        }
    }
}

fn request(group: &Handle, signal: Signal) {
    group.request(Ok(()), Some(Reason::Signal(signal)));
}

fn is_stopping(group: &Handle) -> bool {
    block_on(poll_once(group.stopping())).is_some()
}

/// Unless the status is being logged already: a supervisor that repeats itself while the log is
/// stuck must not collect threads.
fn log_status(group: &Handle, log: Option<&Mutex<()>>) {
    let Some(Ok(_turn)) = log.map(Mutex::try_lock) else {
        return;
    };
    let status = group.status();
    if status.phase() != Phase::Ended {
        trace::still_stopping(&status);
    }
}

fn thread_builder() -> thread::Builder {
    thread::Builder::new().name("rungroup-signal".into())
}

/// It is never poisoned, because nothing panics under the lock.
fn lock() -> MutexGuard<'static, Option<SignalHub>> {
    HUB.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::signal::watch::is_held_back;

    #[test]
    fn law_31_a_copy_does_not_kill_although_its_press_forced_or_its_group_is_gone() {
        let mut hub = SignalHub::new(usize::MAX).unwrap();
        let start = Instant::now();
        let mut press = |after| hub.command(Signal::Int, start + Duration::from_millis(after));
        let (_, first) = press(0).unwrap();
        assert!(press(5).is_none(), "a copy");
        let (command, second) = press(500).unwrap();
        assert!(matches!(command, Command::Force));
        assert!(press(505).is_none(), "a copy");

        drop(first);
        assert!(is_held_back(Signal::Int), "the watch has released it");
        drop(hub);
        assert!(is_held_back(Signal::Int), "the last termination is gone");
        drop(second);
        assert!(!is_held_back(Signal::Int));
    }
}
