//! One actor in its group: shared by the task that polls it, and the group that may force it.
//!
//! A member's end is one of three, and settled once, by one compare-and-swap:
//!
//! - *live*: from the start on. Its future is parked while the lock is free, and inside its own poll
//!   (or destructor) while the lock is taken.
//! - *exited*: it returned, panicked or was lost. Claimed by the task, in the moment in which the
//!   exit is queued (or counted): who finds it claimed finds the exit.
//! - *forced*: the group did not wait any longer. Claimed by the group. No exit is told: the group
//!   knows. If the future was inside its poll, the task drops it afterwards.
//!
//! Rules:
//!
//! 1. The future is taken out, polled and dropped under the lock, or taken out under it and dropped
//!    by who took it. So there is one who drops it.
//! 2. It is dropped before the exit is told: an actor has not exited while it holds anything.
//! 3. Nobody waits for the lock but the task itself; the group only tries it. A reader of the state
//!    does not touch it: `try_lock` is how a force tells parked from polling.
//! 4. Wakers are called and dropped outside of the lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::exit::{Cause, Kept, Outcome, Result};
use crate::link::{Event, Exited, Key};
use crate::name::Name;
use crate::panic::{Panic, catch, catch_drop, contain, discard};
use crate::policy::Policy;
use crate::readiness::Readiness;
use crate::stage::Stage;
use crate::state::State;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::trace;

pub(crate) type Execute = Pin<Box<dyn Future<Output = Result> + Send>>;

/// What a group can do with an interrupt: call it, once, or drop it uncalled.
pub(crate) trait Interrupt: Send + Sync {
    fn call(&self, cause: &Cause);
    fn discard(&self);
}

/// Made with the actor, so that its future's state and its interrupt are one allocation.
pub(crate) struct Member<I: ?Sized = dyn Interrupt> {
    place: OnceLock<Place>,
    /// [`LIVE`], [`EXITED`] or [`FORCED`].
    end: AtomicU8,
    /// Whether its task is polling or dropping its future; for readers alone.
    polling: AtomicBool,
    /// What of it `run` is calling: [`NOTHING`], [`INTERRUPT`] or [`DESTRUCTOR`]; for readers alone.
    callback: AtomicU8,
    /// Whether its work goes to a thread of its own, which outlives the drop of its future.
    on_thread: AtomicBool,
    readiness: Readiness,
    /// The nanoseconds from the birth of the group to the start. Set before the task is spawned,
    /// which is what orders it.
    started: AtomicU64,
    span: trace::Span,
    slot: Mutex<Slot>,
    interrupt: I,
}

/// What an actor is in its group; settled when it is added.
pub(crate) struct Place {
    pub(crate) name: Name,
    pub(crate) stage: Arc<Stage>,
    pub(crate) nth: u64,
    pub(crate) policy: Policy,
}

/// What the lock guards. It is held while the future is polled: that is how a force tells parked
/// from polling.
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
    pub(crate) state: State,
    /// Of the future that was dropped on the spot.
    pub(crate) panic: Option<Panic>,
}

impl<I> Member<I> {
    pub(crate) fn new(execute: Execute, interrupt: I) -> Member<I> {
        Member {
            place: OnceLock::new(),
            end: AtomicU8::new(LIVE),
            polling: AtomicBool::new(false),
            callback: AtomicU8::new(NOTHING),
            on_thread: AtomicBool::new(false),
            readiness: Readiness::new(),
            started: AtomicU64::new(0),
            span: trace::Span::unopened(),
            slot: Mutex::new(Slot {
                execute: Some(execute),
                waker: None,
            }),
            interrupt,
        }
    }
}

impl<I: ?Sized> Member<I> {
    pub(crate) fn place(&self) -> &Place {
        let place = self.place.get();
        place.expect("a member has its place before anybody else has the member")
    }

    pub(crate) fn name(&self) -> &Name {
        &self.place().name
    }

    pub(crate) fn policy(&self) -> Policy {
        self.place().policy
    }

    pub(crate) fn stage(&self) -> &Arc<Stage> {
        &self.place().stage
    }

    pub(crate) fn key(&self) -> Key {
        Key {
            rank: self.stage().rank,
            nth: self.place().nth,
        }
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// What its interrupt is made of.
    pub(crate) fn interrupt_ref(&self) -> &I {
        &self.interrupt
    }

    /// Announces that it is ready; does nothing unless the group waits for that.
    pub(crate) fn announce(&self) {
        if self.readiness.settle() {
            let stage = self.policy().stage;
            trace::announced(self.name(), stage);
            self.stage().link.send(Event::Announced(stage));
        }
    }

    /// Notes that its work goes to a thread of its own. Called before that starts: who hears from
    /// the thread must not find its actor without one.
    pub(crate) fn moves_to_thread(&self) {
        // Release: pairs with the acquire in `force`.
        self.on_thread.store(true, Ordering::Release);
    }

    fn is_on_thread(&self) -> bool {
        self.on_thread.load(Ordering::Acquire)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        lock(&self.slot)
    }
}

impl Member {
    /// Gives it its place in a group; once.
    pub(crate) fn settle(&self, place: Place) {
        if place.policy.announces {
            self.readiness.expect();
        }
        let _ = self.place.set(place);
    }

    /// Calls the interrupt, unless it was called before or is gone.
    pub(crate) fn interrupt(&self, cause: &Cause) -> Result<(), Panic> {
        self.calling(INTERRUPT, || catch(|| self.interrupt.call(cause)))
    }

    /// Drops the interrupt of an actor that left, uncalled.
    pub(crate) fn drop_interrupt(&self) -> Option<Panic> {
        self.calling(INTERRUPT, || catch(|| self.interrupt.discard()))
            .err()
    }

    /// Calls foreign code on the thread of `run`: if it does not return, readers see whose it is. It
    /// does not panic.
    fn calling<T>(&self, callback: u8, foreign: impl FnOnce() -> T) -> T {
        // Relaxed: a reader that asks a moment later, or earlier, gets the answer of that moment.
        self.callback.store(callback, Ordering::Relaxed);
        let result = foreign();
        self.callback.store(NOTHING, Ordering::Relaxed);
        result
    }

    /// Drops what an actor that never started is made of, and contains the panics of that.
    pub(crate) fn discard(&self) {
        let execute = self.slot().execute.take();
        discard(execute);
        drop(self.drop_interrupt());
    }

    /// Starts the clock of the actor, and its span: a child of what `run` is polled in.
    pub(crate) fn start(&self, at: Duration) {
        // Five centuries fit.
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        self.started.store(nanos, Ordering::Relaxed);
        self.span.open(self.name(), self.policy().stage);
    }

    /// When it started, since the birth of the group.
    pub(crate) fn started(&self) -> Duration {
        Duration::from_nanos(self.started.load(Ordering::Relaxed))
    }

    /// Whether nobody waits for it any longer.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.load(Ordering::Relaxed) != LIVE
    }

    /// Whether `run` is inside its interrupt, or in a destructor of its parts.
    pub(crate) fn is_in_a_callback(&self) -> bool {
        self.callback.load(Ordering::Relaxed) != NOTHING
    }

    /// What it is doing, as far as one can see who must not touch its lock.
    pub(crate) fn state(&self) -> State {
        match self.callback.load(Ordering::Relaxed) {
            INTERRUPT => State::Interrupting,
            DESTRUCTOR => State::Polling,
            _ if self.is_on_thread() => State::Blocking,
            _ if self.polling.load(Ordering::Relaxed) => State::Polling,
            _ => State::Parked,
        }
    }

    /// Polls execute once, and tells the group when that was its last time.
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

    /// Leaves execute until it is woken, or drops it if a force has come meanwhile.
    fn park(&self, mut slot: MutexGuard<'_, Slot>, cx: &Context<'_>) -> Poll<()> {
        let outdated = match &slot.waker {
            Some(newest) if newest.will_wake(cx.waker()) => None,
            // Foreign code under the lock: at worst, one that forces meanwhile takes it for a poll.
            _ => match catch(|| cx.waker().clone()) {
                Ok(waker) => slot.waker.replace(waker),
                Err(_) => slot.waker.take(),
            },
        };
        self.polling.store(false, Ordering::Relaxed);
        drop(slot);
        discard(outdated);
        // A force claims the end and then tries the lock; we release the lock and then read-modify-
        // write the end. The two on one atomic have an order: if the force's comes first, we see
        // it here; if ours does, the force's acquire sees the lock released. A plain load could
        // miss the force while the force misses the release: the store buffer of either may hold
        // its write back.
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
        // Foreign code, and the group, run only after the lock is free.
        drop(slot);
        discard(waker);
        if is_due {
            self.stage().link.wake();
        }
    }

    /// Tells the group, or only counts; returns whether the group is to look. If a force was first,
    /// nobody wants to know.
    fn tell(&self, outcome: Kept) -> bool {
        let stage = self.stage();
        // The exit of one that is waited for by readiness is more than a number.
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

    /// Settles how it ends, unless that is settled. With `LIVE`, only asks, in the order of all who
    /// claim: see `park`.
    fn claim(&self, end: u8) -> bool {
        // Release hands what the claimer did before to whoever finds the claim; acquire takes it.
        let claimed = self
            .end
            .compare_exchange(LIVE, end, Ordering::AcqRel, Ordering::Acquire);
        claimed.is_ok()
    }

    /// Ends the wait for it: drops its future on the spot, unless that is inside its own poll.
    /// `None` if it exited before.
    pub(crate) fn force(&self) -> Option<Forced> {
        if self.is_on_thread() {
            self.ask_thread();
        }
        if !self.claim(FORCED) {
            return None;
        }
        let state = if self.is_on_thread() {
            State::Blocking
        } else {
            State::Parked
        };
        // After the claim: pairs with `park`.
        let slot = match self.slot.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if state == State::Blocking => {
                return Some(Forced { state, panic: None });
            }
            Err(TryLockError::WouldBlock) => {
                let state = State::Polling;
                return Some(Forced { state, panic: None });
            }
        };
        let panic = self.calling(DESTRUCTOR, || self.abort(slot));
        Some(Forced { state, panic })
    }

    /// The thread may have ended without its task having heard of it: so ask.
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

/// Polls a future once; a panic ends it too.
fn poll(once: impl FnOnce() -> Poll<Result>) -> Poll<Kept> {
    match catch(once) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(result.into()),
        Err(panic) => Poll::Ready(Outcome::Panicked(panic).into()),
    }
}
