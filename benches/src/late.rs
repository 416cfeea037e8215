//! Adding while the group runs: one actor adds all others through a handle, then returns, which
//! ends the group.

use std::time::Duration;

use rungroup::{Actor, BoxError, Group};
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::contestant::Contestant;
use crate::runtime::Runtime;

/// Those who can: a `JoinSet` belongs to the one who joins.
pub const CONTESTANTS: [Contestant; 4] = [
    Contestant::Pair,
    Contestant::With,
    Contestant::TaskTracker,
    Contestant::GracefulShutdown,
];

/// Lives once, with `actors` that are added late.
///
/// # Panics
///
/// If the contestant is not one of [`CONTESTANTS`].
pub async fn live(contestant: Contestant, runtime: Runtime, actors: usize) {
    match contestant {
        Contestant::Pair => pair(runtime, actors).await,
        Contestant::With => with(runtime, actors).await,
        Contestant::TaskTracker => task_tracker(actors).await,
        Contestant::GracefulShutdown => graceful_shutdown(actors).await,
        _ => panic!("{contestant:?} cannot add through a handle"),
    }
}

async fn pair(runtime: Runtime, actors: usize) {
    let token = CancellationToken::new();
    let waiter = move || {
        let (waits, interrupts) = (token.clone(), token.clone());
        let execute = async move {
            waits.cancelled().await;
            Ok(())
        };
        Actor::new(execute, move |_| interrupts.cancel())
    };
    add_late(runtime, actors, waiter).await;
}

async fn with(runtime: Runtime, actors: usize) {
    let waiter = || {
        Actor::with(|ctx| async move {
            ctx.interrupted().await;
            Ok(())
        })
    };
    add_late(runtime, actors, waiter).await;
}

async fn add_late(runtime: Runtime, actors: usize, waiter: impl Fn() -> Actor + Send + 'static) {
    let mut group = Group::new();
    let handle = group.handle();
    let execute = async move {
        for _ in 0..actors {
            handle.add_actor(waiter()).expect("a running group");
        }
        Ok(())
    };
    group.add(execute, |_| {});
    runtime.run(group).await;
}

async fn task_tracker(actors: usize) {
    let token = CancellationToken::new();
    let tracker = TaskTracker::new();
    let adds = tracker.clone();
    tracker.spawn(async move {
        for _ in 0..actors {
            let token = token.clone();
            adds.spawn(async move { token.cancelled().await });
        }
        token.cancel();
    });
    tracker.close();
    tracker.wait().await;
}

async fn graceful_shutdown(actors: usize) {
    const NO_LIMIT: Duration = Duration::from_secs(60 * 60);
    let adds = async move |handle: &mut SubsystemHandle| {
        for _ in 0..actors {
            let waits = async |handle: &mut SubsystemHandle| {
                handle.on_shutdown_requested().await;
                Ok::<(), BoxError>(())
            };
            handle.start(SubsystemBuilder::new("waits", waits));
        }
        handle.request_shutdown();
        Ok::<(), BoxError>(())
    };
    let tree = Toplevel::<BoxError>::new(async move |top: &mut SubsystemHandle| {
        top.start(SubsystemBuilder::new("adds", adds));
    });
    let ended = tree.handle_shutdown_requests(NO_LIMIT).await;
    ended.expect("all subsystems return Ok");
}
