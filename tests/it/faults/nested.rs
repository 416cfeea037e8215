//! Law 10: what goes wrong inside an inner group during the stop goes wrong outside.

use std::error::Error as _;
use std::future::pending;
use std::time::Duration;

use rungroup::{Actor, Cause, Error, ErrorKind, Group, Outcome, spawner};

use crate::runtime::Runtime;
use crate::support::{Log, ending, kaboom, parking, waiter, watched};

on_every_runtime! {
    law_10_a_panic_inside_is_one_outside,
    law_10_a_loss_inside_is_one_outside,
    law_10_a_straggler_inside_is_one_outside,
    law_10_a_panic_of_an_interrupt_inside_is_one_outside,
    law_10_a_fault_is_seen_from_three_groups_out,
    law_10_a_fault_that_is_the_cause_is_seen_too,
    law_10_a_mere_failure_inside_is_none_outside,
    law_10_the_cause_outside_comes_before_a_fault_inside,
    law_10_a_panic_comes_before_a_straggler_inside,
    law_10_the_first_fault_is_the_error_inside_or_not,
}

/// A group around `inner`, which is named so.
fn around<R: Runtime>(rt: &R, inner: Group) -> Group {
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(parking(rt.spawner())).name("inner"));
    outer
}

/// A group of `actor`.
fn group_of(actor: Actor) -> Group {
    let mut group = Group::new();
    group.add_actor(actor);
    group
}

/// The error of a group around `inner` that stops because it is asked to.
async fn error_around<R: Runtime>(rt: &R, inner: Group) -> Error {
    let outer = around(rt, inner);
    outer.handle().stop(Ok(()));
    outer.run(rt.spawner()).await.unwrap_err()
}

fn bomb() -> Actor {
    ending(|| kaboom(4711_u32)).name("bomb")
}

/// A group whose one actor does not stop in time.
fn with_straggler() -> Group {
    let mut group = group_of(Actor::new(pending(), |_| {}).name("deaf"));
    group.grace(Duration::ZERO);
    group
}

/// "`kind` and `into_panic` look inside"; "its outcome stays `Failed` with the inner error".
async fn law_10_a_panic_inside_is_one_outside<R: Runtime>(rt: R) {
    let error = error_around(&rt, group_of(bomb())).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.actor().unwrap().as_str(), Some("inner"));
    let inner: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(inner.actor().unwrap().as_str(), Some("bomb"));
    let exits = error.report().exits();
    assert_eq!(exits.len(), 1);
    assert!(matches!(exits[0].outcome(), Outcome::Failed(_)));
    let payload = error.into_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&4711_u32));
}

async fn law_10_a_loss_inside_is_one_outside<R: Runtime>(rt: R) {
    let inner = group_of(Actor::new(pending(), |_| {}).name("lost"));
    inner.handle().stop(Ok(()));
    let losing = spawner::from_fn(|task: rungroup::Task| task.refuse("no more threads"));
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(losing).name("inner"));
    outer.handle().stop(Ok(()));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert!(error.into_panic().is_none());
}

async fn law_10_a_straggler_inside_is_one_outside<R: Runtime>(rt: R) {
    let error = error_around(&rt, with_straggler()).await;
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    let inner: &Error = error.source().unwrap().downcast_ref().unwrap();
    let deaf = &inner.report().stragglers()[0];
    assert_eq!(deaf.actor().as_str(), Some("deaf"));
    assert!(error.report().stragglers().is_empty());
}

async fn law_10_a_panic_of_an_interrupt_inside_is_one_outside<R: Runtime>(rt: R) {
    let (execute, stop) = crate::support::waiting();
    let inner = group_of(Actor::new(execute, move |cause| {
        stop(cause);
        kaboom("interrupt");
    }));
    let error = error_around(&rt, inner).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let payload = error.into_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&"interrupt"));
}

async fn law_10_a_fault_is_seen_from_three_groups_out<R: Runtime>(rt: R) {
    let inner = around(&rt, around(&rt, group_of(bomb())));
    let error = error_around(&rt, inner).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let payload = error.into_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&4711_u32));

    let inner = around(&rt, around(&rt, with_straggler()));
    assert_eq!(error_around(&rt, inner).await.kind(), ErrorKind::Stragglers);
}

/// Not only during the stop: the inner group's end is what begins it.
async fn law_10_a_fault_that_is_the_cause_is_seen_too<R: Runtime>(rt: R) {
    let outer = around(&rt, group_of(Actor::new(async { kaboom(7_u8) }, |_| {})));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.to_string(), "actor `inner` failed");
    assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&7_u8));

    let inner = with_straggler();
    inner.handle().stop(Ok(()));
    let error = around(&rt, inner).run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);

    let fails = Actor::new(async { Err("no more disk".into()) }, |_| {});
    let outer = around(&rt, group_of(fails));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
}

/// "A later mere `Err` never replaces an Ok cause": that of an inner group neither.
async fn law_10_a_mere_failure_inside_is_none_outside<R: Runtime>(rt: R) {
    let inner = group_of(ending(|| Err("late".into())));
    let outer = around(&rt, inner);
    outer.handle().stop(Ok(()));
    outer.run(rt.spawner()).await.unwrap();

    // One that fails as a whole, out of turn: its cause is an `Err`, and comes after that outside.
    let (log, tasks) = (Log::new(), Log::new());
    let (interrupted, done) = (log.clone(), tasks.clone());
    let inner = group_of(Actor::new(
        async move {
            log.until("high interrupted").await;
            Err("late".into())
        },
        |_| {},
    ));
    let mut outer = around(&rt, inner);
    let high = async move {
        done.until("inner done").await;
        Ok(())
    };
    let interrupt = move |_: &Cause| interrupted.add("high interrupted");
    outer.add_actor(Actor::new(high, interrupt).stage(1));
    outer.handle().stop(Ok(()));
    let report = outer.run_report(watched(&rt, &tasks)).await;
    assert!(matches!(report.exits()[0].outcome(), Outcome::Failed(_)));
    report.into_result().unwrap();
}

async fn law_10_the_cause_outside_comes_before_a_fault_inside<R: Runtime>(rt: R) {
    let outer = around(&rt, group_of(bomb()));
    outer.handle().stop(Err("the cause".into()));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.actor().is_none());
    assert!(error.into_panic().is_none());
}

/// "Else the first panic, loss … ; else a straggler": although the straggler was there first.
async fn law_10_a_panic_comes_before_a_straggler_inside<R: Runtime>(rt: R) {
    let mut outer = Group::new();
    let inner = with_straggler().into_actor(parking(rt.spawner()));
    outer.add_actor(inner.name("inner").stage(1));
    outer.add_actor(bomb());
    outer.handle().stop(Ok(()));
    let error = outer.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.actor().unwrap().as_str(), Some("bomb"));
}

async fn law_10_the_first_fault_is_the_error_inside_or_not<R: Runtime>(rt: R) {
    for inside_first in [false, true] {
        let mut outer = around(&rt, group_of(bomb()));
        let other = ending(|| kaboom("outside")).name("outside");
        outer.add_actor(other.stage(if inside_first { 0 } else { 1 }));
        if inside_first {
            let first = group_of(bomb()).into_actor(rt.spawner());
            outer.add_actor(first.name("first").stage(1));
        }
        outer.add_actor(waiter());
        outer.handle().stop(Ok(()));
        let error = outer.run(rt.spawner()).await.unwrap_err();
        let first = if inside_first { "first" } else { "outside" };
        assert_eq!(error.actor().unwrap().as_str(), Some(first));
        assert_eq!(error.kind(), ErrorKind::Panicked);
    }
}
