//! Short actors, one after the other, in a group that runs on; then it ends.

use futures_lite::future::yield_now;
use rungroup::{Actor, Ends, Group};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::contestant::Contestant;
use crate::runtime::Runtime;

pub const CONTESTANTS: [Contestant; 3] = [
    Contestant::Pair,
    Contestant::JoinSet,
    Contestant::TaskTracker,
];

/// After so many, the one who adds lets others run.
const AT_ONCE: usize = 100;

/// Lives once, while `actors` come and go.
///
/// # Panics
///
/// If the contestant is not one of [`CONTESTANTS`].
pub async fn live(contestant: Contestant, runtime: Runtime, actors: usize) {
    match contestant {
        Contestant::Pair => pair(runtime, actors).await,
        Contestant::JoinSet => join_set(actors).await,
        Contestant::TaskTracker => task_tracker(actors).await,
        _ => panic!("{contestant:?} has no such bench"),
    }
}

async fn pair(runtime: Runtime, actors: usize) {
    let mut group = Group::new();
    let handle = group.handle();
    let execute = async move {
        for added in 1..=actors {
            let short = Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError);
            handle.add_actor(short).expect("a running group");
            if added % AT_ONCE == 0 {
                yield_now().await;
            }
        }
        Ok(())
    };
    group.add(execute, |_| {});
    runtime.run(group).await;
}

/// As a server does: who adds takes the results of those that are gone.
async fn join_set(actors: usize) {
    let mut set = JoinSet::<rungroup::Result>::new();
    for added in 1..=actors {
        set.spawn(async { Ok(()) });
        if added % AT_ONCE == 0 {
            yield_now().await;
            while let Some(exit) = set.try_join_next() {
                exit.expect("no panic").expect("an Ok");
            }
        }
    }
    while let Some(exit) = set.join_next().await {
        exit.expect("no panic").expect("an Ok");
    }
}

async fn task_tracker(actors: usize) {
    let tracker = TaskTracker::new();
    for added in 1..=actors {
        tracker.spawn(async {});
        if added % AT_ONCE == 0 {
            yield_now().await;
        }
    }
    tracker.close();
    tracker.wait().await;
}
