//! Which exits end the group, and which actors do not count. Laws 13 and 14, and law 7 on actors
//! that left early.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future::poll_once;
use rungroup::{Actor, Ends, ErrorKind, Group, Outcome, Result};

use crate::runtime::Runtime;
use crate::support::cause::{self, Kind, losing};
use crate::support::{Event, Log, logged, waiter, watched};

on_every_runtime! {
    law_07_who_left_earlier_has_its_interrupt_dropped_uncalled,
    law_13_on_error_an_ok_exit_is_just_gone,
    law_13_on_error_an_error_ends_the_group,
    law_13_never_any_exit_is_just_gone_but_in_the_report,
    law_13_on_exit_is_the_default,
    law_13_no_actor_left_stops_with_ok,
    law_13_the_group_lives_until_the_last_one_left,
    law_14_background_alone_keeps_no_group_alive,
    law_14_background_stops_last_whatever_its_stage,
    law_14_background_is_last_under_every_kind_of_cause,
    law_14_background_is_told_of_no_actor_left,
    law_14_an_exit_of_the_background_ends_the_group,
    law_14_background_added_late_is_last_too,
}

/// "An actor that left earlier has its interrupt dropped uncalled at its exit."
async fn law_07_who_left_earlier_has_its_interrupt_dropped_uncalled<R: Runtime>(rt: R) {
    for (ends, exit) in [
        (Ends::OnError, Kind::OkExit),
        (Ends::Never, Kind::OkExit),
        (Ends::Never, Kind::Failure),
        (Ends::Never, Kind::Panic),
    ] {
        let (log, tasks) = (Log::new(), Log::new());
        let mut group = Group::new();
        let (dropped, called) = (log.on_drop("interrupt dropped"), log.clone());
        let leaves = Actor::new(exits(exit), move |_| {
            let _dropped = dropped;
            called.add("interrupt called");
        });
        group.add_actor(leaves.name("leaves").ends_group(ends));
        group.add_actor(waiter());
        let handle = group.handle();

        let mut run = Box::pin(group.run(watched(&rt, &tasks)));
        assert!(poll_once(&mut run).await.is_none());
        tasks.until("leaves done").await;
        assert!(poll_once(&mut run).await.is_none());
        assert_eq!(log.entries(), ["interrupt dropped"], "{ends:?} {exit:?}");
        handle.stop(Ok(()));
        run.await.unwrap();
        assert_eq!(log.entries(), ["interrupt dropped"], "{ends:?} {exit:?}");
    }
}

/// An execute that exits immediately.
async fn exits(how: Kind) -> Result {
    match how {
        Kind::OkExit => Ok(()),
        Kind::Failure => Err("failure".into()),
        Kind::Panic => panic!("kaboom"),
        other => unreachable!("{other:?} is no exit of an execute"),
    }
}

/// "`Ends::OnError`: an Ok exit is just gone."
async fn law_13_on_error_an_ok_exit_is_just_gone<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let gone = Event::new();
    let interrupt_dropped = gone.on_drop();
    let leaves = Actor::new(async { Ok(()) }, move |_| drop(interrupt_dropped));
    group.add_actor(leaves.ends_group(Ends::OnError).name("leaves"));
    group.add(
        async move {
            gone.wait().await;
            Err("after it".into())
        },
        |_| {},
    );
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "after it");
    assert!(error.report().exit("leaves").is_none());
}

/// `Ends::OnError`: "error" is every exit but Ok.
async fn law_13_on_error_an_error_ends_the_group<R: Runtime>(rt: R) {
    for (exit, kind) in [
        (Kind::Failure, ErrorKind::Failed),
        (Kind::Panic, ErrorKind::Panicked),
        (Kind::Loss, ErrorKind::Lost),
    ] {
        let mut group = Group::new();
        group.add_actor(waiter());
        group.add_actor(exit_of(exit, ()).ends_group(Ends::OnError));
        let error = group.run(losing(rt.spawner())).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

/// An actor that exits immediately, or is lost. Its interrupt holds `guard`.
fn exit_of(how: Kind, guard: impl Send + 'static) -> Actor {
    if how == Kind::Loss {
        Actor::new(std::future::pending(), move |_| drop(guard)).name("lost")
    } else {
        Actor::new(exits(how), move |_| drop(guard))
    }
}

/// "`Ends::Never`: so is any exit (it is in the report)."
async fn law_13_never_any_exit_is_just_gone_but_in_the_report<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let all_gone: Vec<Event> = [Kind::OkExit, Kind::Failure, Kind::Panic, Kind::Loss]
        .map(|exit| {
            let gone = Event::new();
            let interrupt_dropped = gone.on_drop();
            group.add_actor(exit_of(exit, interrupt_dropped).ends_group(Ends::Never));
            gone
        })
        .into();
    group.add(
        async move {
            for gone in all_gone {
                gone.wait().await;
            }
            Ok(())
        },
        |_| {},
    );
    let report = group.run_report(losing(rt.spawner())).await;
    assert!(matches!(
        report.cause().unwrap().outcome(),
        Some(Outcome::Returned)
    ));
    let mut outcomes: Vec<_> = report
        .exits()
        .iter()
        .map(|exit| exit.outcome().to_string())
        .collect();
    outcomes.sort();
    assert_eq!(
        outcomes,
        [
            "failed",
            "panicked: kaboom",
            "returned",
            "was lost by its spawner"
        ]
    );
    assert!(
        report
            .exits()
            .iter()
            .all(|exit| exit.stopped_in().is_none())
    );
    report.into_result().unwrap();
}

async fn law_13_on_exit_is_the_default<R: Runtime>(rt: R) {
    assert_eq!(Ends::default(), Ends::OnExit);
    let mut group = Group::new();
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("first"));
    group.add_actor(waiter());
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(
        report.cause().unwrap().actor().unwrap().as_str(),
        Some("first")
    );
}

/// "When no actor is left that is not background, the group stops with Ok."
async fn law_13_no_actor_left_stops_with_ok<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(exit_of(Kind::OkExit, ()).ends_group(Ends::OnError));
    for how in [Kind::OkExit, Kind::Failure, Kind::Panic, Kind::Loss] {
        group.add_actor(exit_of(how, ()).ends_group(Ends::Never));
    }
    let report = group.run_report(losing(rt.spawner())).await;
    let cause = report.cause().unwrap();
    assert!(cause.actor().is_none() && cause.outcome().is_none() && cause.error().is_none());
    assert_eq!(cause.to_string(), "no actor left");
    assert_eq!(report.exits().len(), 3);
    assert_eq!(report.omitted(), 2, "those that returned");
    report.into_result().unwrap();
}

async fn law_13_the_group_lives_until_the_last_one_left<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let release = Event::new();
    let mut group = Group::new();
    group.add_actor(
        exit_of(Kind::OkExit, ())
            .name("first")
            .ends_group(Ends::OnError),
    );
    let released = release.clone();
    let last = async move {
        released.wait().await;
        Ok(())
    };
    group.add_actor(Actor::new(last, |_| {}).ends_group(Ends::OnError));
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(poll_once(&mut run).await.is_none());
    tasks.until("first done").await;
    assert!(poll_once(&mut run).await.is_none());
    release.set();
    run.await.unwrap();
}

/// "Background actors do not keep the group alive": all of them are started and interrupted.
async fn law_14_background_alone_keeps_no_group_alive<R: Runtime>(rt: R) {
    let log = Log::new();
    let polled = Arc::new(AtomicUsize::new(0));
    let mut group = Group::new();
    for _ in 0..3 {
        let polled = Arc::clone(&polled);
        let actor = Actor::with(|ctx| async move {
            polled.fetch_add(1, Ordering::Relaxed);
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(actor.background());
    }
    group.add_actor(logged("logs", &log).background());
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(polled.load(Ordering::Relaxed), 3);
    assert_eq!(log.entries(), ["logs interrupted", "logs exited"]);
}

/// "Background actors are interrupted after all others have exited, whatever their stage."
async fn law_14_background_stops_last_whatever_its_stage<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("signals", &log).stage(u32::MAX).background());
    group.add_actor(logged("database", &log));
    group.add_actor(logged("metrics", &log).background().stage(7));
    group.add_actor(logged("http", &log).stage(u32::MAX));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();

    let entries = log.entries();
    assert_eq!(
        entries[..4],
        [
            "http interrupted",
            "http exited",
            "database interrupted",
            "database exited"
        ]
    );
    // They are all of one stage, so they are interrupted in the order of adding.
    let mut interrupts = entries[4..].to_vec();
    interrupts.retain(|entry| entry.ends_with("interrupted"));
    assert_eq!(interrupts, ["signals interrupted", "metrics interrupted"]);
}

async fn law_14_background_is_last_under_every_kind_of_cause<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let log = Log::new();
        let mut group = Group::new();
        group.add_actor(logged("background", &log).stage(9).background());
        group.add_actor(logged("foreground", &log));
        cause.add_to(&mut group);
        let _ = group.run(losing(rt.spawner())).await;

        let mut entries = log.entries();
        if cause == Kind::Force {
            entries.retain(|entry| entry.ends_with("interrupted"));
            let interrupts = ["foreground interrupted", "background interrupted"];
            assert_eq!(entries, interrupts, "{cause:?}");
            continue;
        }
        assert_eq!(
            entries,
            [
                "foreground interrupted",
                "foreground exited",
                "background interrupted",
                "background exited",
            ],
            "{cause:?}"
        );
    }
}

async fn law_14_background_is_told_of_no_actor_left<R: Runtime>(rt: R) {
    let log = Log::new();
    let told = log.clone();
    let mut group = Group::new();
    let actor = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        told.add(ctx.cause().unwrap().to_string());
        Ok(())
    });
    group.add_actor(actor.background());
    group.add_actor(exit_of(Kind::Failure, ()).ends_group(Ends::Never));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["no actor left"]);
}

/// Its policy is another matter: by default, its exit ends the group as any other.
async fn law_14_an_exit_of_the_background_ends_the_group<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(exit_of(Kind::Failure, ()).name("signals").background());
    group.add_actor(waiter());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.actor().unwrap().as_str(), Some("signals"));
}

async fn law_14_background_added_late_is_last_too<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("foreground", &log));
    let (handle, late) = (group.handle(), logged("late", &log).stage(3).background());
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
            "foreground interrupted",
            "foreground exited",
            "late interrupted",
            "late exited",
        ]
    );
}
