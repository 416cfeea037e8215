//! A clock that needs no runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use crate::shared::latch::{Latch, Wait};

/// What [`Spawner::sleep`](crate::Spawner::sleep) returns, boxed.
pub(crate) type Sleep = dyn Future<Output = ()> + Send;

/// Sleeps on a parked thread, which ends when the time is over or the future is dropped.
pub(crate) fn sleep_on_a_thread(duration: Duration) -> Pin<Box<Sleep>> {
    let over = Arc::new(Latch::new());
    let (dropped, until_dropped) = mpsc::channel();
    let rings = Arc::clone(&over);
    let thread = thread::Builder::new()
        .name("rungroup-sleep".into())
        .spawn(move || {
            if until_dropped.recv_timeout(duration) == Err(RecvTimeoutError::Timeout) {
                rings.set(true);
            }
        });
    if thread.is_err() {
        over.set(true);
    }
    Box::pin(ThreadSleep {
        over: Wait::on(over, ()),
        _dropped: dropped,
    })
}

struct ThreadSleep {
    over: Wait<Arc<Latch>>,
    /// Dropping it ends the thread.
    _dropped: Sender<()>,
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.over).poll(cx).map(drop)
    }
}
