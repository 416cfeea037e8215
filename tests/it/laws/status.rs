//! Law 30: what a group says about itself, in each phase.

use std::time::Duration;

use futures_lite::future::poll_once;
use rungroup::{Actor, ActorState, Context, Group, Handle, Phase, Status};

use crate::clock;
use crate::runtime::Runtime;
use crate::support::cause;
use crate::support::{Event, Log, during, logged, parking, waiter, watched};

on_every_runtime! {
    law_30_status_before_the_run,
    law_30_status_while_it_starts,
    law_30_status_while_it_runs,
    law_30_status_during_the_drain,
    law_30_status_during_the_stop,
    law_30_status_after_the_end,
    law_30_status_of_a_group_that_was_dropped,
    law_30_status_of_a_request_that_run_has_not_taken,
    law_30_status_tells_what_remains_of_the_grace,
    law_30_status_is_of_one_moment,
    law_30_status_is_one_line_or_a_table,
    law_30_status_tells_the_cause_of_each_kind,
    law_30_status_of_an_inner_group_is_its_own,
}

/// Those that `status` waits for: name, stage and state.
fn waiting(status: &Status) -> Vec<(String, u32, ActorState)> {
    let waiting = status.waiting_for().iter();
    waiting
        .map(|one| (one.actor().to_string(), one.stage(), one.state()))
        .collect()
}

fn names(status: &Status) -> Vec<String> {
    waiting(status).into_iter().map(|one| one.0).collect()
}

/// Waits until the group waits for those.
async fn until_it_waits_for(handle: &Handle, expected: &[&str]) -> Status {
    loop {
        let status = handle.status();
        if names(&status) == expected {
            return status;
        }
        futures_lite::future::yield_now().await;
    }
}

async fn law_30_status_before_the_run<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter().name("a").announces_ready());
    let handle = group.handle();
    for _ in 0..2 {
        let status = handle.status();
        assert_eq!(status.phase(), Phase::NotStarted);
        assert!(status.cause().is_none() && status.remaining().is_none());
        assert!(status.waiting_for().is_empty());
        // An added actor changes nothing of that.
        handle.add_actor(waiter()).unwrap();
    }
    let run = group.run(rt.spawner());
    assert_eq!(handle.status().phase(), Phase::NotStarted);
    drop(run);
}

/// "Starting: who has yet to announce."
async fn law_30_status_while_it_starts<R: Runtime>(rt: R) {
    let (give, given) = async_channel::unbounded::<Context>();
    let mut group = Group::new();
    for (name, stage) in [("db", 0), ("cache", 0), ("http", 7)] {
        let give = give.clone();
        let actor = Actor::with(|ctx| async move {
            give.try_send(ctx.clone())?;
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(actor.name(name).stage(stage).announces_ready());
    }
    group.add_actor(waiter().name("beside"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Starting);
    assert!(status.cause().is_none() && status.remaining().is_none());
    let mut starting = waiting(&status);
    starting.retain(|one| one.1 == 0);
    starting.sort_by(|one, other| one.0.cmp(&other.0));
    let parked = |name: &str, stage| (name.to_owned(), stage, ActorState::Parked);
    assert_eq!(starting, [parked("cache", 0), parked("db", 0)]);

    for _ in 0..2 {
        given.recv().await.unwrap().announce_ready();
    }
    assert!(poll_once(&mut run).await.is_none());
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Starting);
    assert_eq!(waiting(&status), [parked("http", 7)]);
    assert!(status.to_string().contains("http"), "{status}");

    given.recv().await.unwrap().announce_ready();
    during(&mut run, handle.ready()).await.unwrap();
    assert_eq!(handle.status().phase(), Phase::Running);
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_30_status_while_it_runs<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.grace(Duration::from_secs(3600));
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Running);
    assert!(status.cause().is_none());
    assert!(status.remaining().is_none(), "nothing is due yet");
    assert!(status.waiting_for().is_empty());
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_30_status_during_the_drain<R: Runtime>(rt: R) {
    const DRAIN: Duration = Duration::from_secs(3600);
    for grace in [None, Some(2 * DRAIN)] {
        let (spawner, alarms) = clock::manual(rt.spawner());
        let mut group = Group::new();
        group.drain(DRAIN);
        if let Some(grace) = grace {
            group.grace(grace);
        }
        group.add_actor(waiter());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        during(&mut run, handle.ready()).await.unwrap();
        handle.stop(Ok(()));
        assert!(poll_once(&mut run).await.is_none());
        let status = handle.status();
        assert_eq!(status.phase(), Phase::Draining);
        assert_eq!(status.cause().unwrap().to_string(), "stop requested");
        assert_eq!(status.remaining().is_some(), grace.is_some());
        handle.skip_drain();
        run.await.unwrap();
        assert!(alarms.next().await.is_let_go());
    }
}

/// "Stopping: who has not exited", in the order in which they are interrupted.
async fn law_30_status_during_the_stop<R: Runtime>(rt: R) {
    let (log, release, tasks) = (Log::new(), Event::new(), Log::new());
    let (released, interrupted) = (release.clone(), log.clone());
    let held = async move {
        released.wait().await;
        Ok(())
    };
    let held = Actor::new(held, move |_| interrupted.add("held interrupted"));
    let mut group = Group::new();
    group.add_actor(waiter().name("telemetry").background().stage(3));
    group.add_actor(waiter().name("low"));
    group.add_actor(held.name("held").stage(2));
    group.add_actor(waiter().name("quick").stage(2));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(watched(&rt, &tasks))));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    during(&mut run, tasks.until("quick done")).await;
    let expected = ["held", "low", "telemetry"];
    let status = during(&mut run, until_it_waits_for(&handle, &expected)).await;
    assert_eq!(status.phase(), Phase::Stopping);
    assert_eq!(status.cause().unwrap().to_string(), "stop requested");
    assert!(status.remaining().is_none(), "there is no grace");
    let stages: Vec<_> = waiting(&status).into_iter().map(|one| one.1).collect();
    assert_eq!(stages, [2, 0, 3]);
    for one in status.waiting_for() {
        assert_eq!(one.state(), ActorState::Parked);
        let has_its_turn = one.actor().as_str() == Some("held");
        // "Zero if its turn has not come."
        assert!(has_its_turn || one.since() == Duration::ZERO);
        assert!(one.since() <= status.since() + Duration::from_secs(1));
    }
    release.set();
    run.await.unwrap();
}

async fn law_30_status_after_the_end<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.grace(Duration::from_secs(3600));
    group.add_actor(waiter());
    let handle = group.handle();
    handle.stop(Err("the cause".into()));
    group.run(rt.spawner()).await.unwrap_err();
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Ended);
    assert_eq!(
        status.cause().unwrap().to_string(),
        "stop requested: the cause"
    );
    assert!(status.remaining().is_none());
    assert!(status.waiting_for().is_empty());
    assert_eq!(handle.status().phase(), Phase::Ended);
}

async fn law_30_status_of_a_group_that_was_dropped<R: Runtime>(rt: R) {
    let group = Group::new();
    let handle = group.handle();
    drop(group);
    assert_eq!(handle.status().phase(), Phase::Ended);

    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    drop(run);
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Ended);
    assert!(status.waiting_for().is_empty());
    assert_eq!(status.cause().unwrap().to_string(), "run future dropped");
}

/// "A request that `run` has not taken shows with its reason and age."
async fn law_30_status_of_a_request_that_run_has_not_taken<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter().name("low"));
    group.add_actor(waiter().name("high").stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Err("SIGTERM".into()));
    // Nobody polls `run`.
    let status = handle.status();
    assert_eq!(status.phase(), Phase::Running);
    assert_eq!(
        status.cause().unwrap().to_string(),
        "stop requested: SIGTERM"
    );
    assert_eq!(names(&status), ["high", "low"]);
    let text = status.to_string();
    assert!(text.contains("SIGTERM") && text.contains("ago"), "{text}");
    run.await.unwrap_err();

    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    handle.stop(Err("early".into()));
    let status = handle.status();
    assert_eq!(status.phase(), Phase::NotStarted);
    assert_eq!(status.cause().unwrap().to_string(), "stop requested: early");
    group.run(rt.spawner()).await.unwrap_err();
}

/// "Until the force, where the stop has a limit."
async fn law_30_status_tells_what_remains_of_the_grace<R: Runtime>(rt: R) {
    const GRACE: Duration = Duration::from_secs(3600);
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(crate::support::deaf("deaf", &log));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    let first = handle.status().remaining().unwrap();
    assert!(first <= GRACE && first > GRACE / 2, "{first:?}");
    assert!(handle.status().remaining().unwrap() <= first);
    alarms.next().await.ring();
    run.await.unwrap_err();
    assert!(handle.status().remaining().is_none());
}

/// "A value, taken at one moment."
async fn law_30_status_is_of_one_moment<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter().name("a"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    let status = handle.status();
    run.await.unwrap();
    assert_eq!(names(&status), ["a"]);
    assert_eq!(status.phase(), Phase::Running);
    assert_eq!(names(&status.clone()), ["a"]);
}

async fn law_30_status_is_one_line_or_a_table<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for nth in 0..50 {
        group.add_actor(waiter().name(format!("actor\n{nth}")).stage(nth));
    }
    group.add_actor(logged("last", &log).stage(99));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    for _ in 0..2 {
        let status = handle.status();
        let (line, table) = (status.to_string(), format!("{status:#}"));
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
        if status.waiting_for().is_empty() {
            handle.stop(Err("SIG\nTERM".into()));
        } else {
            assert!(table.lines().count() > 10, "{table}");
            assert!(
                table.lines().all(|line| line.chars().count() <= 80),
                "{table}"
            );
            assert!(line.contains("last") && table.contains("last"));
        }
    }
    run.await.unwrap_err();
}

/// As told by an actor that is interrupted.
async fn law_30_status_tells_the_cause_of_each_kind<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let log = Log::new();
        let mut group = Group::new();
        let (handle, told) = (group.handle(), log.clone());
        let (execute, stop) = crate::support::waiting();
        group.add_actor(Actor::new(execute, move |cause| {
            let status = handle.status();
            let is_told = status.cause().unwrap().to_string() == cause.to_string();
            told.add(format!("{is_told} {}", status.phase()));
            stop(cause);
        }));
        cause.add_to(&mut group);
        let _ = group.run(cause::losing(rt.spawner())).await;
        assert_eq!(log.entries(), ["true stopping"], "{cause:?}");
    }
}

async fn law_30_status_of_an_inner_group_is_its_own<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(waiter().name("innermost"));
    let inner_handle = inner.handle();
    let mut outer = Group::new();
    let actor = inner.into_actor(parking(rt.spawner()));
    outer.add_actor(actor.name("inner").announces_ready());
    let handle = outer.handle();
    let mut run = Box::pin(outer.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    assert_eq!(names(&handle.status()), ["inner"]);
    assert_eq!(inner_handle.status().phase(), Phase::Running);
    run.await.unwrap();
    assert_eq!(inner_handle.status().phase(), Phase::Ended);
}
