//! Laws 19 to 23: the run dropped, panics wherever foreign code runs, tasks lost.

use std::error::Error as _;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Cause, Ends, ErrorKind, Group, Outcome, Result, Spawner, spawner};

use crate::runtime::{Runtime, guard};
use crate::support::errors::Fragile;
use crate::support::{
    Count, Held, Log, OnDrop, counting_waker, during, holding, kaboom, on_drop, poll_with, waiter,
};

on_every_runtime! {
    law_19_dropping_a_running_run_is_a_force,
    law_19_a_spawner_that_panics_is_a_drop_of_run,
    law_20_a_panic_is_an_exit,
    law_20_the_payload_is_kept_and_can_be_taken,
    law_21_a_panic_in_an_interrupt_spares_the_others,
    law_21_the_first_interrupt_that_panicked_is_the_error,
    law_21_unless_the_cause_is_an_error,
    law_22_the_drop_of_a_finished_future_panics,
    law_22_the_drop_of_a_panicked_future_panics_again,
    law_22_the_drop_of_an_error_panics_after_that_of_its_future,
    law_22_the_drop_of_a_forced_future_panics,
    law_22_the_drop_of_an_uncalled_interrupt_panics,
    law_22_the_drop_of_a_payload_panics,
    law_23_a_task_dropped_unpolled_is_lost,
    law_23_a_task_dropped_midway_is_lost,
    law_23_a_refused_task_is_lost_with_the_reason,
    law_23_a_spawner_may_lose_any_of_many,
}

/// Waits for ever; logs its interrupt, with the cause, and the drop of its future.
fn deaf(log: &Log) -> Actor {
    let (polls, drops, interrupts) = (log.clone(), log.clone(), log.clone());
    let execute = holding(
        async move {
            polls.add("polled");
            pending().await
        },
        on_drop(move || drops.add("dropped")),
    );
    Actor::new(execute, move |cause| {
        interrupts.add(format!("interrupted: {cause}"));
    })
}

fn bomb(text: &'static str) -> OnDrop<impl FnOnce() + Send> {
    on_drop(move || kaboom(text))
}

/// An actor that waits for its interrupt, and counts its exits.
fn counted(exits: &Count) -> Actor {
    let exits = exits.clone();
    Actor::with(|ctx| async move {
        ctx.interrupted().await;
        exits.add();
        Ok(())
    })
}

/// Runs `actor` among others, which must all be interrupted and awaited; returns its error.
async fn error_among_others<R: Runtime>(rt: &R, actor: Actor) -> rungroup::Error {
    among_others(actor, |group| group.run(rt.spawner())).await
}

async fn among_others<F>(actor: Actor, run: impl FnOnce(Group) -> F) -> rungroup::Error
where
    F: Future<Output = Result<(), rungroup::Error>>,
{
    let exits = Count::new();
    let mut group = Group::new();
    group.add_actor(counted(&exits));
    group.add_actor(actor.name("culprit"));
    group.add_actor(counted(&exits));
    let error = run(group).await.unwrap_err();
    assert_eq!(exits.get(), 2);
    assert_eq!(error.actor().unwrap().as_str(), Some("culprit"));
    error
}

/// "Dropping a running `run` future is a force: all interrupts are called exactly once, all futures
/// are dropped, nothing runs later."
async fn law_19_dropping_a_running_run_is_a_force<R: Runtime>(rt: R) {
    let interrupts = Log::new();
    let (polls, polled) = async_channel::unbounded();
    let (drops, dropped) = async_channel::unbounded();
    let (wake, woken) = async_channel::unbounded::<()>();
    let mut group = Group::new();
    for _ in 0..10 {
        let (polls, drops, woken) = (polls.clone(), drops.clone(), woken.clone());
        let interrupts = interrupts.clone();
        let execute = async move {
            let _ = polls.send(()).await;
            let _ = woken.recv().await;
            let _ = polls.send(()).await;
            Ok(())
        };
        let kept = on_drop(move || drops.try_send(()).unwrap());
        group.add(holding(execute, kept), move |cause| {
            interrupts.add(cause.to_string());
        });
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        for _ in 0..10 {
            polled.recv().await.unwrap();
        }
    })
    .await;
    drop(run);
    assert_eq!(interrupts.entries(), ["run future dropped"; 10]);
    assert!(handle.add_actor(waiter()).is_err());
    // At once if it was parked, else as soon as its poll returned.
    for _ in 0..10 {
        dropped.recv().await.unwrap();
    }
    drop(wake);
    assert!(polled.is_empty());
    assert_eq!(interrupts.entries().len(), 10);
}

/// "… is dropped at once, on the spot": before the drop of `run` returns. The task ends when it
/// is polled next, for which it was woken.
#[test]
fn law_19_parked_futures_are_dropped_on_the_spot() {
    let log = Log::new();
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(deaf(&log)).add_actor(deaf(&log));
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    let wakes = Count::new();
    // The second one is dropped although it was never polled.
    assert!(poll_with(&counting_waker(&wakes), &mut tasks[0]).is_pending());
    drop(run);
    let entries = [
        "polled",
        "interrupted: run future dropped",
        "interrupted: run future dropped",
        "dropped",
        "dropped",
    ];
    assert_eq!(log.entries(), entries);
    assert_eq!(wakes.get(), 1);
    for task in &mut tasks {
        assert_eq!(poll_with(Waker::noop(), task), Poll::Ready(()));
    }
    drop(tasks);
    assert_eq!(log.entries(), entries);
}

/// In the midst of a stop: who was interrupted is not again, who was not is, with the same cause.
#[test]
fn law_19_dropped_in_the_midst_of_a_stop() {
    let log = Log::new();
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(deaf(&log));
    group.add_actor(deaf(&log).stage(1));
    group.handle().stop(Err("no".into()));
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    assert_eq!(log.entries(), ["interrupted: stop requested: no"]);
    drop(run);
    assert_eq!(log.count("interrupted: stop requested: no"), 2);
    assert_eq!(log.count("dropped"), 2);
    assert_eq!(log.entries().len(), 4);
}

/// What was accepted and not yet seen by `run` is interrupted and dropped too.
#[test]
fn law_19_added_and_dropped_in_one_breath() {
    let log = Log::new();
    let held = Held::new();
    let mut group = Group::new();
    let handle = group.handle();
    group.add_actor(waiter());
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    handle.add_actor(deaf(&log)).unwrap();
    drop(run);
    assert_eq!(
        log.entries(),
        ["interrupted: run future dropped", "dropped"]
    );
}

/// A spawner that panics midway unwinds through `run`, which is thereby dropped.
async fn law_19_a_spawner_that_panics_is_a_drop_of_run<R: Runtime>(rt: R) {
    for interrupts_panic in [false, true] {
        let (interrupts, drops) = (Count::new(), Count::new());
        let (gone, is_gone) = async_channel::unbounded();
        let mut group = Group::new();
        for _ in 0..5 {
            let (interrupts, drops, gone) = (interrupts.clone(), drops.clone(), gone.clone());
            let kept = on_drop(move || {
                drops.add();
                gone.try_send(()).unwrap();
            });
            group.add(holding(pending(), kept), move |_| {
                interrupts.add();
                if interrupts_panic {
                    kaboom("interrupt");
                }
            });
        }
        let spawned = AtomicUsize::new(0);
        let inner = rt.spawner();
        let spawner = spawner::from_fn(|task| {
            if spawned.fetch_add(1, Ordering::SeqCst) == 3 {
                kaboom("no more");
            }
            inner.spawn_task(task);
        });
        let mut run = Box::pin(group.run(spawner));
        let panic = catch_unwind(AssertUnwindSafe(|| {
            poll_with(Waker::noop(), &mut run).is_ready()
        }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"no more"));
        for _ in 0..5 {
            is_gone.recv().await.unwrap();
        }
        assert_eq!((interrupts.get(), drops.get()), (5, 5));
    }
}

/// "A panic in an execute, in the closure of `with` or in a blocking actor is an exit; the others
/// are interrupted and awaited."
async fn law_20_a_panic_is_an_exit<R: Runtime>(rt: R) {
    let noop = |_: &Cause| {};
    let actors = [
        Actor::new(async { panic!("kaboom {}", 7) }, noop),
        Actor::with(|_| -> std::future::Ready<Result> { panic!("kaboom {}", 7) }),
        Actor::with(|_| async { panic!("kaboom {}", 7) }),
        Actor::cancellable(async { panic!("kaboom {}", 7) }),
        Actor::blocking(|| panic!("kaboom {}", 7), noop),
    ];
    for actor in actors {
        let error = error_among_others(&rt, actor).await;
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert_eq!(error.to_string(), "actor `culprit` panicked: kaboom 7");
        assert!(error.source().is_none());
        let cause = error.report().cause().unwrap();
        let Some(Outcome::Panicked(panic)) = cause.outcome() else {
            panic!("{cause:?}");
        };
        assert_eq!(panic.message(), "kaboom 7");
    }
}

/// "… the payload is kept and can be taken": also while others hold the cause.
async fn law_20_the_payload_is_kept_and_can_be_taken<R: Runtime>(rt: R) {
    let (causes, cause) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add(async { kaboom(vec![1, 2, 3]) }, move |cause| {
        causes.try_send(cause.clone()).unwrap();
    });
    let error = group.run(rt.spawner()).await.unwrap_err();
    let payload = error.into_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&vec![1, 2, 3]));
    let cause = cause.recv().await.unwrap();
    assert!(matches!(cause.outcome(), Some(Outcome::Panicked(_))));
}

/// "A panic in an interrupt: the others are still called, the cause stays; the run fails with that
/// panic …"
async fn law_21_a_panic_in_an_interrupt_spares_the_others<R: Runtime>(rt: R) {
    let error = error_among_others(&rt, Actor::new(async { Ok(()) }, |_| kaboom(42_u8))).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let cause = error.report().cause().unwrap();
    assert_eq!(cause.to_string(), "actor `culprit` returned");
    assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&42_u8));

    // Not in the interrupt itself, but in the drop of what it holds.
    let kept = bomb("kept");
    let interrupt = move |_: &Cause| drop(kept);
    let error = error_among_others(&rt, Actor::new(async { Ok(()) }, interrupt)).await;
    assert_eq!(
        error.to_string(),
        "the interrupt of actor `culprit` panicked: kept"
    );
}

/// The first in the order of the calls; the others are told too.
async fn law_21_the_first_interrupt_that_panicked_is_the_error<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for text in ["one", "two", "three"] {
        let log = log.clone();
        group.add(async { Ok(()) }, move |_| {
            log.add(text);
            kaboom(text);
        });
    }
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(log.entries(), ["one", "two", "three"]);
    let lines = format!("{error:?}");
    assert!(error.to_string().ends_with("panicked: one"), "{error}");
    assert!(lines.contains("panicked: two") && lines.contains("panicked: three"));
}

/// "… unless the cause itself is an error."
async fn law_21_unless_the_cause_is_an_error<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Err("no".into()) }, |_| kaboom("interrupt"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.source().unwrap().to_string(), "no");
    assert!(error.into_panic().is_none());
}

/// "A panic in the drop of a finished … future is contained, and counts as that actor's panic."
async fn law_22_the_drop_of_a_finished_future_panics<R: Runtime>(rt: R) {
    for ok in [true, false] {
        let execute = async move { if ok { Ok(()) } else { Err("no".into()) } };
        let execute = holding(execute, bomb("in drop"));
        let error = error_among_others(&rt, Actor::new(execute, |_| {})).await;
        assert_eq!(error.to_string(), "actor `culprit` panicked: in drop");
    }
}

/// The first panic is the one that counts.
async fn law_22_the_drop_of_a_panicked_future_panics_again<R: Runtime>(rt: R) {
    let execute = holding(async { kaboom("in poll") }, bomb("in drop"));
    let error = error_among_others(&rt, Actor::new(execute, |_| {})).await;
    assert_eq!(error.to_string(), "actor `culprit` panicked: in poll");
}

/// The panic of its future replaces an actor's error, whose own drop may panic then.
async fn law_22_the_drop_of_an_error_panics_after_that_of_its_future<R: Runtime>(rt: R) {
    let execute = holding(async { Err(Fragile.into()) }, bomb("future"));
    let error = error_among_others(&rt, Actor::new(execute, |_| {})).await;
    assert_eq!(error.to_string(), "actor `culprit` panicked: future");

    let refusing = spawner::from_fn(move |task| {
        if task.name().as_str() == Some("culprit") {
            task.refuse(Fragile);
        } else {
            rt.spawner().spawn_task(task);
        }
    });
    let actor = Actor::new(holding(pending(), bomb("future")), |_| {});
    let error = among_others(actor, |group| group.run(refusing)).await;
    assert_eq!(error.to_string(), "actor `culprit` panicked: future");
}

/// "… or forced future …": the others are still dropped, and `run` returns.
async fn law_22_the_drop_of_a_forced_future_panics<R: Runtime>(rt: R) {
    let (polls, polled) = async_channel::unbounded();
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::ZERO);
    for nth in 0..6 {
        let (polls, drops) = (polls.clone(), log.clone());
        let execute = async move {
            let _ = polls.send(()).await;
            pending().await
        };
        let kept = on_drop(move || {
            drops.add("dropped");
            if nth % 2 == 0 {
                kaboom("in drop");
            }
        });
        group.add(holding(execute, kept), |_| {});
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        for _ in 0..6 {
            polled.recv().await.unwrap();
        }
    })
    .await;
    handle.stop(Ok(()));
    let error = run.await.unwrap_err();
    assert_eq!(error.report().stragglers().len(), 6);
    assert!(matches!(
        error.kind(),
        ErrorKind::Panicked | ErrorKind::Stragglers
    ));
}

/// The same by hand, where all are parked: their panics are their exits, the first is the error.
#[test]
fn law_22_the_drop_of_a_parked_future_is_its_exit() {
    let drops = Count::new();
    let held = Held::new();
    let mut group = Group::new();
    group.grace(Duration::ZERO);
    for text in ["one", "two"] {
        let drops = drops.clone();
        let kept = on_drop(move || {
            drops.add();
            kaboom(text);
        });
        let actor = Actor::new(holding(pending(), kept), |_| {});
        group.add_actor(actor.name(text));
    }
    group.handle().stop(Ok(()));
    let error = block_on(group.run(&held)).unwrap_err();
    assert_eq!(drops.get(), 2);
    assert_eq!(error.to_string(), "actor `one` panicked: one");
    assert_eq!(error.report().stragglers().len(), 2);
    let exits = error.report().exits().iter();
    let exits: Vec<_> = exits.map(|exit| exit.outcome().to_string()).collect();
    assert_eq!(exits, ["panicked: one", "panicked: two"]);
    for mut task in held.take() {
        assert!(poll_with(Waker::noop(), &mut task).is_ready());
    }
}

/// So is that of a future whose task is dropped: neither the spawner nor the group sees it unwind.
#[test]
fn law_22_the_drop_of_a_lost_future_panics() {
    let held = Held::new();
    let mut group = Group::new();
    let actor = Actor::new(holding(pending(), bomb("in drop")), |_| {});
    group.add_actor(actor.name("lost"));
    let mut run = pin!(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    drop(held.take());
    let error = block_on(run).unwrap_err();
    assert_eq!(error.to_string(), "actor `lost` panicked: in drop");
}

/// That of an interrupt which is dropped uncalled (law 7) is its actor's panic too.
async fn law_22_the_drop_of_an_uncalled_interrupt_panics<R: Runtime>(rt: R) {
    let leaving = || {
        let kept = bomb("in drop");
        Actor::new(async { Ok(()) }, move |_| drop(kept))
    };
    let error = error_among_others(&rt, leaving().ends_group(Ends::OnError)).await;
    assert_eq!(error.to_string(), "actor `culprit` panicked: in drop");

    // A policy that ignores every exit ignores this one.
    let exits = Count::new();
    let mut group = Group::new();
    group.add_actor(leaving().ends_group(Ends::Never));
    group.add_actor(counted(&exits).background());
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.cause().unwrap().to_string(), "no actor left");
    assert!(matches!(
        report.exits()[0].outcome(),
        Outcome::Panicked(panic) if panic.message() == "in drop"
    ));
    assert_eq!(exits.get(), 1);
}

/// Nor does a payload that panics when it is dropped, wherever that is.
async fn law_22_the_drop_of_a_payload_panics<R: Runtime>(rt: R) {
    let payload = || on_drop(|| kaboom(bomb("again")));
    let actor = Actor::new(async move { kaboom(payload()) }, |_| {});
    drop(error_among_others(&rt, actor).await);

    let actor = Actor::new(async { Ok(()) }, move |_| kaboom(payload()));
    drop(error_among_others(&rt, actor).await);

    // Two panics, of which one is dropped within the run.
    let execute = holding(
        async { kaboom("in poll") },
        on_drop(move || kaboom(payload())),
    );
    drop(error_among_others(&rt, Actor::new(execute, |_| {})).await);

    // A report that nobody reads. The interrupt is dropped as soon as the exit is seen.
    let (seen, was_seen) = async_channel::bounded::<()>(1);
    let leaver = Actor::new(async move { kaboom(payload()) }, move |_| drop(seen));
    let mut group = Group::new();
    group.add_actor(leaver.ends_group(Ends::Never));
    group.add_actor(waiter());
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(during(&mut run, was_seen.recv()).await.is_err());
    drop(run);
}

/// "A task dropped by its spawner, unpolled or midway, is an exit `Lost`."
async fn law_23_a_task_dropped_unpolled_is_lost<R: Runtime>(rt: R) {
    let dropping = spawner::from_fn(move |task| {
        if task.name().as_str() != Some("culprit") {
            rt.spawner().spawn_task(task);
        }
    });
    let error = among_others(waiter(), |group| group.run(dropping)).await;
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(error.to_string(), "actor `culprit` was lost by its spawner");
    let cause = error.report().cause().unwrap();
    assert!(matches!(cause.outcome(), Some(Outcome::Lost(None))));
}

async fn law_23_a_task_dropped_midway_is_lost<R: Runtime>(rt: R) {
    let gone = Count::new();
    let dropping = spawner::from_fn(move |task| {
        if task.name().as_str() == Some("culprit") {
            rt.spawn(async { assert!(poll_once(task).await.is_none()) });
        } else {
            rt.spawner().spawn_task(task);
        }
    });
    let kept = gone.clone();
    let execute = holding(pending(), on_drop(move || kept.add()));
    let actor = Actor::new(execute, |_| {});
    let error = among_others(actor, |group| group.run(dropping)).await;
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(gone.get(), 1);
}

/// "`refuse` gives it a reason."
async fn law_23_a_refused_task_is_lost_with_the_reason<R: Runtime>(rt: R) {
    let refusing = spawner::from_fn(move |task| {
        if task.name().as_str() == Some("culprit") {
            task.refuse("closed for today");
        } else {
            rt.spawner().spawn_task(task);
        }
    });
    let error = among_others(waiter(), |group| group.run(refusing)).await;
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(error.source().unwrap().to_string(), "closed for today");
    let cause = error.report().cause().unwrap();
    assert_eq!(cause.error().unwrap().to_string(), "closed for today");
}

/// "No run ever hangs on it": however many are lost, before the stop or during it.
async fn law_23_a_spawner_may_lose_any_of_many<R: Runtime>(rt: R) {
    for keeps in [1, 2, 3, 50] {
        let interrupts = Count::new();
        let mut group = Group::new();
        for _ in 0..50 {
            let interrupted = interrupts.clone();
            let (stop, stopped) = async_channel::bounded::<()>(1);
            let execute = async move {
                let _ = stopped.recv().await;
                Ok(())
            };
            group.add(execute, move |_| {
                interrupted.add();
                drop(stop);
            });
        }
        let (nth, inner) = (Arc::new(AtomicUsize::new(0)), rt.spawner());
        let losing = spawner::from_fn(move |task| {
            if nth.fetch_add(1, Ordering::SeqCst) % keeps == 0 && keeps != 50 {
                inner.spawn_task(task);
            }
        });
        group.handle().stop(Ok(()));
        let result = group.run(losing).await;
        assert_eq!(result.map_err(|error| error.kind()).err(), expected(keeps));
        assert_eq!(interrupts.get(), 50);
    }

    fn expected(keeps: usize) -> Option<ErrorKind> {
        (keeps != 1).then_some(ErrorKind::Lost)
    }
}

/// Not even when every task is kept for a while, then dropped from another thread.
#[test]
fn law_23_tasks_dropped_from_another_thread() {
    guard("law_23_tasks_dropped_from_another_thread", || {
        let held = Held::new();
        let mut group = Group::new();
        for _ in 0..100 {
            group.add_actor(waiter());
        }
        let mut run = pin!(group.run(&held));
        assert!(block_on(poll_once(&mut run)).is_none());
        let tasks = held.take();
        let dropping = std::thread::spawn(move || drop(tasks));
        let error = block_on(run).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
        dropping.join().unwrap();
    });
}
