//! Groups inside groups.

use std::error::Error as _;

use futures_lite::future::{poll_once, zip};
use rungroup::{Actor, Error, ErrorKind, Group};

use crate::runtime::Runtime;
use crate::support::{Event, Log, deaf, logged, parking, waiter, watched};

on_every_runtime! {
    an_outer_stop_stops_the_inner_group,
    an_inner_exit_ends_the_outer_group,
    an_inner_error_is_a_source_of_the_outer_one,
    an_inner_panic_is_a_source_of_the_outer_error,
    inner_stragglers_are_a_source_of_the_outer_error,
    the_inner_cause_tells_the_outer_one,
    an_inner_group_stops_in_the_stage_of_its_actor,
    an_inner_handle_stops_both,
    an_outer_force_reaches_the_innermost_actor,
    dropping_the_outer_run_reaches_the_innermost_actor,
    an_inner_group_may_run_on_threads_of_its_own,
    an_inner_group_may_run_on_any_other_runtime,
    a_group_made_an_actor_and_dropped_is_gone,
    an_inner_group_of_nobody_is_an_exit_with_ok,
}

async fn an_outer_stop_stops_the_inner_group<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut inner = Group::new();
    inner.add_actor(logged("low", &log));
    inner.add_actor(logged("high", &log).stage(1));
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(rt.spawner()));
    outer.handle().stop(Ok(()));
    outer.run(rt.spawner()).await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "low interrupted",
            "low exited"
        ]
    );
}

async fn an_inner_exit_ends_the_outer_group<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(waiter());
    inner.add(async { Ok(()) }, |_| {});
    let mut outer = Group::new();
    outer.add_actor(waiter());
    outer.add_actor(inner.into_actor(rt.spawner()).name("inner"));
    let report = outer.run_report(rt.spawner()).await;
    let cause = report.cause().unwrap();
    assert_eq!(cause.actor().unwrap().as_str(), Some("inner"));
    report.into_result().unwrap();
}

/// The error of an outer group around one that runs `actor`.
async fn outer_error<R: Runtime>(rt: R, actor: Actor) -> Error {
    let mut inner = Group::new();
    inner.add_actor(waiter());
    inner.add_actor(actor);
    let mut outer = Group::new();
    outer.add_actor(waiter());
    outer.add_actor(inner.into_actor(rt.spawner()).name("inner"));
    outer.run(rt.spawner()).await.unwrap_err()
}

async fn an_inner_error_is_a_source_of_the_outer_one<R: Runtime>(rt: R) {
    let job = Actor::new(async { Err("no more disk".into()) }, |_| {});
    let error = outer_error(rt, job.name("job")).await;
    assert_eq!(error.to_string(), "actor `inner` failed");
    let inner = error.source().unwrap();
    assert_eq!(inner.to_string(), "actor `job` failed");
    assert_eq!(inner.source().unwrap().to_string(), "no more disk");
    let inner: &Error = inner.downcast_ref().expect("the error of a group");
    assert_eq!(inner.actor().unwrap().as_str(), Some("job"));
}

async fn an_inner_panic_is_a_source_of_the_outer_error<R: Runtime>(rt: R) {
    let bomb = Actor::new(async { panic!("kaboom") }, |_| {});
    let error = outer_error(rt, bomb.name("bomb")).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let inner: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(inner.kind(), ErrorKind::Panicked);
    assert_eq!(inner.to_string(), "actor `bomb` panicked: kaboom");
}

async fn inner_stragglers_are_a_source_of_the_outer_error<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut inner = Group::new();
    inner.grace(std::time::Duration::ZERO);
    inner.add_actor(deaf("deaf", &log));
    inner.handle().stop(Ok(()));
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(parking(rt.spawner())).name("inner"));
    let error = outer.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(
        error.source().unwrap().to_string(),
        "1 actor did not stop: `deaf` (parked)"
    );
}

/// Three deep, the innermost actor still sees who began it.
async fn the_inner_cause_tells_the_outer_one<R: Runtime>(rt: R) {
    let log = Log::new();
    let told = log.clone();
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        let cause = ctx.cause().unwrap();
        assert!(cause.actor().is_none() && cause.error().is_none());
        told.add(cause.to_string());
        Ok(())
    }));
    for _ in 0..2 {
        let mut outer = Group::new();
        outer.add_actor(group.into_actor(rt.spawner()));
        group = outer;
    }
    let failing = Actor::new(async { Err("no more disk".into()) }, |_| {});
    group.add_actor(failing.name("writer"));
    group.run(rt.spawner()).await.unwrap_err();
    let told = "stop requested: actor `writer` failed: no more disk";
    assert_eq!(log.entries(), [told]);
}

async fn an_inner_group_stops_in_the_stage_of_its_actor<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut inner = Group::new();
    inner.add_actor(logged("inner", &log).stage(9));
    let mut outer = Group::new();
    outer.add_actor(logged("low", &log));
    outer.add_actor(inner.into_actor(rt.spawner()).stage(1));
    outer.add_actor(logged("high", &log).stage(2));
    outer.handle().stop(Ok(()));
    outer.run(rt.spawner()).await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "inner interrupted",
            "inner exited",
            "low interrupted",
            "low exited",
        ]
    );
}

async fn an_inner_handle_stops_both<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(waiter());
    let handle = inner.handle();
    let mut outer = Group::new();
    outer.add_actor(waiter());
    outer.add_actor(inner.into_actor(rt.spawner()));
    handle.stop(Err("from inside".into()));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    let inner = error.source().unwrap();
    assert_eq!(inner.source().unwrap().to_string(), "from inside");
}

/// Three groups deep; returns the outer one.
fn deep<R: Runtime>(rt: &R, log: &Log, started: &Event) -> Group {
    let mut group = Group::new();
    let starts = started.clone();
    group.add_actor(Actor::with(|_| async move {
        starts.set();
        std::future::pending().await
    }));
    group.add_actor(deaf("innermost", log));
    for _ in 0..2 {
        let mut outer = Group::new();
        outer.add_actor(group.into_actor(parking(rt.spawner())).name("group"));
        group = outer;
    }
    group
}

async fn an_outer_force_reaches_the_innermost_actor<R: Runtime>(rt: R) {
    let (log, started) = (Log::new(), Event::new());
    let group = deep(&rt, &log, &started);
    let handle = group.handle();
    let force = async {
        started.wait().await;
        handle.force();
    };
    let (result, ()) = zip(group.run(rt.spawner()), force).await;
    log.until("innermost dropped").await;
    assert_eq!(
        log.entries(),
        ["innermost interrupted", "innermost dropped"]
    );
    assert_eq!(result.unwrap_err().report().stragglers().len(), 1);
}

async fn dropping_the_outer_run_reaches_the_innermost_actor<R: Runtime>(rt: R) {
    let (log, started) = (Log::new(), Event::new());
    let mut run = Box::pin(deep(&rt, &log, &started).run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    started.wait().await;
    drop(run);
    log.until("innermost dropped").await;
    assert_eq!(
        log.entries(),
        ["innermost interrupted", "innermost dropped"]
    );
}

/// Two runtimes in one tree, one of them with a thread for each actor.
async fn an_inner_group_may_run_on_threads_of_its_own<R: Runtime>(rt: R) {
    let log = Log::new();
    let here = log.clone();
    let mut inner = Group::new();
    let (wait, stop) = crate::support::waiting();
    let actor = Actor::new(
        async move {
            here.add(std::thread::current().name().unwrap_or_default());
            wait.await
        },
        stop,
    );
    inner.add_actor(actor.name("on its thread"));
    let handle = inner.handle();
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(rungroup::Threads));
    outer.add_actor(waiter());
    let stop = async {
        log.until("on its thread").await;
        handle.stop(Ok(()));
    };
    zip(outer.run(rt.spawner()), stop).await.0.unwrap();
}

/// Two runtimes in one tree, each pair there is.
async fn an_inner_group_may_run_on_any_other_runtime<R: Runtime>(rt: R) {
    inside(&rt, crate::runtime::Threads).await;
    #[cfg(feature = "tokio")]
    inside(&rt, crate::runtime::TokioMultiThread::new()).await;
    #[cfg(feature = "smol")]
    inside(&rt, crate::runtime::Smol).await;
    #[cfg(feature = "async-std")]
    inside(&rt, crate::runtime::AsyncStd).await;
}

async fn inside<Outer: Runtime, Inner: Runtime>(rt: &Outer, inner_rt: Inner) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut inner = Group::new();
    inner.add_actor(logged("inner", &log).stage(1));
    inner.add_actor(logged("last", &log));
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(watched(&inner_rt, &tasks)).stage(1));
    outer.add_actor(logged("outer", &log));
    outer.handle().stop(Ok(()));
    outer.run(rt.spawner()).await.unwrap();
    // A runtime must not be dropped on one, and its tasks hold it.
    tasks.until("inner done").await;
    tasks.until("last done").await;
    std::thread::spawn(move || drop(inner_rt)).join().unwrap();
    assert_eq!(
        log.entries(),
        [
            "inner interrupted",
            "inner exited",
            "last interrupted",
            "last exited",
            "outer interrupted",
            "outer exited",
        ]
    );
}

async fn a_group_made_an_actor_and_dropped_is_gone<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add(async { panic!("polled") }, |_| panic!("called"));
    let handle = inner.handle();
    drop(inner.into_actor(rt.spawner()));
    assert!(handle.add_actor(waiter()).is_err());
    handle.force();
    handle.ready().await.unwrap_err();
}

async fn an_inner_group_of_nobody_is_an_exit_with_ok<R: Runtime>(rt: R) {
    let mut outer = Group::new();
    outer.add_actor(waiter());
    outer.add_actor(Group::new().into_actor(rt.spawner()));
    outer.run(rt.spawner()).await.unwrap();
}
