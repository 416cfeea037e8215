//! Groups inside groups: each has actors that wait, and the next group as one more actor. The
//! innermost has one that returns immediately, which ends them all, from the inside out.

use std::future::Future;
use std::pin::Pin;

use rungroup::{Actor, Group};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::contestant::Contestant;
use crate::runtime::Runtime;

pub const CONTESTANTS: [Contestant; 2] = [Contestant::With, Contestant::JoinSet];

/// Lives once, with `depth` groups of `actors` each.
///
/// # Panics
///
/// If the contestant is not one of [`CONTESTANTS`].
pub async fn live(contestant: Contestant, runtime: Runtime, actors: usize, depth: usize) {
    match contestant {
        Contestant::With => with(runtime, actors, depth).await,
        Contestant::JoinSet => join_sets(actors, depth, CancellationToken::new()).await,
        _ => panic!("{contestant:?} has no such bench"),
    }
}

async fn with(runtime: Runtime, actors: usize, depth: usize) {
    let mut inner = Actor::new(async { Ok(()) }, |_| {});
    for _ in 1..depth {
        inner = group(actors, inner).into_actor(runtime.spawner());
    }
    runtime.run(group(actors, inner)).await;
}

fn group(actors: usize, inner: Actor) -> Group {
    let mut group = Group::new();
    for _ in 0..actors {
        group.add_actor(Actor::with(|ctx| async move {
            ctx.interrupted().await;
            Ok(())
        }));
    }
    group.add_actor(inner);
    group
}

/// A set inside a set, each with a child of the outer one's token.
fn join_sets(
    actors: usize,
    depth: usize,
    token: CancellationToken,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut set = JoinSet::<()>::new();
        for _ in 0..actors {
            let token = token.clone();
            set.spawn(async move { token.cancelled().await });
        }
        match depth {
            1 => set.spawn(async {}),
            _ => set.spawn(join_sets(actors, depth - 1, token.child_token())),
        };
        set.join_next().await.expect("a task").expect("no panic");
        token.cancel();
        while let Some(exit) = set.join_next().await {
            exit.expect("no panic");
        }
    })
}
