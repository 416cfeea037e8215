//! Law 10: which failures during the stop fail the run.

use std::error::Error as _;
use std::future::pending;
use std::time::Duration;

use futures_lite::future::poll_once;
use rungroup::{Actor, Ends, ErrorKind, Group, Result};

use crate::clock;
use crate::runtime::Runtime;
use crate::support::{Event, Log, during, ending, kaboom, parking, waiter, watched};

on_every_runtime! {
    law_10_a_failure_of_one_that_must_succeed_is_the_error,
    law_10_the_cause_comes_before_one_that_must_succeed,
    law_10_one_that_must_succeed_and_does_fails_nothing,
    law_10_one_of_the_background_must_succeed,
    law_10_one_that_never_ends_the_group_must_succeed,
    law_10_one_that_left_before_the_stop_fails_nothing,
    law_10_a_failure_out_of_turn_is_one_during_the_stop,
    law_10_a_failure_that_ends_the_drain_is_one_during_the_stop,
    law_10_the_first_of_all_faults_is_the_error,
    law_10_a_failure_comes_before_a_straggler,
    law_10_an_inner_group_must_succeed,
}

/// An actor that fails after its interrupt, and must not.
fn failing(name: &'static str) -> Actor {
    ending(|| Err("fsync".into())).name(name).must_succeed()
}

/// Runs a group of `actors` that is asked to stop.
async fn run_of<R: Runtime>(
    rt: &R,
    actors: impl IntoIterator<Item = Actor>,
) -> Result<(), rungroup::Error> {
    let mut group = Group::new();
    for actor in actors {
        group.add_actor(actor);
    }
    group.handle().stop(Ok(()));
    group.run(parking(rt.spawner())).await
}

async fn law_10_a_failure_of_one_that_must_succeed_is_the_error<R: Runtime>(rt: R) {
    let mere = ending(|| Err("mere".into())).stage(1);
    let error = run_of(&rt, [waiter(), mere, failing("db")])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.to_string(), "actor `db` failed");
    assert_eq!(error.actor().unwrap().as_str(), Some("db"));
    assert_eq!(error.source().unwrap().to_string(), "fsync");
    assert!(error.report().cause().unwrap().error().is_none());
    assert_eq!(error.report().exits().len(), 2);
    assert!(error.into_panic().is_none());
}

async fn law_10_the_cause_comes_before_one_that_must_succeed<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(failing("db"));
    group.handle().stop(Err("the cause".into()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert!(error.actor().is_none());
    assert_eq!(error.source().unwrap().to_string(), "the cause");
}

async fn law_10_one_that_must_succeed_and_does_fails_nothing<R: Runtime>(rt: R) {
    run_of(&rt, [waiter().must_succeed()]).await.unwrap();
}

async fn law_10_one_of_the_background_must_succeed<R: Runtime>(rt: R) {
    let actors = [waiter(), failing("telemetry").background()];
    let error = run_of(&rt, actors).await.unwrap_err();
    assert_eq!(error.actor().unwrap().as_str(), Some("telemetry"));
}

/// The policy is about the cause, which there is already.
async fn law_10_one_that_never_ends_the_group_must_succeed<R: Runtime>(rt: R) {
    for ends in [Ends::OnError, Ends::Never] {
        let error = run_of(&rt, [waiter(), failing("db").ends_group(ends)]).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Failed);
    }
}

/// "… during the stop": by its policy, nobody wanted to hear of it before.
async fn law_10_one_that_left_before_the_stop_fails_nothing<R: Runtime>(rt: R) {
    let leaves = Actor::new(async { Err("early".into()) }, |_| {});
    let mut group = Group::new();
    group.add_actor(leaves.ends_group(Ends::Never).must_succeed());
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.exits().len(), 1);
    report.into_result().unwrap();
}

async fn law_10_a_failure_out_of_turn_is_one_during_the_stop<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let (seen, done) = (log.clone(), tasks.clone());
    let low = async move {
        seen.until("high interrupted").await;
        Err("fsync".into())
    };
    let high = async move {
        done.until("db done").await;
        Ok(())
    };
    let high = Actor::new(high, move |_| log.add("high interrupted"));
    let mut group = Group::new();
    group.add_actor(Actor::new(low, |_| {}).name("db").must_succeed());
    group.add_actor(high.stage(1));
    group.handle().stop(Ok(()));
    let error = group.run(watched(&rt, &tasks)).await.unwrap_err();
    assert_eq!(error.actor().unwrap().as_str(), Some("db"));
}

async fn law_10_a_failure_that_ends_the_drain_is_one_during_the_stop<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let fail = Event::new();
    let failing = fail.clone();
    let db = async move {
        failing.wait().await;
        Err("fsync".into())
    };
    let mut group = Group::new();
    group.drain(Duration::from_secs(3600));
    group.add_actor(Actor::new(db, |_| {}).name("db").must_succeed());
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    assert!(poll_once(&mut run).await.is_none());
    let alarm = alarms.next().await;
    fail.set();
    let error = run.await.unwrap_err();
    assert!(alarm.is_let_go());
    assert_eq!(error.actor().unwrap().as_str(), Some("db"));
    let stopped_in = error.report().exits()[0].stopped_in();
    assert_eq!(stopped_in, Some(Duration::ZERO));
}

/// "The first panic, loss, or `Err` of an actor that `must_succeed` during the stop."
async fn law_10_the_first_of_all_faults_is_the_error<R: Runtime>(rt: R) {
    type Make = fn(&'static str) -> Actor;
    let panicking: Make = |name| ending(|| kaboom("kaboom")).name(name);
    let faults: [(Make, ErrorKind); 2] = [
        (failing, ErrorKind::Failed),
        (panicking, ErrorKind::Panicked),
    ];
    for (first, kind) in faults {
        for (second, _) in faults {
            let actors = [second("second"), first("first").stage(1)];
            let error = run_of(&rt, actors).await.unwrap_err();
            assert_eq!(error.actor().unwrap().as_str(), Some("first"));
            assert_eq!(error.kind(), kind);
        }
    }
    // An interrupt is called before what it interrupts can fail.
    let (execute, stop) = crate::support::waiting();
    let first = Actor::new(execute, move |cause| {
        stop(cause);
        kaboom("interrupt");
    });
    let actors = [failing("second"), first.name("first").stage(1)];
    let error = run_of(&rt, actors).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the interrupt of actor `first` panicked: interrupt"
    );
}

/// "Else a straggler": although it was there first.
async fn law_10_a_failure_comes_before_a_straggler<R: Runtime>(rt: R) {
    let deaf = Actor::new(pending(), |_| {}).name("deaf").stage(1);
    let actors = [deaf.grace(Duration::ZERO), failing("db")];
    let error = run_of(&rt, actors).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `db` failed");
    assert_eq!(error.report().stragglers().len(), 1);
}

/// As any other actor.
async fn law_10_an_inner_group_must_succeed<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(failing("db"));
    let storage = inner.into_actor(rt.spawner()).name("storage");
    let error = run_of(&rt, [storage.must_succeed()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.actor().unwrap().as_str(), Some("storage"));
    let chain = "actor `storage` failed: actor `db` failed: fsync";
    assert_eq!(format!("{error:#}"), chain);
}
