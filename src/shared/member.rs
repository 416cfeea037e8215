//! One actor in its group, shared by the task that polls it and the group that may force it.
//!
//! A member is in one of three states. It ends once, by one compare-and-swap:
//!
//! - *live*: from when it is made. Its future is parked while the lock is free, and inside its own
//!   poll (or destructor) while the lock is taken.
//! - *exited*: it returned, panicked or was lost. The task claims it at the moment the exit is
//!   queued (or counted), so whoever finds it claimed finds the exit.
//! - *forced*: the group did not wait any longer. The group claims it. No exit is sent, because the
//!   group knows. If the future was inside its poll, the task drops it afterwards.
//!
//! Rules:
//!
//! 1. The future is polled and dropped under the lock, or taken out under the lock and dropped by
//!    whoever took it. So it is dropped once.
//! 2. It is dropped before the exit is sent: an actor has not exited while it holds anything.
//! 3. Only the task itself waits for the lock; the group only tries it. A reader of the state does
//!    not touch it, because `try_lock` is how a force tells parked from polling.
//! 4. Wakers are called and dropped outside the lock.

use std::sync::{Arc, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::actor::Execute;
use crate::cause::Cause;
use crate::name::Name;
use crate::outcome::{Kept, Outcome, Result};
use crate::panic::{Panic, catch, catch_drop, contain, discard};
use crate::phase::ActorState;
use crate::settings::Policy;
use crate::shared::interrupt::Interrupt;
use crate::shared::latch::Latch;
use crate::shared::link::{Event, Exited, Key};
use crate::shared::readiness::Readiness;
use crate::shared::stage::Stage;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::trace;

/// It is made when the group gives its actor a place. Until then, there is a
/// [`ActorParts`](crate::actor::ActorParts).
pub(crate) struct Member {
    place: Place,
    /// [`LIVE`], [`EXITED`] or [`FORCED`].
    end: AtomicU8,
    /// Whether an execute that is made from a context was polled. Only its task uses it.
    entered: AtomicBool,
    /// Whether its task is polling or dropping its future. Only for readers.
    polling: AtomicBool,
    /// Which of its callbacks `run` is inside: [`NOTHING`], [`INTERRUPT`] or [`DESTRUCTOR`]. Only
    /// for readers.
    callback: AtomicU8,
    /// Whether its work goes to a thread of its own, which outlives the drop of its future.
    on_thread: AtomicBool,
    readiness: Readiness,
    /// The nanoseconds from the birth of the group to the start. It is set before the task is
    /// spawned, which orders it.
    started: AtomicU64,
    span: trace::Span,
    slot: Mutex<Slot>,
    interrupt: Interrupt,
}

/// An actor's place in its group.
pub(crate) struct Place {
    pub(crate) name: Name,
    pub(crate) stage: Arc<Stage>,
    pub(crate) nth: u64,
    pub(crate) policy: Policy,
}

/// What the lock guards. The lock is held while the future is polled: that is how a force tells
/// parked from polling.
struct Slot {
    execute: Option<Execute>,
    /// The task's newest waker: a force must wake the task, or it would sleep for ever on a future
    /// that is gone.
    waker: Option<Waker>,
}

const LIVE: u8 = 0;
const EXITED: u8 = 1;
const FORCED: u8 = 2;

const NOTHING: u8 = 0;
const INTERRUPT: u8 = 1;
const DESTRUCTOR: u8 = 2;

/// Where a force found an actor that had not exited.
pub(crate) struct Forced {
    pub(crate) state: ActorState,
    /// The panic of the future that was dropped.
    pub(crate) panic: Option<Panic>,
}

impl Member {
    pub(crate) fn new(execute: Execute, interrupt: Interrupt, place: Place) -> Member {
        Member {
            end: AtomicU8::new(LIVE),
            entered: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            callback: AtomicU8::new(NOTHING),
            on_thread: AtomicBool::new(false),
            readiness: Readiness::new(place.policy.announces),
            started: AtomicU64::new(0),
            span: trace::Span::unopened(),
            slot: Mutex::new(Slot {
                execute: Some(execute),
                waker: None,
            }),
            interrupt,
            place,
        }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.place.name
    }

    pub(crate) fn policy(&self) -> Policy {
        self.place.policy
    }

    pub(crate) fn stage(&self) -> &Arc<Stage> {
        &self.place.stage
    }

    pub(crate) fn key(&self) -> Key {
        Key {
            rank: self.stage().rank,
            nth: self.place.nth,
        }
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// The latch that its context looks at, if it has a context.
    pub(crate) fn latch(&self) -> Option<&Latch> {
        self.interrupt.as_latch()
    }

    /// Whether this poll of its task is the first one of an execute that is made from a context.
    pub(crate) fn enters(&self) -> bool {
        // Relaxed, because only its task asks, and an executor orders the polls of a task.
        let enters = self.latch().is_some() && !self.entered.load(Ordering::Relaxed);
        if enters {
            self.entered.store(true, Ordering::Relaxed);
        }
        enters
    }

    /// Announces that it is ready. It has no effect unless the group waits for that.
    pub(crate) fn announce(&self) {
        if !self.readiness.is_expected() {
            return;
        }
        // An exit settles the readiness of an actor that did not announce. Both are claimed under the
        // lock of the mail, so an exit that is in the mail is not taken for one of a ready actor.
        let claim = || !self.has_ended() && self.readiness.settle();
        let (stage, link) = (self.policy().stage, &self.stage().link);
        if link.tell_if(Event::Announced(stage), claim) {
            trace::announced(self.name(), stage);
            link.wake();
        }
    }

    /// Notes that its work moves to a thread of its own. It is called before the thread starts, so
    /// that nobody hears from a thread whose actor seems to have none.
    pub(crate) fn moves_to_thread(&self) {
        // Release pairs with the acquire in `force`.
        self.on_thread.store(true, Ordering::Release);
    }

    fn is_on_thread(&self) -> bool {
        self.on_thread.load(Ordering::Acquire)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        lock(&self.slot)
    }

    /// Calls the interrupt, unless it was called before or is gone.
    pub(crate) fn interrupt(&self, cause: &Cause) -> Result<(), Panic> {
        self.calling(INTERRUPT, || catch(|| self.interrupt.call(cause)))
    }

    /// Drops, uncalled, the interrupt of an actor that left.
    pub(crate) fn drop_interrupt(&self) -> Option<Panic> {
        self.calling(INTERRUPT, || catch(|| self.interrupt.discard()))
            .err()
    }

    /// Calls foreign code, which must not panic, on the thread of `run`. If it does not return,
    /// readers see whose it is.
    fn calling<T>(&self, callback: u8, foreign: impl FnOnce() -> T) -> T {
        // Relaxed, because a reader that asks a moment earlier or later gets the answer of that
        // moment.
        self.callback.store(callback, Ordering::Relaxed);
        let result = foreign();
        self.callback.store(NOTHING, Ordering::Relaxed);
        result
    }

    /// Drops the parts of an actor that never started, and contains their panics.
    pub(crate) fn discard(&self) {
        let execute = self.slot().execute.take();
        discard(execute);
        drop(self.drop_interrupt());
    }

    /// Starts the actor's clock and its span, which is a child of the span in which `run` is
    /// polled.
    pub(crate) fn start(&self, at: Duration) {
        // A `u64` of nanoseconds holds five centuries. Zero is for an actor that has not started.
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.started.store(nanos, Ordering::Relaxed);
        self.span.open(self.name(), self.policy().stage);
    }

    /// When it started, since the birth of the group.
    pub(crate) fn started(&self) -> Duration {
        Duration::from_nanos(self.started.load(Ordering::Relaxed))
    }

    pub(crate) fn has_started(&self) -> bool {
        !self.started().is_zero()
    }

    /// Whether it has exited or was forced.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.load(Ordering::Relaxed) != LIVE
    }

    /// Whether `run` is inside its interrupt or one of its destructors.
    pub(crate) fn is_in_a_callback(&self) -> bool {
        self.callback.load(Ordering::Relaxed) != NOTHING
    }

    /// What it is doing, as far as a reader can see without the lock.
    pub(crate) fn state(&self) -> ActorState {
        match self.callback.load(Ordering::Relaxed) {
            INTERRUPT => ActorState::Interrupting,
            DESTRUCTOR => ActorState::Polling,
            _ if self.is_on_thread() => ActorState::Blocking,
            _ if self.polling.load(Ordering::Relaxed) => ActorState::Polling,
            _ => ActorState::Parked,
        }
    }

    /// Polls execute once, and tells the group if that ended it.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut slot = self.slot();
        let Some(execute) = &mut slot.execute else {
            return Poll::Ready(());
        };
        self.polling.store(true, Ordering::Relaxed);
        match self.span.around(|| poll(|| execute.as_mut().poll(cx))) {
            Poll::Pending => self.park(slot, cx),
            Poll::Ready(outcome) => {
                self.finish(slot, outcome);
                Poll::Ready(())
            }
        }
    }

    /// Ends execute from outside its poll.
    pub(crate) fn end(&self, outcome: Outcome) {
        let slot = self.slot();
        if slot.execute.is_some() {
            self.polling.store(true, Ordering::Relaxed);
            self.finish(slot, outcome.into());
        }
    }

    /// Leaves execute until it is woken, or drops it if a force came meanwhile.
    fn park(&self, mut slot: MutexGuard<'_, Slot>, cx: &Context<'_>) -> Poll<()> {
        let outdated = match &slot.waker {
            Some(newest) if newest.will_wake(cx.waker()) => None,
            // This is foreign code under the lock. At worst, a force takes it for a poll.
            _ => match catch(|| cx.waker().clone()) {
                Ok(waker) => slot.waker.replace(waker),
                Err(_) => slot.waker.take(),
            },
        };
        self.polling.store(false, Ordering::Relaxed);
        drop(slot);
        discard(outdated);
        // A force claims the end and then tries the lock. We release the lock and then read, modify
        // and write the end. Two such operations on one atomic have an order: if the force's comes
        // first, we see it here; if ours does, the force's acquire sees the lock released. A plain
        // load could miss the force while the force misses the release, because the store buffer of
        // either may hold its write back.
        if self.claim(LIVE) {
            return Poll::Pending;
        }
        let slot = self.slot();
        if slot.execute.is_some() {
            drop(self.abort(slot));
        }
        Poll::Ready(())
    }

    /// Drops execute and tells the group how the actor ended.
    fn finish(&self, mut slot: MutexGuard<'_, Slot>, mut outcome: Kept) {
        let panic = slot.execute.take().and_then(catch_drop);
        outcome.then_panicked(panic);
        self.span.close();
        let waker = slot.waker.take();
        let is_due = self.tell(outcome);
        // Foreign code and the group run only after the lock is free.
        drop(slot);
        discard(waker);
        if is_due {
            self.stage().link.wake();
        }
    }

    /// Sends the exit to the group, or only counts it. Returns whether the group must look. If a
    /// force came first, does nothing.
    fn tell(&self, outcome: Kept) -> bool {
        let stage = self.stage();
        // An exit that readiness waits for must be sent.
        if outcome.is_ok() && stage.is_quiet() && !self.readiness.is_expected() {
            return self.claim(EXITED) && stage.leave();
        }
        let exited = Event::Exited(Exited {
            key: self.key(),
            outcome,
            at: stage.link.now(),
        });
        stage.link.tell_if(exited, || self.claim(EXITED))
    }

    /// Settles how it ends, unless that is settled already. With `LIVE`, it only asks, in one order
    /// with all claims: see `park`.
    fn claim(&self, end: u8) -> bool {
        // Release publishes what the claimer did before. It pairs with the acquire of whoever finds
        // the claim.
        let claimed = self
            .end
            .compare_exchange(LIVE, end, Ordering::AcqRel, Ordering::Acquire);
        claimed.is_ok()
    }

    /// Forces it: drops its future, unless the future is inside its own poll. Returns `None` if it
    /// exited before.
    pub(crate) fn force(&self) -> Option<Forced> {
        if self.is_on_thread() {
            self.ask_thread();
        }
        if !self.claim(FORCED) {
            return None;
        }
        let state = if self.is_on_thread() {
            ActorState::Blocking
        } else {
            ActorState::Parked
        };
        // This comes after the claim, and pairs with `park`.
        let slot = match self.slot.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if state == ActorState::Blocking => {
                return Some(Forced { state, panic: None });
            }
            Err(TryLockError::WouldBlock) => {
                let state = ActorState::Polling;
                return Some(Forced { state, panic: None });
            }
        };
        let panic = self.calling(DESTRUCTOR, || self.abort(slot));
        Some(Forced { state, panic })
    }

    /// Polls the future, because its thread may have ended and its task not have been polled since.
    fn ask_thread(&self) {
        let Ok(mut slot) = self.slot.try_lock() else {
            return;
        };
        let Some(execute) = &mut slot.execute else {
            return;
        };
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(outcome) = poll(|| execute.as_mut().poll(&mut cx)) {
            self.finish(slot, outcome);
        }
    }

    /// Drops execute outside the lock, and wakes its task so that it finds out.
    fn abort(&self, mut slot: MutexGuard<'_, Slot>) -> Option<Panic> {
        let execute = slot.execute.take();
        let waker = slot.waker.take();
        drop(slot);
        let panic = catch_drop(execute);
        self.span.close();
        if let Some(waker) = waker {
            // A waker that panics must not end a force half-way.
            contain(|| waker.wake());
        }
        panic
    }
}

/// Polls a future once. A panic ends it too.
fn poll(once: impl FnOnce() -> Poll<Result>) -> Poll<Kept> {
    match catch(once) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(result.into()),
        Err(panic) => Poll::Ready(Outcome::Panicked(panic).into()),
    }
}
