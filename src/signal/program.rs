//! What the terminations of a program share: the watch for its signals and the count of presses.
//!
//! 1. A person's press is one press for all groups, so one thread counts for as long as a
//!    termination lives (law 31).
//! 2. That thread runs no foreign code and no lock is held while a group is told. A group is told
//!    through its handle, which wakes the task that polls `run`, and on some executors a wake runs
//!    that task immediately, including its interrupts. If one of them does not return, the thread
//!    that told the group is stuck, but the next press is still counted, and the other groups are
//!    told.
//! 3. At the second press, `SIGINT` gets its former effect back before any group is told, so that
//!    nothing can keep the third one from killing the program.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Signal;
use super::watch::{TERMINATION, Watch};
use crate::handle::Handle;
use crate::panic::contain;
use crate::reason::Reason;
use crate::trace;

/// `None` while no termination lives.
static PROGRAM: Mutex<Option<Program>> = Mutex::new(None);

struct Program {
    /// Dropped with the last member. A thread that is still handling a signal then finds no program
    /// with its number.
    watch: Watch,
    number: usize,
    groups: BTreeMap<usize, Handle>,
    presses: u32,
}

/// A termination's part in the program, until it is dropped.
pub(super) struct Member {
    key: usize,
}

impl Member {
    pub(super) fn join(handle: Handle) -> io::Result<Member> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, because all that matters is that no two are the same.
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut program = lock();
        let joined = match &mut *program {
            Some(program) => program,
            none => none.insert(Program::begin(key)?),
        };
        joined.groups.insert(key, handle);
        Ok(Member { key })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut program = lock();
        let Some(left) = &mut *program else { return };
        let handle = left.groups.remove(&self.key);
        let ended = program.take_if(|it| it.groups.is_empty());
        // Unlocked first, because the last handle of a group drops what was sent to it, which is
        // foreign code.
        drop(program);
        drop((ended, handle));
    }
}

impl Program {
    fn begin(number: usize) -> io::Result<Program> {
        let watch = Watch::new(TERMINATION.iter().copied(), move |arrivals| {
            for signal in arrivals {
                receive(number, signal);
            }
        })?;
        Ok(Program {
            watch,
            number,
            groups: BTreeMap::new(),
            presses: 0,
        })
    }

    /// Decides what a signal means.
    fn order(&mut self, signal: Signal) -> Option<Order> {
        if signal != Signal::Int {
            return Some(Order::Stop);
        }
        self.presses = self.presses.saturating_add(1);
        match self.presses {
            1 => Some(Order::StopSoon),
            2 => {
                self.watch.release(Signal::Int);
                Some(Order::Force)
            }
            _ => None,
        }
    }
}

fn receive(number: usize, signal: Signal) {
    let mut program = lock();
    let Some(now) = program.as_mut().filter(|it| it.number == number) else {
        return;
    };
    let Some(order) = now.order(signal) else {
        return;
    };
    let groups: Vec<_> = now.groups.values().cloned().collect();
    drop(program);
    for group in groups {
        order.tell(group);
    }
}

/// What a signal requests of every group. Each request includes those before it, so that it does
/// not matter which of two threads tells a group first.
#[derive(Clone, Copy)]
enum Order {
    Stop,
    StopSoon,
    Force,
}

impl Order {
    /// Tells the group, on a thread of its own.
    fn tell(self, group: Handle) {
        let spare = group.clone();
        let thread = thread::Builder::new().name("rungroup-signal".into());
        if thread.spawn(move || self.carry_out(group)).is_err() {
            // There are no more threads. Most wakers do return.
            self.carry_out(spare);
        }
    }

    fn carry_out(self, group: Handle) {
        contain(move || match self {
            Order::Stop => group.request(Ok(()), Some(Reason::Signal(Signal::Term))),
            Order::StopSoon => {
                group.request(Ok(()), Some(Reason::Signal(Signal::Int)));
                group.skip_drain();
            }
            Order::Force => {
                group.request(Ok(()), Some(Reason::Signal(Signal::Int)));
                trace::forcing(&group.status());
                group.force();
            }
        });
    }
}

/// It is never poisoned, because nothing panics under the lock.
fn lock() -> MutexGuard<'static, Option<Program>> {
    PROGRAM.lock().unwrap_or_else(PoisonError::into_inner)
}
