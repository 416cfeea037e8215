//! What the actors do, the same for every contestant: *n* of them wait to be interrupted, and one
//! more ends the group.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

pub trait Work: Clone + Send + Sync + 'static {
    /// Waits as an actor does: until `interrupted` is ready.
    fn wait<F: Future + Send>(&self, interrupted: F) -> impl Future<Output = ()> + Send;

    /// Waits for the moment when the first actor is to exit.
    fn first_exit(&self) -> impl Future<Output = ()> + Send;
}

/// The one returns as soon as it is started. For the whole life of a group.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce;

impl Work for AtOnce {
    async fn wait<F: Future + Send>(&self, interrupted: F) {
        interrupted.await;
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
    async fn wait<F: Future + Send>(&self, interrupted: F) {
        let mut interrupted = pin!(interrupted);
        let mut parked = false;
        poll_fn(|cx| {
            let poll = interrupted.as_mut().poll(cx);
            if poll.is_pending() && !std::mem::replace(&mut parked, true) {
                self.parked();
            }
            poll.map(drop)
        })
        .await;
    }

    async fn first_exit(&self) {
        self.0.full.notified().await;
        let _ = self.0.exit.set(Instant::now());
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
    async fn wait<I: Future + Send>(&self, interrupted: I) {
        self.0.0.wait(interrupted).await;
    }

    async fn first_exit(&self) {
        let (parked, look) = &*self.0;
        parked.first_exit().await;
        look().await;
    }
}
