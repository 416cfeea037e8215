//! Law 19, and what was queued when the run was dropped: the first event that ends the group is the
//! cause.

use std::task::Waker;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Ends, Group};

use crate::runtime::Runtime;
use crate::support::{Event, Held, Log, on_drop, parking, poll_with};

on_every_runtime! {
    law_19_an_inner_group_that_is_forced_hears_of_the_outer_cause,
}

/// Waits for ever; logs the cause of its interrupt.
fn told(log: &Log) -> Actor {
    let log = log.clone();
    Actor::new(std::future::pending(), move |cause| {
        log.add(cause.to_string());
    })
}

#[test]
fn law_19_a_queued_request_is_the_cause_of_a_dropped_run() {
    let (held, log) = (Held::new(), Log::new());
    let mut group = Group::new();
    group.add_actor(told(&log));
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    handle.stop(Err("the first".into()));
    handle.stop(Err("the second".into()));
    drop(run);
    assert_eq!(log.entries(), ["stop requested: the first"]);
}

#[test]
fn law_19_a_queued_exit_is_the_cause_of_a_dropped_run() {
    let (held, log) = (Held::new(), Log::new());
    let mut group = Group::new();
    group.add_actor(told(&log));
    group.add_actor(Actor::new(async { Err("no".into()) }, |_| {}).name("x"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    let mut tasks = held.take();
    assert!(poll_with(Waker::noop(), &mut tasks[1]).is_ready());
    handle.stop(Ok(()));
    drop(run);
    assert_eq!(log.entries(), ["actor `x` failed: no"]);
}

/// It leaves: its exit ends no group, and its interrupt is dropped uncalled (law 7).
#[test]
fn law_19_a_queued_exit_that_ends_nothing_is_no_cause() {
    let (held, log) = (Held::new(), Log::new());
    let mut group = Group::new();
    group.add_actor(told(&log));
    let (called, dropped) = (log.clone(), log.on_drop("leaver's interrupt dropped"));
    let leaver = Actor::new(async { Ok(()) }, move |_| {
        let _dropped = dropped;
        called.add("leaver interrupted");
    });
    group.add_actor(leaver.ends_group(Ends::OnError));
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    let mut tasks = held.take();
    assert!(poll_with(Waker::noop(), &mut tasks[1]).is_ready());
    handle.stop(Ok(()));
    drop(run);
    assert_eq!(log.count("stop requested"), 1, "{:?}", log.entries());
    assert_eq!(log.count("leaver interrupted"), 0);
    assert_eq!(log.count("leaver's interrupt dropped"), 1);
}

/// Its interrupt has requested the inner stop, which the inner run never sees.
async fn law_19_an_inner_group_that_is_forced_hears_of_the_outer_cause<R: Runtime>(rt: R) {
    let (log, gone) = (Log::new(), Event::new());
    let mut inner = Group::new();
    let is_gone = gone.clone();
    let told = told(&log);
    inner.add_actor(told);
    inner.add_actor(Actor::new(std::future::pending(), move |_| {
        drop(on_drop(move || is_gone.set()));
    }));
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(parking(rt.spawner())));
    let handle = outer.handle();
    let mut run = Box::pin(outer.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    handle.stop(Err("no more disk".into()));
    handle.force();
    run.await.unwrap_err();
    gone.wait().await;
    assert_eq!(log.entries(), ["stop requested: no more disk"]);
}
