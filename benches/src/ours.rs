//! A group of ours, its actors written in the ways that users write them.

use std::hint::black_box;

use rungroup::{Actor, Group};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::runtime::Runtime;
use crate::work::Work;

/// Pairs of execute and interrupt. All wait for one token, as the tasks of the peers do.
pub(crate) async fn pair<W: Work>(runtime: Runtime, actors: usize, work: W) {
    let token = CancellationToken::new();
    let mut group = Group::new();
    for _ in 0..actors {
        let (work, waits, interrupts) = (work.clone(), token.clone(), token.clone());
        let execute = async move {
            work.wait(waits.cancelled()).await;
            Ok(())
        };
        group.add(execute, move |_| interrupts.cancel());
    }
    add_first(&mut group, work);
    runtime.run(group).await;
}

/// Pairs of execute and interrupt. All wait for one token, which only one interrupt cancels: the same
/// wait and the same cancel as those of the peers.
pub(crate) async fn pair_with_one_cancel<W: Work>(runtime: Runtime, actors: usize, work: W) {
    let token = CancellationToken::new();
    let mut group = Group::new();
    for _ in 0..actors {
        let (work, waits) = (work.clone(), token.clone());
        let execute = async move {
            work.wait(waits.cancelled()).await;
            Ok(())
        };
        group.add(execute, |_| {});
    }
    let first = async move {
        work.first_exit().await;
        Ok(())
    };
    group.add(first, move |_| token.cancel());
    runtime.run(group).await;
}

/// Pairs of execute and interrupt, with a channel each, as Go's users write them.
pub(crate) async fn pair_with_channel<W: Work>(runtime: Runtime, actors: usize, work: W) {
    let mut group = Group::new();
    for _ in 0..actors {
        let work = work.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let execute = async move {
            let _ = work.wait(stopped).await;
            Ok(())
        };
        group.add(execute, move |_| drop(stop));
    }
    add_first(&mut group, work);
    runtime.run(group).await;
}

/// Actors that are told about their interrupt.
pub(crate) async fn with<W: Work>(runtime: Runtime, actors: usize, work: W) {
    let mut group = Group::new();
    for nth in 0..actors {
        let work = work.clone();
        // It captures something, as actors do: what makes an execute of nothing costs nothing.
        group.add_actor(Actor::with(move |ctx| async move {
            work.wait(ctx.interrupted()).await;
            black_box(nth);
            Ok(())
        }));
    }
    add_first(&mut group, work);
    runtime.run(group).await;
}

fn add_first<W: Work>(group: &mut Group, work: W) {
    let execute = async move {
        work.first_exit().await;
        Ok(())
    };
    group.add(execute, |_| {});
}
