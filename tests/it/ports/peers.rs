//! The peers' own tests, written with this library.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::{poll_fn, poll_once, zip};
use rungroup::{Actor, Ends, ErrorKind, Group, Outcome, Result};

use crate::clock;
use crate::runtime::Runtime;
use crate::support::{Log, deaf, logged, parking, waiter, watched};

on_every_runtime! {
    errgroup_zero_group,
    errgroup_first_error_of_many,
    errgroup_the_context_is_cancelled_with_the_first_error,
    errgroup_results_are_collected,
    tomb_kill_nil_then_error,
    tomb_kill_error_then_nil_then_another,
    tomb_go_from_inside,
    tomb_go_after_the_death_is_given_back,
    tomb_the_reason_is_seen_by_all,
    swift_services_stop_out_of_turn,
    swift_a_lower_stage_still_answers_while_a_higher_one_stops,
    swift_a_failure_while_stopping_does_not_change_the_order,
    swift_escalates_to_the_force_when_the_grace_is_over,
    tokio_graceful_shutdown_double_panic,
    tokio_graceful_shutdown_partial_stop,
    tokio_graceful_shutdown_late_add,
    tokio_graceful_shutdown_a_late_add_that_fails_stops_all,
    tokio_graceful_shutdown_a_timeout_never_resumes_what_it_dropped,
    tokio_graceful_shutdown_a_request_while_stopping_changes_nothing,
}

async fn errgroup_zero_group<R: Runtime>(rt: R) {
    Group::new().run(rt.spawner()).await.unwrap();
}

/// `Ends::OnError` is errgroup's rule: only an error ends the group, and the first one is it.
async fn errgroup_first_error_of_many<R: Runtime>(rt: R) {
    let cases: [(&[Option<&str>], Option<&str>); 6] = [
        (&[], None),
        (&[None], None),
        (&[Some("one")], Some("one")),
        (&[Some("one"), None], Some("one")),
        (&[Some("one"), None, Some("two")], Some("one")),
        (&[None, Some("one"), Some("two"), None], Some("one")),
    ];
    for (results, expected) in cases {
        let (log, tasks) = (Log::new(), Log::new());
        let mut group = Group::new();
        for (nth, result) in results.iter().copied().enumerate() {
            let tasks = tasks.clone();
            let execute = async move {
                // One after the other, so that there is a first.
                if nth > 0 {
                    tasks.until(&format!("{} done", nth - 1)).await;
                }
                result.map_or(Ok(()), |error| Err(error.into()))
            };
            let actor = Actor::new(execute, |_| {}).name(nth.to_string());
            group.add_actor(actor.ends_group(Ends::OnError));
        }
        group.add_actor(logged("background", &log).background());
        let result = group.run(watched(&rt, &tasks)).await;
        let error = result
            .err()
            .map(|error| error.source().unwrap().to_string());
        assert_eq!(error.as_deref(), expected, "{results:?}");
    }
}

async fn errgroup_the_context_is_cancelled_with_the_first_error<R: Runtime>(rt: R) {
    let log = Log::new();
    let told = log.clone();
    let mut group = Group::new();
    let actor = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        told.add(ctx.cause().unwrap().error().unwrap().to_string());
        Err("context canceled".into())
    });
    group.add_actor(actor.ends_group(Ends::OnError));
    group.add_actor(Actor::new(async { Err("errgroup_test: 1".into()) }, |_| {}));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "errgroup_test: 1");
    assert_eq!(log.entries(), ["errgroup_test: 1"]);
}

async fn errgroup_results_are_collected<R: Runtime>(rt: R) {
    let (found, results) = async_channel::unbounded();
    let mut group = Group::new();
    for n in 0..20_u32 {
        let found = found.clone();
        let search = async move { Ok(found.send(n * n).await?) };
        group.add_actor(Actor::cancellable(search).ends_group(Ends::OnError));
    }
    drop(found);
    group.run(rt.spawner()).await.unwrap();
    let mut squares: Vec<u32> = std::iter::from_fn(|| results.try_recv().ok()).collect();
    squares.sort_unstable();
    assert_eq!(squares, (0..20).map(|n| n * n).collect::<Vec<_>>());
}

/// tomb replaces a nil reason by a later error; here, the first cause stays, as in run.Group.
async fn tomb_kill_nil_then_error<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    handle.stop(Ok(()));
    handle.stop(Err("some error".into()));
    group.run(rt.spawner()).await.unwrap();
}

async fn tomb_kill_error_then_nil_then_another<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    handle.stop(Err("some error".into()));
    handle.stop(Ok(()));
    handle.stop(Err("another".into()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "some error");
}

/// Each adds the next; all of them are awaited.
async fn tomb_go_from_inside<R: Runtime>(rt: R) {
    fn next(handle: rungroup::Handle, left: u32, log: Log) -> Actor {
        let execute = async move {
            if left > 0 {
                let next = next(handle.clone(), left - 1, log.clone());
                handle.add_actor(next).expect("a living group");
            }
            log.add(left.to_string());
            Ok(())
        };
        Actor::new(execute, |_| {}).ends_group(Ends::OnError)
    }
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(next(group.handle(), 10, log.clone()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries().len(), 11);
}

/// tomb panics; here, the actor comes back.
async fn tomb_go_after_the_death_is_given_back<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Ok(()) }, |_| {});
    let handle = group.handle();
    group.run(rt.spawner()).await.unwrap();
    let actor = handle.add_actor(waiter().name("late")).unwrap_err();

    let mut another = Group::new();
    another.add_actor(actor);
    another.handle().stop(Ok(()));
    let report = another.run_report(rt.spawner()).await;
    assert_eq!(report.exits()[0].actor().as_str(), Some("late"));
}

async fn tomb_the_reason_is_seen_by_all<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for _ in 0..5 {
        let told = log.clone();
        group.add_actor(Actor::with(|ctx| async move {
            ctx.interrupted().await;
            told.add(ctx.cause().unwrap().to_string());
            Ok(())
        }));
    }
    group.handle().stop(Err("some error".into()));
    group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(log.count("stop requested: some error"), 5);
}

/// The first service to be started leaves first, of its own will; the order of the rest stays.
async fn swift_services_stop_out_of_turn<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut group = Group::new();
    let done = tasks.clone();
    let (seen, high_log) = (log.clone(), log.clone());
    let first = async move {
        seen.until("third interrupted").await;
        Ok(())
    };
    group.add_actor(Actor::new(first, |_| {}).name("first"));
    group.add_actor(logged("second", &log).stage(1));
    let third = async move {
        done.until("first done").await;
        Ok(())
    };
    let third = Actor::new(third, move |_| high_log.add("third interrupted"));
    group.add_actor(third.name("third").stage(2));
    group.handle().stop(Ok(()));
    let report = group.run_report(watched(&rt, &tasks)).await;
    let order: Vec<_> = report
        .exits()
        .iter()
        .map(|exit| exit.actor().to_string())
        .collect();
    assert_eq!(order, ["first", "third", "second"]);
    assert_eq!(
        log.entries(),
        ["third interrupted", "second interrupted", "second exited"]
    );
}

async fn swift_a_lower_stage_still_answers_while_a_higher_one_stops<R: Runtime>(rt: R) {
    let log = Log::new();
    let (ask, asked) = async_channel::unbounded::<async_channel::Sender<&'static str>>();
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        while let Some(query) = ctx.run_until_interrupted(asked.recv()).await {
            query?.send("a row").await?;
        }
        Ok(())
    }));
    let answers = log.clone();
    let http = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        // The request in flight is finished with the help of the database.
        let (answer, row) = async_channel::bounded(1);
        ask.send(answer).await?;
        answers.add(row.recv().await?);
        Ok(())
    });
    group.add_actor(http.stage(1));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["a row"]);
}

async fn swift_a_failure_while_stopping_does_not_change_the_order<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("first", &log));
    let failing = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Err("while stopping".into())
    });
    group.add_actor(failing.stage(1));
    group.add_actor(logged("third", &log).stage(2));
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    assert!(matches!(report.exits()[1].outcome(), Outcome::Failed(_)));
    assert_eq!(
        log.entries(),
        [
            "third interrupted",
            "third exited",
            "first interrupted",
            "first exited"
        ]
    );
}

async fn swift_escalates_to_the_force_when_the_grace_is_over<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::from_secs(30));
    group.add_actor(logged("first", &log));
    group.add_actor(deaf("second", &log).stage(1));
    group.handle().stop(Ok(()));
    let ring = async {
        let alarm = alarms.next().await;
        log.until("second interrupted").await;
        alarm.ring();
    };
    let (result, ()) = zip(group.run(spawner), ring).await;
    let error = result.unwrap_err();
    assert!(error.to_string().contains("`second` (parked)"), "{error}");
    assert_eq!(log.count("first interrupted"), 1);
}

/// Two actors panic; the first panic is the error, and the second is in the report.
async fn tokio_graceful_shutdown_double_panic<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(Actor::new(async { panic!("the first") }, |_| {}).name("one"));
    let second = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        panic!("the second")
    });
    group.add_actor(second.name("two"));
    group.add_actor(logged("other", &log));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `one` panicked: the first");
    let exits = error.report().exits();
    assert_eq!(exits.len(), 2);
    assert_eq!(exits[1].outcome().to_string(), "panicked: the second");
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}

/// A part of the tree stops and the rest goes on: an inner group whose Ok exit ends nothing.
async fn tokio_graceful_shutdown_partial_stop<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut part = Group::new();
    part.add_actor(logged("part", &log));
    let part_handle = part.handle();
    let mut group = Group::new();
    let part = part.into_actor(rt.spawner()).name("group");
    group.add_actor(part.ends_group(Ends::OnError));
    group.add_actor(logged("rest", &log));
    let handle = group.handle();
    let stop = async {
        part_handle.stop(Ok(()));
        tasks.until("group done").await;
        assert_eq!(log.entries(), ["part interrupted", "part exited"]);
        handle.stop(Ok(()));
    };
    zip(group.run(watched(&rt, &tasks)), stop).await.0.unwrap();
    assert_eq!(log.count("rest exited"), 1);
}

async fn tokio_graceful_shutdown_late_add<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let add = async {
        for name in ["one", "two", "three"] {
            handle.add_actor(logged(name, &log)).unwrap();
            tasks.until(&format!("{name} spawned")).await;
        }
        handle.stop(Ok(()));
    };
    zip(group.run(watched(&rt, &tasks)), add).await.0.unwrap();
    assert!(handle.add_actor(waiter()).is_err());
    for name in ["one", "two", "three"] {
        assert_eq!(log.count(&format!("{name} interrupted")), 1);
        assert_eq!(log.count(&format!("{name} exited")), 1);
    }
}

async fn tokio_graceful_shutdown_a_late_add_that_fails_stops_all<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("other", &log));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    let late = Actor::new(async { Err("late".into()) }, |_| {}).name("late");
    handle.add_actor(late).unwrap();
    let error = run.await.unwrap_err();
    assert_eq!(error.actor().unwrap().as_str(), Some("late"));
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}

/// What is dropped is not polled again, however often its old waker wakes it.
async fn tokio_graceful_shutdown_a_timeout_never_resumes_what_it_dropped<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let polls = Arc::new(AtomicUsize::new(0));
    let (give, given) = async_channel::bounded(1);
    let counted = Arc::clone(&polls);
    let execute = poll_fn(move |cx| -> Poll<Result> {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = give.try_send(cx.waker().clone());
        Poll::Pending
    });
    let mut group = Group::new();
    group.grace(Duration::from_secs(1));
    group.add_actor(Actor::new(execute, |_| {}).name("deaf"));
    group.handle().stop(Ok(()));
    let ring = async {
        let alarm = alarms.next().await;
        let waker = given.recv().await.unwrap();
        alarm.ring();
        waker
    };
    let (result, waker) = zip(group.run(spawner), ring).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Stragglers);
    assert_eq!(Arc::strong_count(&polls), 1, "the future is still there");
    let before = polls.load(Ordering::SeqCst);
    for _ in 0..100 {
        waker.wake_by_ref();
    }
    assert_eq!(polls.load(Ordering::SeqCst), before);
}

async fn tokio_graceful_shutdown_a_request_while_stopping_changes_nothing<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let (handle, entry) = (group.handle(), log.clone());
    let again = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        for _ in 0..100 {
            handle.stop(Err("again".into()));
        }
        entry.add("asked again");
        Ok(())
    });
    group.add_actor(again.stage(1));
    group.add_actor(logged("low", &log));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(
        log.entries(),
        ["asked again", "low interrupted", "low exited"]
    );
}
