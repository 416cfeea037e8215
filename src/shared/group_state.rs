//! What a group shares with its handles and its tasks: its mail, its phase, and why it stops.
//!
//! The group's end is the [`Receiver`](super::receiver::Receiver). When that is dropped, the state
//! lets go of everything foreign (law 34).

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::actor::Actor;
use crate::cause::Cause;
use crate::panic::discard;
use crate::phase::Phase;
use crate::settings::Parent;
use crate::shared::latch::{Latch, Latches};
use crate::shared::mailbox::{Event, Mailbox};
use crate::shared::snapshot::MemberSnapshot;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, lock};

/// What a handle asks of the owner of the members, which stands above this file.
pub(crate) trait Registry: Send + Sync {
    /// Accepts the actor, or gives it back if its stage was told to stop.
    fn add(&self, actor: Actor, parent: Option<Parent>) -> Result<(), Actor>;
    /// Gives back all actors from now on.
    fn close_for_all(&self);
    /// The members that have not exited, in stop order, and those whose callback `run` is inside.
    fn snapshot(&self) -> Vec<MemberSnapshot>;
}

pub(crate) struct GroupState {
    pub(crate) mailbox: Mailbox,
    /// True once the group is ready; false if the stop came first.
    pub(crate) ready: Latch,
    /// Set as soon as the group is known to stop. From then on, it is not ready.
    pub(crate) stopping: Latch,
    /// Set when the group is gone, run or not.
    pub(crate) gone: Latch,
    /// How many actors have revoked their readiness.
    revoked: AtomicUsize,
    drain_skipped: AtomicBool,
    force_requested: AtomicBool,
    progress: Mutex<Progress>,
    /// Dropped when the group is gone; `None` from then on.
    guards: Mutex<Option<Vec<Box<dyn Send>>>>,
    /// The group owns the registry, so this does not keep its members alive.
    registry: Weak<dyn Registry>,
    /// Where the group's times are counted from.
    born: Instant,
}

/// Says which latch of a group a task waits for.
#[derive(Clone, Copy)]
pub(crate) enum GroupLatch {
    Ready,
    Stopping,
}

impl Latches for Arc<GroupState> {
    type Which = GroupLatch;

    fn latch(&self, which: GroupLatch) -> &Latch {
        match which {
            GroupLatch::Ready => &self.ready,
            GroupLatch::Stopping => &self.stopping,
        }
    }
}

/// How far the group is. All times are since its birth.
#[derive(Clone)]
pub(crate) struct Progress {
    pub(crate) phase: Phase,
    /// When that phase began.
    pub(crate) since: Duration,
    /// When the grace ends.
    pub(crate) deadline: Option<Duration>,
    /// The first request to stop. Later ones change nothing.
    pub(crate) request: Option<Request>,
    /// When a force was first requested.
    pub(crate) force: Option<Duration>,
    /// Set by `run` before the first interrupt, and kept once for all actors.
    pub(crate) cause: Option<Cause>,
}

impl Progress {
    fn holds_errors(&self) -> bool {
        let request = self.request.as_ref().map(|request| &request.cause);
        request
            .into_iter()
            .chain(&self.cause)
            .any(|cause| !cause.is_ok())
    }
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) cause: Cause,
    pub(crate) at: Duration,
}

impl GroupState {
    pub(crate) fn new(registry: Weak<dyn Registry>) -> Arc<GroupState> {
        Arc::new(GroupState {
            mailbox: Mailbox::new(),
            ready: Latch::new(),
            stopping: Latch::new(),
            gone: Latch::new(),
            revoked: AtomicUsize::new(0),
            drain_skipped: AtomicBool::new(false),
            force_requested: AtomicBool::new(false),
            progress: Mutex::new(Progress {
                phase: Phase::NotStarted,
                since: Duration::ZERO,
                deadline: None,
                request: None,
                force: None,
                cause: None,
            }),
            guards: Mutex::new(Some(Vec::new())),
            registry,
            born: Instant::now(),
        })
    }

    /// The time since the birth of the group.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    fn lock_progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    /// A copy, because a reader formats it, which is foreign code.
    pub(crate) fn progress(&self) -> Progress {
        self.lock_progress().clone()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock_progress().phase
    }

    /// Requests the stop. The first request counts; the group decides the cause.
    pub(crate) fn request(&self, cause: Cause) {
        // A group that is gone has its cause or will never have one.
        if self.gone.is_set() {
            return drop(cause);
        }
        let at = self.now();
        // The lock decides which request is the first.
        let mut progress = self.lock_progress();
        if progress.request.is_some() {
            drop(progress);
            // The first request may still be about to do this. After its own call, each caller must
            // find that the group is stopping.
            self.mark_stopping();
            return drop(cause);
        }
        progress.request = Some(Request { cause, at });
        drop(progress);
        // The end of the group sets `gone` and then forgets the errors. If that came between the
        // look at `gone` above and the lock, the request was stored too late to be forgotten: this
        // thread forgets it. If `gone` is not set here, the end comes later, and forgets it (law
        // 34).
        if self.gone.is_set() {
            self.forget_errors();
        }
        // `stopping` comes before `ready`: whoever sees that the group will not be ready also sees
        // that it is stopping (law 29).
        let wakers = [
            self.stopping.set_without_waking(true),
            self.ready.set_without_waking(false),
        ];
        // The event comes before the wakers, because one of them might not return.
        self.mailbox.send(Event::Requested);
        for wakers in wakers.into_iter().flatten() {
            wakers.wake();
        }
    }

    /// Skips the drain delay, now or later, once.
    pub(crate) fn skip_drain(&self) {
        // Relaxed, because the event, sent under the mail's lock, brings it to the group.
        if !self.drain_skipped.swap(true, Ordering::Relaxed) {
            self.mailbox.send(Event::SkipDrain);
        }
    }

    pub(crate) fn is_drain_skipped(&self) -> bool {
        self.drain_skipped.load(Ordering::Relaxed)
    }

    /// Requests a force, once.
    pub(crate) fn request_force(&self, cause: Cause) {
        // All interrupts are due from now on, so no actor enters any more (law 24).
        if let Some(registry) = self.registry() {
            registry.close_for_all();
        }
        // The flag comes before the request, so that a group that takes the request does not begin
        // a stage in between. Relaxed, because the events, sent under the mail's lock, bring it to
        // the group.
        let is_first = !self.force_requested.swap(true, Ordering::Relaxed);
        if is_first {
            let now = self.now();
            self.lock_progress().force = Some(now);
        }
        self.request(cause);
        if is_first {
            self.mailbox.send(Event::Force);
        }
    }

    pub(crate) fn is_force_requested(&self) -> bool {
        self.force_requested.load(Ordering::Relaxed)
    }

    /// Ends readiness, for good.
    pub(crate) fn mark_stopping(&self) {
        // In this order, for law 29: see `request`.
        self.stopping.set(true);
        self.ready.set(false);
    }

    pub(crate) fn is_ready(&self) -> bool {
        // Relaxed, because a revocation and a question on different threads have no order.
        self.was_ready() && !self.stopping.is_set() && self.revoked.load(Ordering::Relaxed) == 0
    }

    /// Whether it was ever ready.
    pub(crate) fn was_ready(&self) -> bool {
        self.ready.get() == Some(true)
    }

    /// Counts an actor that takes back that it is ready. The count may be below zero for a moment,
    /// when its exit overtakes it, and is then not zero either.
    pub(crate) fn add_revoked(&self) {
        // Relaxed, because the count publishes nothing. `Readiness` pairs each revocation with one
        // removal, by a second announcement or by the exit, so the count ends at zero.
        self.revoked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remove_revoked(&self) {
        self.revoked.fetch_sub(1, Ordering::Relaxed);
    }

    /// The cause, once `run` knows it.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.lock_progress().cause.clone()
    }

    /// Publishes the cause (invariant 1), and the phase that begins with it, in one step, so that a
    /// reader sees both or neither.
    pub(crate) fn set_cause(
        &self,
        cause: Cause,
        deadline: Option<Duration>,
        (phase, since): (Phase, Duration),
    ) {
        let mut progress = self.lock_progress();
        progress.cause = Some(cause);
        progress.deadline = deadline;
        progress.phase = phase;
        progress.since = since;
    }

    /// The request, whether `run` has taken it or not.
    pub(crate) fn requested(&self) -> Option<Request> {
        self.lock_progress().request.clone()
    }

    pub(crate) fn enter_phase(&self, phase: Phase, since: Duration) {
        let mut progress = self.lock_progress();
        // Entering it again does not change since when it lasts.
        if progress.phase != phase {
            progress.phase = phase;
            progress.since = since;
        }
    }

    /// Keeps `guard` until the group is gone.
    pub(crate) fn keep_guard(&self, guard: Box<dyn Send>) {
        let mut guards = lock(&self.guards);
        if let Some(guards) = &mut *guards {
            // `drop_guards` takes the list under this lock, so it finds the guard.
            return guards.push(guard);
        }
        drop(guards);
        discard(guard);
    }

    pub(crate) fn drop_guards(&self) {
        // `None` tells each later `keep_guard` that the group is gone. A guard's destructor is
        // foreign, so it runs outside the lock.
        let guards = lock(&self.guards).take();
        guards.into_iter().flatten().for_each(discard);
    }

    /// Keeps why the group stopped as text alone. An error may hold a handle, whose state would keep
    /// the error alive for ever (law 34).
    pub(crate) fn forget_errors(&self) {
        if !self.lock_progress().holds_errors() {
            return;
        }
        // Formatting and dropping errors is foreign code, so both happen outside the lock.
        let Progress { request, cause, .. } = self.progress();
        let request = request.map(|Request { cause, at }| Request {
            cause: into_text(cause),
            at,
        });
        let cause = cause.map(into_text);
        let mut progress = self.lock_progress();
        let forgotten = (
            std::mem::replace(&mut progress.request, request),
            std::mem::replace(&mut progress.cause, cause),
        );
        drop(progress);
        discard(forgotten);
    }

    /// Who owns the members, until the group is gone.
    pub(crate) fn registry(&self) -> Option<Arc<dyn Registry>> {
        self.registry.upgrade()
    }
}

/// The copy is dropped here, where its panic is contained: another thread may have dropped the
/// original meanwhile.
fn into_text(cause: Cause) -> Cause {
    let text = cause.to_text();
    discard(cause);
    text
}
