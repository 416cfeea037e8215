//! The same work, with the means of the peers: the first exit ends the others, and the function
//! returns once all have returned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rungroup::BoxError;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::runtime::Runtime;
use crate::work::Work;

/// Tokio's `JoinSet`, and a token that is cancelled at the first exit.
pub(crate) async fn join_set<W: Work>(actors: usize, work: W) {
    let token = CancellationToken::new();
    let mut set = JoinSet::<rungroup::Result>::new();
    for _ in 0..actors {
        let (work, token) = (work.clone(), token.clone());
        set.spawn(async move {
            work.wait(token.cancelled()).await;
            Ok(())
        });
    }
    set.spawn(async move {
        work.first_exit().await;
        Ok(())
    });

    let first = set.join_next().await.expect("a task");
    token.cancel();
    while let Some(exit) = set.join_next().await {
        exit.expect("no panic").expect("an Ok");
    }
    first.expect("no panic").expect("an Ok");
}

/// tokio-util's `TaskTracker`. It keeps no results, so the task that exits first must cancel the
/// token itself. The others need not, and do not.
pub(crate) async fn task_tracker<W: Work>(actors: usize, work: W) {
    let token = CancellationToken::new();
    let tracker = TaskTracker::new();
    for _ in 0..actors {
        let (work, token) = (work.clone(), token.clone());
        tracker.spawn(async move { work.wait(token.cancelled()).await });
    }
    tracker.spawn(async move {
        work.first_exit().await;
        token.cancel();
    });

    tracker.close();
    tracker.wait().await;
}

/// The floor: the runtime's bare `spawn`, and a count of who is left.
pub(crate) async fn bare<W: Work>(runtime: Runtime, actors: usize, work: W) {
    let token = CancellationToken::new();
    let left = Arc::new(Countdown::new(actors + 1));
    for _ in 0..actors {
        let (work, token, left) = (work.clone(), token.clone(), Arc::clone(&left));
        runtime.spawn(async move {
            work.wait(token.cancelled()).await;
            left.leave();
        });
    }
    let leaves = Arc::clone(&left);
    runtime.spawn(async move {
        work.first_exit().await;
        token.cancel();
        leaves.leave();
    });

    left.none.notified().await;
}

struct Countdown {
    left: AtomicUsize,
    none: Notify,
}

impl Countdown {
    fn new(left: usize) -> Countdown {
        Countdown {
            left: AtomicUsize::new(left),
            none: Notify::new(),
        }
    }

    fn leave(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.none.notify_one();
        }
    }
}

/// tokio-graceful-shutdown: a subsystem per actor, and one that requests the shutdown.
pub(crate) async fn graceful_shutdown<W: Work>(actors: usize, work: W) {
    const NO_LIMIT: Duration = Duration::from_secs(60 * 60);
    let tree = Toplevel::<BoxError>::new(async move |top: &mut SubsystemHandle| {
        for _ in 0..actors {
            let work = work.clone();
            let waits = async move |handle: &mut SubsystemHandle| {
                work.wait(handle.on_shutdown_requested()).await;
                Ok::<(), BoxError>(())
            };
            top.start(SubsystemBuilder::new("waits", waits));
        }
        let first = async move |handle: &mut SubsystemHandle| {
            work.first_exit().await;
            handle.request_shutdown();
            Ok::<(), BoxError>(())
        };
        top.start(SubsystemBuilder::new("first", first));
    });
    let ended = tree.handle_shutdown_requests(NO_LIMIT).await;
    ended.expect("all subsystems return Ok");
}
