//! A program that always stops: the kit finds nothing.

use std::time::Instant;

use async_channel::Receiver;
use futures_lite::future::yield_now;
use rungroup::testing::{Findings, every_stop};
use rungroup::{Actor, Context, Ends, Group, Result, Spawner};

use super::LONG;
use crate::runtime::{self, Runtime};
use crate::support::waiter;

on_every_runtime!(a_correct_program_has_no_finding);

async fn a_correct_program_has_no_finding<R: Runtime>(rt: R) {
    let findings = findings(200, rt.spawner()).await;
    assert!(findings.is_empty(), "{findings}");
    assert_eq!(findings.trials(), 200);
}

/// A thousand trials, a hundred times, on every runtime: minutes.
#[test]
#[ignore = "takes minutes"]
fn a_correct_program_never_has_a_finding() {
    const TIMES: u32 = 100;

    fn on<R: Runtime>(name: &str) {
        let rt = R::new();
        let began = Instant::now();
        for _ in 0..TIMES {
            let findings = rt.block_on(findings(1_000, rt.spawner()));
            assert!(findings.is_empty(), "on {name}: {findings}");
            assert_eq!(findings.trials(), 1_000);
        }
        let each = began.elapsed() / TIMES;
        println!("{name}: a thousand trials take {each:?}");
    }
    on::<runtime::Threads>("threads");
    #[cfg(feature = "tokio")]
    on::<runtime::TokioMultiThread>("tokio_multi_thread");
    #[cfg(feature = "tokio")]
    on::<runtime::TokioCurrentThread>("tokio_current_thread");
    #[cfg(feature = "smol")]
    on::<runtime::Smol>("smol");
    #[cfg(feature = "async-std")]
    on::<runtime::AsyncStd>("async_std");
}

async fn findings(trials: usize, spawner: impl Spawner + Clone + 'static) -> Findings {
    let build = {
        let spawner = spawner.clone();
        async move || thirty_actors(spawner.clone())
    };
    every_stop(build)
        .limit(LONG)
        .trials(trials)
        .run(spawner)
        .await
}

/// One of each kind, and a pipeline, in four stages.
fn thirty_actors(spawner: impl Spawner + 'static) -> Group {
    let mut group = Group::new();
    group.add_actor(Actor::with(database).announces_ready().name("database"));
    let (jobs, queue) = async_channel::bounded(4);
    for nth in 0..12 {
        let queue = queue.clone();
        let worker = Actor::with(|ctx| worker(ctx, queue));
        group.add_actor(worker.stage(1).name(format!("worker {nth}")));
    }
    for nth in 0..8 {
        let jobs = jobs.clone();
        let client = Actor::with(move |ctx| async move {
            for job in 0..4 {
                let sent = ctx.run_until_interrupted(jobs.send(job)).await;
                if !matches!(sent, Some(Ok(()))) {
                    break;
                }
                yield_now().await;
            }
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(client.stage(2).must_succeed().name(format!("client {nth}")));
    }
    drop((jobs, queue));
    for _ in 0..4 {
        group.add_actor(waiter().stage(3)); // of one place, without a name
    }
    group.add_actor(Actor::cancellable(yields_for_ever()).name("cancellable"));
    group.add_actor(Actor::with(logs).background().name("logs"));
    let job = async {
        yield_now().await;
        Ok(())
    };
    group.add_actor(Actor::new(job, |_| {}).ends_group(Ends::Never).name("job"));
    let thread = Actor::blocking_with(|ctx| {
        futures_lite::future::block_on(ctx.interrupted());
        Ok(())
    });
    group.add_actor(thread.name("thread"));
    let mut inner = Group::new();
    inner.add_actor(waiter().stage(1));
    inner.add_actor(waiter());
    group.add_actor(inner.into_actor(spawner).stage(1).name("inner"));
    group
}

async fn database(ctx: Context) -> Result {
    yield_now().await;
    ctx.announce_ready();
    ctx.interrupted().await;
    for _flush in 0..3 {
        yield_now().await;
    }
    Ok(())
}

/// Works until the queue is closed, or it is interrupted.
async fn worker(ctx: Context, queue: Receiver<u32>) -> Result {
    while let Some(Ok(_job)) = ctx.run_until_interrupted(queue.recv()).await {
        yield_now().await;
    }
    ctx.interrupted().await;
    while queue.try_recv().is_ok() {
        yield_now().await;
    }
    Ok(())
}

async fn yields_for_ever() -> Result {
    // Enough moments for a thousand trials, however rarely the others are polled: five each.
    for _ in 0..200 {
        yield_now().await;
    }
    std::future::pending().await
}

async fn logs(ctx: Context) -> Result {
    ctx.interrupted().await;
    yield_now().await;
    Ok(())
}
