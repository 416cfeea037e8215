//! What the actors do, the same for every contestant: *n* of them wait to be interrupted, and one
//! more ends the group.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use tokio::sync::Notify;

pub trait Work: Clone + Send + Sync + 'static {
    /// Waits as an actor does: until `interrupted` is ready.
    fn wait<F: Future + Send>(&self, interrupted: F) -> impl Future<Output = F::Output> + Send;

    /// Waits for the moment when the first actor is to exit.
    fn first_exit(&self) -> impl Future<Output = ()> + Send;
}

/// The one returns as soon as it is started. For the whole life of a group.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce;

impl Work for AtOnce {
    // Not an `async fn`, which would hold `interrupted` twice.
    fn wait<F: Future + Send>(&self, interrupted: F) -> impl Future<Output = F::Output> + Send {
        interrupted
    }

    fn first_exit(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

/// The one returns when all others wait. For the stop alone.
#[derive(Clone, Debug)]
pub struct AllParked(Arc<Lot>);

#[derive(Debug)]
struct Lot {
    free: AtomicUsize,
    full: Notify,
    exit: OnceLock<Instant>,
}

impl AllParked {
    pub fn new(actors: usize) -> AllParked {
        AllParked(Arc::new(Lot {
            free: AtomicUsize::new(actors),
            full: Notify::new(),
            exit: OnceLock::new(),
        }))
    }

    /// Returns how long ago the first actor exited: the length of the stop, if it is over.
    ///
    /// # Panics
    ///
    /// If it has not.
    pub fn since_exit(&self) -> Duration {
        self.0.exit.get().expect("an exit").elapsed()
    }

    fn parked(&self) {
        if self.0.free.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.full.notify_one();
        }
    }
}

impl Work for AllParked {
    fn wait<F: Future + Send>(&self, interrupted: F) -> impl Future<Output = F::Output> + Send {
        Parking {
            interrupted,
            lot: self,
            parked: false,
        }
    }

    async fn first_exit(&self) {
        self.0.full.notified().await;
        let _ = self.0.exit.set(Instant::now());
    }
}

pin_project! {
    /// Waits, and tells when it first does.
    struct Parking<'a, F> {
        #[pin]
        interrupted: F,
        lot: &'a AllParked,
        parked: bool,
    }
}

impl<F: Future> Future for Parking<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = this.interrupted.poll(cx);
        if poll.is_pending() && !std::mem::replace(this.parked, true) {
            this.lot.parked();
        }
        poll
    }
}

/// As [`AllParked`], but when all wait, it looks around before it exits.
#[derive(Clone, Debug)]
pub struct LookAround<L>(Arc<(AllParked, L)>);

impl<L, F> LookAround<L>
where
    L: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    pub fn new(actors: usize, look: L) -> LookAround<L> {
        LookAround(Arc::new((AllParked::new(actors), look)))
    }
}

impl<L, F> Work for LookAround<L>
where
    L: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    fn wait<I: Future + Send>(&self, interrupted: I) -> impl Future<Output = I::Output> + Send {
        self.0.0.wait(interrupted)
    }

    async fn first_exit(&self) {
        let (parked, look) = &*self.0;
        parked.first_exit().await;
        look().await;
    }
}
