//! Laws 11 and 12: when each stage stops.

use futures_lite::future::poll_once;
use rungroup::{Actor, Group};

use crate::runtime::Runtime;
use crate::support::cause::{self, Kind, losing};
use crate::support::{Event, Log, logged, watched};

on_every_runtime! {
    law_11_stages_stop_from_the_highest_down,
    law_11_stage_numbers_reach_from_0_to_max,
    law_11_a_stage_waits_for_all_of_the_higher_ones,
    law_11_holds_under_every_kind_of_cause,
    law_11_the_cause_is_interrupted_in_its_turn,
    law_11_added_actors_stop_in_their_stage,
    law_12_an_exit_out_of_turn_changes_neither_cause_nor_order,
    law_12_an_exit_out_of_turn_is_no_exit_of_its_stage,
}

/// "Stages stop from the highest number down", whatever the order of adding.
async fn law_11_stages_stop_from_the_highest_down<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for (name, stage) in [("workers", 1), ("http", 2), ("database", 0)] {
        group.add_actor(logged(name, &log).stage(stage));
    }
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "http interrupted",
            "http exited",
            "workers interrupted",
            "workers exited",
            "database interrupted",
            "database exited",
        ]
    );
}

async fn law_11_stage_numbers_reach_from_0_to_max<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let stages = [
        ("0", 0),
        ("max", u32::MAX),
        ("1", 1),
        ("max - 1", u32::MAX - 1),
    ];
    for (name, stage) in stages {
        group.add_actor(logged(name, &log).stage(stage));
    }
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    let exited: Vec<_> = log
        .entries()
        .into_iter()
        .filter(|entry| entry.ends_with("exited"))
        .collect();
    assert_eq!(
        exited,
        ["max exited", "max - 1 exited", "1 exited", "0 exited"]
    );
}

/// "A stage gets no interrupt until every actor of the higher stages has exited."
async fn law_11_a_stage_waits_for_all_of_the_higher_ones<R: Runtime>(rt: R) {
    let log = Log::new();
    let release = Event::new();
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(logged("quick", &log).stage(1));
    let released = release.clone();
    let held = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    });
    group.add_actor(held.name("held").stage(1));
    group.handle().stop(Ok(()));

    let mut run = Box::pin(group.run(watched(&rt, &log)));
    assert!(poll_once(&mut run).await.is_none());
    log.until("quick done").await;
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.count("low interrupted"), 0);

    release.set();
    log.until("held done").await;
    assert_eq!(log.count("low interrupted"), 0);
    run.await.unwrap();
    assert_eq!(log.count("low interrupted"), 1);
}

/// "The same under every kind of cause."
async fn law_11_holds_under_every_kind_of_cause<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let log = Log::new();
        let mut group = Group::new();
        group.add_actor(logged("low", &log));
        group.add_actor(logged("high", &log).stage(2));
        cause.add_to(&mut group);
        group.add_actor(logged("middle", &log).stage(1));
        let _ = group.run(losing(rt.spawner())).await;

        let mut entries = log.entries();
        if cause == Kind::Force {
            // Nobody is waited for, but the order of the interrupts is the same.
            entries.retain(|entry| entry.ends_with("interrupted"));
            let interrupts = ["high interrupted", "middle interrupted", "low interrupted"];
            assert_eq!(entries, interrupts, "{cause:?}");
            continue;
        }
        assert_eq!(
            entries,
            [
                "high interrupted",
                "high exited",
                "middle interrupted",
                "middle exited",
                "low interrupted",
                "low exited",
            ],
            "{cause:?}"
        );
    }
}

async fn law_11_the_cause_is_interrupted_in_its_turn<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let of_cause = log.clone();
    let cause = Actor::new(async { Err("cause".into()) }, move |_| {
        of_cause.add("cause interrupted");
    });
    group.add_actor(cause.stage(1));
    group.add_actor(logged("low", &log));
    group.add_actor(logged("high", &log).stage(2));
    group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "cause interrupted",
            "low interrupted",
            "low exited",
        ]
    );
}

async fn law_11_added_actors_stop_in_their_stage<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(logged("high", &log).stage(2));
    let (handle, late) = (group.handle(), logged("late", &log).stage(1));
    group.add(
        async move {
            handle.add_actor(late).expect("a running group");
            Ok(())
        },
        |_| {},
    );
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "late interrupted",
            "late exited",
            "low interrupted",
            "low exited",
        ]
    );
}

/// "An actor that exits out of turn during the stop changes neither the cause nor the order."
async fn law_12_an_exit_out_of_turn_changes_neither_cause_nor_order<R: Runtime>(rt: R) {
    for how in [Kind::OkExit, Kind::Failure, Kind::Panic] {
        let (log, tasks) = (Log::new(), Log::new());
        let mut group = Group::new();
        group.add_actor(leaves_out_of_turn(how, &log));
        group.add_actor(logged("low", &log));
        group.add_actor(logged("middle", &log).stage(1));
        group.add_actor(stops_after("out of turn done", &tasks, &log).stage(2));
        group.handle().stop(Err("the cause".into()));

        let report = group.run_report(watched(&rt, &tasks)).await;
        let cause = report.cause().unwrap();
        assert_eq!(cause.error().unwrap().to_string(), "the cause");
        let first = report.exits()[0].actor();
        assert_eq!(first.as_str(), Some("out of turn"));
        assert_eq!(
            log.entries(),
            [
                "high interrupted",
                "high exited",
                "middle interrupted",
                "middle exited",
                "out of turn interrupted",
                "low interrupted",
                "low exited",
            ],
            "{how:?}"
        );
    }
}

/// An actor of stage 0 that leaves once stage 2 is interrupted.
fn leaves_out_of_turn(how: Kind, log: &Log) -> Actor {
    let (seen, log) = (log.clone(), log.clone());
    let execute = async move {
        seen.until("high interrupted").await;
        match how {
            Kind::Failure => Err("out of turn".into()),
            Kind::Panic => panic!("out of turn"),
            _ => Ok(()),
        }
    };
    Actor::new(execute, move |_| log.add("out of turn interrupted")).name("out of turn")
}

/// An actor that ends once it is interrupted and `entry` is in `tasks`.
fn stops_after(entry: &'static str, tasks: &Log, log: &Log) -> Actor {
    let (tasks, exited, log) = (tasks.clone(), log.on_drop("high exited"), log.clone());
    let execute = async move {
        let _exited = exited;
        tasks.until(entry).await;
        Ok(())
    };
    Actor::new(execute, move |_| log.add("high interrupted")).name("high")
}

/// The same, when it is the middle one of three stages, and its stage is not empty by it.
async fn law_12_an_exit_out_of_turn_is_no_exit_of_its_stage<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut group = Group::new();
    let seen = log.clone();
    let early = Actor::new(
        async move {
            seen.until("high interrupted").await;
            Err("out of turn".into())
        },
        |_| {},
    );
    group.add_actor(early.name("out of turn").stage(1));
    group.add_actor(logged("low", &log));
    group.add_actor(logged("middle", &log).stage(1));
    group.add_actor(stops_after("out of turn done", &tasks, &log).stage(2));
    group.handle().stop(Ok(()));
    group.run(watched(&rt, &tasks)).await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "middle interrupted",
            "middle exited",
            "low interrupted",
            "low exited",
        ]
    );
}
