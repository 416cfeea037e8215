//! Law 29: when those that wait learn that a group is stopping.

use std::task::Waker;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Group, Handle};

use crate::clock;
use crate::runtime::Runtime;
use crate::support::cause::{self, losing};
use crate::support::{
    Count, Held, Log, counting_waker, during, poll_with, waiter, waiting, waker_fn,
};

on_every_runtime! {
    law_29_stopping_waits_while_the_group_runs,
    law_29_stopping_is_ready_before_the_drain,
    law_29_stopping_is_ready_before_any_interrupt,
    law_29_stopping_is_ready_although_run_has_not_seen_the_request,
    law_29_stopping_is_ready_when_the_group_is_gone,
    law_29_stopping_is_ready_when_the_group_was_dropped,
    law_29_stopping_is_ready_when_no_actor_is_left,
    law_29_an_actor_ends_by_it_during_the_drain,
    law_29_stopping_of_an_inner_group_is_its_own,
}

fn is_stopping(handle: &Handle) -> bool {
    block_on(poll_once(handle.stopping())).is_some()
}

async fn law_29_stopping_waits_while_the_group_runs<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    assert!(!is_stopping(&handle), "before the run");
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    assert!(!is_stopping(&handle));
    handle.skip_drain();
    assert!(poll_once(&mut run).await.is_none());
    assert!(!is_stopping(&handle));
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(is_stopping(&handle));
}

async fn law_29_stopping_is_ready_before_the_drain<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let interrupts = Count::new();
    let (execute, stop) = waiting();
    let interrupted = interrupts.clone();
    let mut group = Group::new();
    group.drain(Duration::from_secs(3600));
    group.add(execute, move |cause| {
        interrupted.add();
        stop(cause);
    });
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    let stopping = handle.stopping();
    handle.stop(Ok(()));
    during(&mut run, stopping).await;
    assert_eq!(interrupts.get(), 0);
    during(&mut run, alarms.next()).await.ring();
    run.await.unwrap();
}

/// Whatever the cause.
async fn law_29_stopping_is_ready_before_any_interrupt<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let log = Log::new();
        let mut group = Group::new();
        let (handle, told) = (group.handle(), log.clone());
        let (execute, stop) = waiting();
        let first = Actor::new(execute, move |cause| {
            told.add(format!("stopping: {}", is_stopping(&handle)));
            stop(cause);
        });
        group.add_actor(first.stage(9));
        cause.add_to(&mut group);
        let _ = group.run(losing(rt.spawner())).await;
        assert_eq!(log.entries(), ["stopping: true"], "{cause:?}");
    }
}

/// "From the moment `is_ready` can no longer become true": before the run, and while it is not
/// polled.
async fn law_29_stopping_is_ready_although_run_has_not_seen_the_request<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut waits = Box::pin(handle.stopping());
    assert!(poll_once(&mut waits).await.is_none());
    handle.stop(Ok(()));
    waits.await;
    assert!(is_stopping(&handle));
    group.run(rt.spawner()).await.unwrap();

    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    handle.force();
    handle.stopping().await;
    let _ = run.await;
}

async fn law_29_stopping_is_ready_when_the_group_is_gone<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let stopping = handle.stopping();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    drop(run);
    stopping.await;
    handle.stopping().await;
}

async fn law_29_stopping_is_ready_when_the_group_was_dropped<R: Runtime>(rt: R) {
    for with_run in [false, true] {
        let group = Group::new();
        let handle = group.handle();
        let stopping = handle.stopping();
        if with_run {
            drop(group.run(rt.spawner()));
        } else {
            drop(group);
        }
        drop(handle.clone());
        stopping.await;
        assert!(is_stopping(&handle));
    }
}

async fn law_29_stopping_is_ready_when_no_actor_is_left<R: Runtime>(rt: R) {
    let group = Group::new();
    let stopping = group.handle().stopping();
    group.run(rt.spawner()).await.unwrap();
    stopping.await;
}

/// What it is for: an event stream that ends while its stage still works.
async fn law_29_an_actor_ends_by_it_during_the_drain<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(Duration::from_secs(3600));
    for _ in 0..10 {
        group.add_actor(Actor::with(|ctx| async move {
            ctx.handle().stopping().await;
            assert!(!ctx.is_interrupted());
            Ok(())
        }));
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    // The last exit ends the drain.
    let report = run.await;
    assert_eq!(report.omitted(), 10);
    assert!(alarms.next().await.is_let_go());
    report.into_result().unwrap();
}

async fn law_29_stopping_of_an_inner_group_is_its_own<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(waiter());
    let inner_handle = inner.handle();
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(rt.spawner()));
    let handle = outer.handle();
    let mut run = Box::pin(outer.run(rt.spawner()));
    during(&mut run, inner_handle.ready()).await.unwrap();
    assert!(!is_stopping(&inner_handle));
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(is_stopping(&inner_handle) && is_stopping(&handle));
}

/// "Never later than a `NotReady`": who hears of that, from inside a waker, finds this one ready.
#[test]
fn law_29_stopping_is_never_later_than_not_ready() {
    for request in [false, true] {
        let held = Held::new();
        let seen = Log::new();
        let mut group = Group::new();
        group.add_actor(waiter().announces_ready());
        let handle = group.handle();
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        let mut ready = Box::pin(handle.ready());
        let (looks, told) = (handle.clone(), seen.clone());
        let waker = waker_fn(move || told.add(format!("stopping: {}", is_stopping(&looks))));
        assert!(poll_with(&waker, &mut ready).is_pending());
        if request {
            handle.stop(Ok(()));
        } else {
            drop(run);
        }
        assert_eq!(seen.entries(), ["stopping: true"]);
        assert!(block_on(ready).is_err());
    }
}

/// From inside its waker, the group is not ready, and the next one is ready too.
#[test]
fn law_29_all_that_wait_are_woken_once() {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let (old, wakes) = (Count::new(), Count::new());
    let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(handle.stopping())).collect();
    for one in &mut waiting {
        assert!(poll_with(&counting_waker(&old), one).is_pending());
        assert!(poll_with(&counting_waker(&wakes), one).is_pending());
    }
    drop(waiting.split_off(8));
    handle.stop(Ok(()));
    handle.stop(Ok(()));
    handle.force();
    assert_eq!((old.get(), wakes.get()), (0, 8));
    for mut one in waiting {
        assert!(poll_with(Waker::noop(), &mut one).is_ready());
    }
}
