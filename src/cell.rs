//! One actor's execute, shared by the task that polls it and the group that may force it.
//!
//! The future is in one of three states, and changes it only under the cell's lock:
//!
//! - *live*: from the start on. Parked while the lock is free, inside its own poll while it is
//!   taken.
//! - *ended*: it returned, panicked or was lost. Set by the task. The exit was told to the group
//!   before, so who sees a cell ended finds its exit told, or counted.
//! - *aborted*: it was forced. Set by the group, or by the task when the force came while it was
//!   inside its poll. No exit is told: the group knows.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::actor::{Execute, Name, Settings};
use crate::exit::{Cause, Outcome, Panic, Result};
use crate::interrupt::Interrupt;
use crate::latch::Latch;
use crate::link::Event;
use crate::stage::Stage;
use crate::trace;
use crate::unwind;

/// Made with the actor, so that the two, and what the group knows of it, are one allocation. Kept
/// within 104 bytes and an interrupt of 16, beyond which the system's allocator takes a slower way.
pub(crate) struct Cell<I: ?Sized = dyn Interrupt> {
    pub(crate) name: Name,
    pub(crate) settings: Settings,
    /// Where the group keeps it.
    pub(crate) key: u32,
    /// Whether readiness still waits for it.
    awaited: AtomicBool,
    /// Set once its exit was counted or told; by the group too, when it takes the exit while the
    /// task still has the lock.
    ended: AtomicBool,
    /// Set by a force that may have come while execute was inside its poll.
    doomed: AtomicBool,
    /// Set when its work goes to a thread of its own, which outlives the drop of its future.
    on_thread: AtomicBool,
    /// Set when it is added to a group.
    stage: Option<Arc<Stage>>,
    /// The nanoseconds from the birth of the group to the start. Set once, before the task is
    /// spawned, which is what orders it.
    started: AtomicU64,
    span: trace::Span,
    slot: Mutex<Slot>,
    interrupt: I,
}

/// What the lock guards. It is held while the future is polled: that is how a force tells parked
/// from polling.
struct Slot {
    execute: Option<Execute>,
    /// The task's newest waker: a force must wake the task, or it would sleep for ever on a future
    /// that is gone.
    waker: Option<Waker>,
}

/// One actor's exit, on its way to the group. Times are counted from the birth of the group.
pub(crate) struct Exited {
    pub(crate) cell: Arc<Cell>,
    pub(crate) outcome: Outcome,
    pub(crate) started: Duration,
    pub(crate) at: Duration,
}

/// Where a force found a future that had not ended.
pub(crate) enum Forced {
    /// It was parked; its future was dropped, which may have panicked.
    Parked {
        started: Duration,
        panic: Option<Panic>,
    },
    /// Its thread goes on; only the future that waited for it is gone.
    Blocking,
    /// It is inside its own poll, and is dropped as soon as that returns.
    Polling,
}

impl<I: Interrupt> Cell<I> {
    pub(crate) fn new(name: Name, execute: Option<Execute>, interrupt: I) -> Cell<I> {
        Cell {
            name,
            settings: Settings::default(),
            key: 0,
            awaited: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            doomed: AtomicBool::new(false),
            on_thread: AtomicBool::new(false),
            stage: None,
            started: AtomicU64::new(0),
            span: trace::Span::unopened(),
            slot: Mutex::new(Slot {
                execute,
                waker: None,
            }),
            interrupt,
        }
    }
}

impl Cell {
    /// Gives it its place in a group.
    pub(crate) fn settle(&mut self, key: u32, stage: Arc<Stage>) {
        self.key = key;
        self.stage = Some(stage);
        self.awaited = AtomicBool::new(self.settings.awaited);
    }

    /// Gives it an execute that was made for it.
    pub(crate) fn hold(&self, execute: Execute) {
        self.slot().execute = Some(execute);
    }

    /// The latch that its interrupt sets, if it is one.
    pub(crate) fn latch(&self) -> Option<&Latch<Cause>> {
        self.interrupt.latch()
    }

    pub(crate) fn stage(&self) -> &Arc<Stage> {
        self.stage
            .as_ref()
            .expect("only an actor in a group is started, and it has a stage")
    }

    /// Calls the interrupt, unless it was called before or is gone.
    pub(crate) fn interrupt(&self, cause: &Cause) -> Result<(), Panic> {
        unwind::catch(|| self.interrupt.call(cause))
    }

    /// Drops the interrupt of an actor that left, uncalled.
    pub(crate) fn drop_interrupt(&self) -> Option<Panic> {
        unwind::catch(|| self.interrupt.discard()).err()
    }

    /// Drops what an actor that never started is made of, and contains the panics of that.
    pub(crate) fn discard(&self) {
        let execute = self.slot().execute.take();
        let _ = unwind::catch_drop(execute);
        let _ = self.drop_interrupt();
    }

    /// Notes that the group knows of the exit.
    pub(crate) fn note_exit(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Starts the clock of the actor, and its span: a child of what `run` is polled in.
    pub(crate) fn start(&self, at: Duration) {
        // Five centuries fit.
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        self.started.store(nanos, Ordering::Relaxed);
        self.span.open(&self.name, &self.settings);
    }

    fn started(&self) -> Duration {
        Duration::from_nanos(self.started.load(Ordering::Relaxed))
    }

    /// Polls execute once, and tells the group when that was its last time.
    pub(crate) fn poll(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut slot = self.slot();
        let Some(execute) = &mut slot.execute else {
            return Poll::Ready(());
        };
        match poll(|| self.span.in_scope(|| execute.as_mut().poll(cx))) {
            Poll::Pending => self.park(slot, cx.waker()),
            Poll::Ready(outcome) => {
                self.tell(slot, outcome);
                Poll::Ready(())
            }
        }
    }

    /// Ends execute from outside its poll.
    pub(crate) fn end(self: &Arc<Self>, outcome: Outcome) {
        let slot = self.slot();
        if slot.execute.is_some() {
            self.tell(slot, outcome);
        }
    }

    /// Drops execute at once, unless it is inside its own poll. `None` if it ended before.
    pub(crate) fn force(self: &Arc<Self>) -> Option<Forced> {
        // Pairs with `park`.
        self.doomed.swap(true, Ordering::AcqRel);
        let slot = match self.slot.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.not_ended(),
        };
        if slot.execute.is_none() {
            return self.not_ended();
        }
        if self.on_thread.load(Ordering::Acquire) {
            return self.force_thread(slot);
        }
        let started = self.started();
        let panic = abort(slot);
        Some(Forced::Parked { started, panic })
    }

    /// The thread may have ended without its task having heard of it: so ask.
    fn force_thread(self: &Arc<Self>, mut slot: MutexGuard<'_, Slot>) -> Option<Forced> {
        let mut cx = Context::from_waker(Waker::noop());
        let execute = slot.execute.as_mut()?;
        match poll(|| execute.as_mut().poll(&mut cx)) {
            Poll::Ready(outcome) => {
                self.tell(slot, outcome);
                None
            }
            Poll::Pending => {
                abort(slot);
                Some(Forced::Blocking)
            }
        }
    }

    fn not_ended(&self) -> Option<Forced> {
        if self.ended.load(Ordering::Acquire) {
            None
        } else if self.on_thread.load(Ordering::Acquire) {
            Some(Forced::Blocking)
        } else {
            Some(Forced::Polling)
        }
    }

    /// Notes that its work goes to a thread of its own.
    pub(crate) fn note_thread(&self) {
        self.on_thread.store(true, Ordering::Release);
    }

    /// Leaves execute until it is woken, or drops it if a force has come meanwhile.
    fn park(&self, mut slot: MutexGuard<'_, Slot>, waker: &Waker) -> Poll<()> {
        let outdated = match &slot.waker {
            Some(newest) if newest.will_wake(waker) => None,
            _ => slot.waker.replace(waker.clone()),
        };
        drop(slot);
        let _ = unwind::catch_drop(outdated);
        // A force swaps the flag and then tries the lock; we release the lock and then swap. Swaps
        // of one flag have an order: if the force's comes first, we see it here; if ours does, the
        // force sees the lock released. A plain load could miss the force, and the force the lock.
        if !self.doomed.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let slot = self.slot();
        if slot.execute.is_some() {
            abort(slot);
        }
        Poll::Ready(())
    }

    /// Drops execute and tells the group how the actor ended.
    fn tell(self: &Arc<Self>, mut slot: MutexGuard<'_, Slot>, outcome: Outcome) {
        // Dropped before the exit is told: an actor has not exited while it holds anything.
        let outcome = match slot.execute.take().and_then(unwind::catch_drop) {
            Some(panic) if !matches!(outcome, Outcome::Panicked(_)) => {
                let _ = unwind::catch_drop(outcome);
                Outcome::Panicked(panic)
            }
            _ => outcome,
        };
        let waker = slot.waker.take();
        let started = self.started();
        let link = &self.stage().link;
        let due = if outcome.is_ok() && link.is_quiet() {
            self.note_exit();
            self.stage().leave()
        } else {
            link.tell(Event::Exited(Exited {
                cell: Arc::clone(self),
                outcome,
                started,
                at: link.now(),
            }));
            self.note_exit();
            true
        };
        // Foreign code, and the group, run only after the lock is free.
        drop(slot);
        let _ = unwind::catch_drop(waker);
        if due {
            link.wake();
        }
    }

    /// Never poisoned for who comes next: a panic under the lock is one of a waker or a logger, and
    /// leaves the slot whole.
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether readiness still waits for it.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Whether readiness waited for it; from now on it does not.
    pub(crate) fn stop_awaiting(&self) -> bool {
        // Looked at first because most actors are never awaited, and a load is all they pay.
        self.is_awaited() && self.awaited.swap(false, Ordering::AcqRel)
    }
}

/// Drops execute outside the lock, and wakes its task so that it finds out.
fn abort(mut slot: MutexGuard<'_, Slot>) -> Option<Panic> {
    let execute = slot.execute.take();
    let waker = slot.waker.take();
    drop(slot);
    let panic = unwind::catch_drop(execute);
    if let Some(waker) = waker {
        // Caught: a waker that panics must not end a force half-way.
        let _ = unwind::catch(|| waker.wake());
    }
    panic
}

/// Polls a future once; a panic ends it too.
fn poll(once: impl FnOnce() -> Poll<Result>) -> Poll<Outcome> {
    match unwind::catch(once) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Outcome::Returned),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Outcome::Failed(error)),
        Err(panic) => Poll::Ready(Outcome::Panicked(panic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::Once;

    #[test]
    fn a_cell_is_small() {
        let size = size_of::<Cell<Once<fn(&Cause)>>>() - size_of::<trace::Span>();
        assert!(size <= 104, "{size}");
    }
}
