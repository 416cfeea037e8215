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
//! 1. The future is polled and dropped under the lock, or taken out under the lock and dropped by the
//!    thread that took it. So it is dropped once.
//! 2. It is dropped before the exit is sent: an actor has not exited while it holds anything.
//! 3. Only the task itself waits for the lock; the group only tries it. A reader of the state does
//!    not touch it, because `try_lock` is how a force tells parked from polling.
//! 4. Wakers are called and dropped outside the lock.

use std::ops::Deref;
use std::sync::TryLockError;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::actor::Execute;
use crate::cause::Cause;
use crate::name::Name;
use crate::outcome::{ContainedOutcome, Outcome, Result};
use crate::panic::{Panic, catch, catch_drop, contain, discard};
use crate::phase::ActorState;
use crate::settings::Settings;
use crate::shared::chunk::{Chunk, Place};
use crate::shared::interrupt::Interrupt;
use crate::shared::latch::Latch;
use crate::shared::mailbox::{Event, Exited, Wake};
use crate::shared::readiness::{Readiness, Settled};
use crate::shared::snapshot::MemberSnapshot;
use crate::shared::timestamp::Timestamp;
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::trace;

/// It is made when the group gives its actor a place. Until then, there is a
/// [`ActorParts`](crate::actor::ActorParts).
pub(crate) struct Member {
    name: Name,
    settings: Settings,
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
    /// It is set before the task is spawned, which orders it.
    started: Timestamp,
    span: trace::Span,
    slot: Mutex<Slot>,
    interrupt: Interrupt,
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
    pub(crate) fn new(
        execute: Execute,
        interrupt: Interrupt,
        name: Name,
        settings: Settings,
    ) -> Member {
        Member {
            end: AtomicU8::new(LIVE),
            entered: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            callback: AtomicU8::new(NOTHING),
            on_thread: AtomicBool::new(false),
            readiness: Readiness::new(settings.announces()),
            started: Timestamp::unset(),
            span: trace::Span::unopened(),
            slot: Mutex::new(Slot {
                execute: Some(execute),
                waker: None,
            }),
            interrupt,
            name,
            settings,
        }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings
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

    /// Notes that its work moves to a thread of its own. Call it before the thread starts. Otherwise
    /// a force could see the effects of the thread and still take the actor for a parked one.
    pub(crate) fn moves_to_thread(&self) {
        // Relaxed, because the flag publishes nothing. A force that learns of the thread by other
        // means, such as a lock, has synchronized with it and sees the flag.
        self.on_thread.store(true, Ordering::Relaxed);
    }

    fn is_on_thread(&self) -> bool {
        self.on_thread.load(Ordering::Relaxed)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        lock(&self.slot)
    }

    /// Calls the interrupt, unless it was called before or is gone.
    pub(crate) fn interrupt(&self, cause: &Cause) -> Result<(), Panic> {
        // The function is taken out before it is called (invariant 2). The catch is invariant 6.
        let call = || catch(|| self.interrupt.call(cause));
        self.calling(INTERRUPT, || self.span.around(call))
    }

    /// Drops, uncalled, the interrupt of an actor that left.
    pub(crate) fn drop_interrupt(&self) -> Option<Panic> {
        self.calling(DESTRUCTOR, || catch(|| self.interrupt.discard()))
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
        // Taken out first, because its destructor is foreign and must not run under the lock.
        let execute = self.slot().execute.take();
        self.calling(DESTRUCTOR, || discard(execute));
        drop(self.drop_interrupt());
    }

    /// Starts the actor's clock and its span, which is a child of the span in which `run` is
    /// polled.
    pub(crate) fn start(&self, at: Duration) {
        self.set_started(at);
        self.span.open(self.name(), self.settings());
    }

    /// Sets when it started. One that never starts has no span.
    pub(crate) fn set_started(&self, at: Duration) {
        self.started.set(at);
    }

    /// When it started, since the birth of the group. `None` if it has not started.
    pub(crate) fn started(&self) -> Option<Duration> {
        self.started.get()
    }

    /// Whether it has exited or was forced.
    pub(crate) fn has_ended(&self) -> bool {
        // Relaxed: a stale answer is one of a moment ago. Where the answer decides, the claim is
        // made again under a lock.
        self.end.load(Ordering::Relaxed) != LIVE
    }

    /// What it is doing, as far as a reader can see without the lock.
    fn state(&self) -> ActorState {
        match self.callback.load(Ordering::Relaxed) {
            INTERRUPT => ActorState::Interrupting,
            DESTRUCTOR => ActorState::Polling,
            _ if self.is_on_thread() => ActorState::Blocking,
            _ if self.polling.load(Ordering::Relaxed) => ActorState::Polling,
            _ => ActorState::Parked,
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
        // | this task | a force |
        // | --- | --- |
        // | releases the lock | claims the end |
        // | reads, modifies and writes the end | tries the lock |
        //
        // All read-modify-writes of one atomic have a total order. If the force's comes first, we
        // see its claim here, and drop the future ourselves. If ours comes first, the force's
        // acquire synchronizes with our release, so it finds the lock free, and drops the future. A
        // plain load could miss the claim while the force misses the release, because either's
        // write may still be in a store buffer: the future would then be dropped by neither.
        if self.is_still_live() {
            return Poll::Pending;
        }
        let slot = self.slot();
        if slot.execute.is_some() {
            drop(self.drop_forced(slot));
        }
        Poll::Ready(())
    }

    /// Settles how it ends, unless that is settled already.
    fn claim(&self, end: u8) -> bool {
        // Release publishes what the claimer did before, and acquire shows it what the other side
        // did: the exit of a task to the force that comes too late, and the reverse (see `park`).
        let claimed = self
            .end
            .compare_exchange(LIVE, end, Ordering::AcqRel, Ordering::Acquire);
        claimed.is_ok()
    }

    /// Whether it is live, asked in one order with all claims.
    fn is_still_live(&self) -> bool {
        // A read-modify-write that changes nothing. Why a load would not do: see `park`.
        self.claim(LIVE)
    }

    /// Drops execute outside the lock, and wakes its task so that it finds out.
    fn drop_forced(&self, mut slot: MutexGuard<'_, Slot>) -> Option<Panic> {
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

/// The chunk of a member, shared or borrowed.
pub(crate) trait Chunked: Deref<Target = Chunk<[Member]>> {}

impl<C: Deref<Target = Chunk<[Member]>>> Chunked for C {}

/// What a member does with the help of its stage, which its chunk knows.
impl<C: Chunked> Place<C> {
    /// Polls execute once, and tells the group if that ended it.
    pub(crate) fn poll_execute(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut slot = self.slot();
        let Some(execute) = &mut slot.execute else {
            // A force took it, or a spawner polls a task again that was ready.
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

    /// Drops execute and tells the group how the actor ended.
    fn finish(&self, mut slot: MutexGuard<'_, Slot>, mut outcome: ContainedOutcome) {
        let panic = slot.execute.take().and_then(catch_drop);
        outcome.then_panicked(panic);
        self.span.close();
        let waker = slot.waker.take();
        let wake = self.report_exit(outcome);
        // Foreign code and the group run only after the lock is free.
        drop(slot);
        discard(waker);
        if let Some(wake) = wake {
            wake.call();
        }
    }

    /// Sends the exit to the group, or only counts it. Returns the group's waker if the group must
    /// look. If a force came first, does nothing.
    fn report_exit(&self, outcome: ContainedOutcome) -> Option<Wake> {
        let stage = self.stage();
        let mailbox = &stage.group.mailbox;
        // The claim makes it the one end of invariant 3: an event or a count, and neither after a
        // force. Whether the stage is quiet may be stale: see `Stage::is_quiet`. An exit that
        // readiness waits for must be sent, because the group lets higher stages start for it (law
        // 26).
        if outcome.is_ok() && stage.is_quiet() && !self.readiness.is_expected() {
            // Only the last one wakes the group: the others change nothing that it acts on (law
            // 11).
            let is_last = self.claim(EXITED) && stage.leave();
            return is_last.then(|| mailbox.take_waker());
        }
        let exited = Event::Exited(Exited {
            key: self.key(),
            outcome,
            at: stage.group.now(),
        });
        // The claim is made under the lock of the mail. A force that fails to claim then takes the
        // mail and finds this exit; without the lock, it could look before the exit is there, and
        // the actor would be neither exited nor a straggler (law 17).
        mailbox.send_if(exited, || self.claim(EXITED))
    }

    /// Forces it: drops its future, unless the future is inside its own poll. Returns `None` if it
    /// exited before.
    pub(crate) fn force(&self) -> Option<Forced> {
        if self.is_on_thread() {
            // Its thread may have ended, and the task not been polled since: an actor that finished
            // is no straggler (law 17).
            self.ask_thread();
        }
        if !self.claim(FORCED) {
            // It exited first, and its exit was queued or counted (invariant 3).
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
            // Inside its poll. `park` or `finish` finds the claim when the poll returns.
            Err(TryLockError::WouldBlock) => {
                let state = ActorState::Polling;
                return Some(Forced { state, panic: None });
            }
        };
        let panic = self.calling(DESTRUCTOR, || self.drop_forced(slot));
        Some(Forced { state, panic })
    }

    /// Polls the future, because its thread may have ended and its task not have been polled since.
    fn ask_thread(&self) {
        let Ok(mut slot) = self.slot.try_lock() else {
            // It is being polled right now, and will find out itself.
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

    /// Announces that it is ready, for the first time or after a revocation. It has no effect unless
    /// the group asks for it.
    pub(crate) fn announce(&self) {
        let group = &self.stage().group;
        // Exactly one of this and an exit takes the revocation back, so it is counted out once.
        if self.readiness.announce_again() {
            group.remove_revoked();
            trace::announced_again(self.name(), self.settings());
        }
        if !self.readiness.is_expected() {
            return;
        }
        // An exit settles the readiness of an actor that did not announce. Both are claimed under
        // the lock of the mail, so an exit that is in the mail is not taken for one of a ready
        // actor.
        let claim = || !self.has_ended() && self.readiness.announce();
        let stage = self.settings().stage;
        if let Some(wake) = group.mailbox.send_if(Event::Announced(stage), claim) {
            trace::announced(self.name(), self.settings());
            wake.call();
        }
    }

    /// Takes back that it is ready.
    pub(crate) fn revoke(&self) {
        // The state changes first. If the count did, an exit in between would leave it at one.
        if self.readiness.revoke() {
            self.stage().group.add_revoked();
            trace::revoked(self.name(), self.settings());
        }
    }

    /// Ends its readiness with it, and returns what that changes.
    pub(crate) fn settle_readiness(&self) -> Settled {
        let settled = self.readiness.settle();
        if settled == Settled::WasRevoked {
            // The revocation that this exit ends has counted, or is about to. Without this, an
            // actor that is gone would keep the group from being ready for ever (law 26).
            self.stage().group.remove_revoked();
        }
        settled
    }

    /// What a reader sees, unless it has ended and `run` is inside none of its callbacks.
    pub(crate) fn snapshot(&self) -> Option<MemberSnapshot> {
        // Relaxed, because a reader that asks a moment earlier or later gets the answer of that
        // moment.
        let is_in_a_callback = self.callback.load(Ordering::Relaxed) != NOTHING;
        (!self.has_ended() || is_in_a_callback).then(|| MemberSnapshot {
            name: self.name().clone(),
            stage: self.settings().stage,
            order: self.stage().order,
            state: self.state(),
            started: self.started(),
            interrupted: self.stage().interrupted(),
            has_yet_to_announce: self.readiness.is_expected(),
            has_revoked: self.readiness.is_revoked(),
            is_in_a_callback,
        })
    }
}

/// Polls a future once. A panic ends it too.
fn poll(once: impl FnOnce() -> Poll<Result>) -> Poll<ContainedOutcome> {
    match catch(once) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(result.into()),
        Err(panic) => Poll::Ready(Outcome::Panicked(panic).into()),
    }
}
