//! Laws 1 to 4: how a group starts.

use std::any::Any;
use std::cell::Cell;
use std::future::pending;
use std::task::{Poll, Waker};
use std::thread;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, ActorState, Ends, ErrorKind, Group, Spawner, spawner};

use crate::runtime::Runtime;
use crate::support::{Held, Log, on_drop, poll_with, waiter};

on_every_runtime! {
    law_01_zero_actors_is_ok_on_the_first_poll,
    law_02_nothing_happens_before_run_is_polled,
    law_02_what_never_ran_gives_later_actors_back,
    law_03_every_actor_is_polled_although_the_stop_came_first,
    law_04_executes_start_in_the_order_of_adding,
}

/// Logs each poll of its execute, and its interrupt.
fn witness(log: &Log) -> Actor {
    let (execute, interrupt) = (log.clone(), log.clone());
    Actor::new(
        async move {
            execute.add("polled");
            Ok(())
        },
        move |_| interrupt.add("interrupted"),
    )
}

/// The spawner of the runtime, which logs the name of each task.
fn logging<R: Runtime>(rt: &R, log: &Log) -> impl Spawner + use<R> {
    let (inner, log) = (rt.spawner(), log.clone());
    spawner::from_fn(move |task| {
        log.add(task.name().to_string());
        inner.spawn_task(task);
    })
}

/// "Zero actors: `run` is Ok on its first poll."
async fn law_01_zero_actors_is_ok_on_the_first_poll<R: Runtime>(rt: R) {
    let result = poll_once(Group::new().run(rt.spawner())).await;
    assert!(matches!(result, Some(Ok(()))));

    let report = poll_once(Group::new().run_report(rt.spawner())).await;
    let report = report.expect("ready on its first poll");
    assert_eq!(report.cause().unwrap().to_string(), "no actor left");
    assert!(report.exits().is_empty() && report.stragglers().is_empty());
}

/// "Nothing is polled or spawned before `run` is polled. A group or a `run` future dropped before
/// that polls nothing, calls no interrupt."
async fn law_02_nothing_happens_before_run_is_polled<R: Runtime>(rt: R) {
    for with_run in [false, true] {
        let log = Log::new();
        let mut group = Group::new();
        group.add_actor(witness(&log));
        let handle = group.handle();
        handle.add_actor(witness(&log)).unwrap();
        handle.stop(Err("early".into()));
        handle.force();
        if with_run {
            drop(group.run(logging(&rt, &log)));
        } else {
            drop(group);
        }
        assert!(log.entries().is_empty(), "{:?}", log.entries());
    }
}

/// "… and gives later `add_actor`s back": whole.
async fn law_02_what_never_ran_gives_later_actors_back<R: Runtime>(rt: R) {
    for with_run in [false, true] {
        let log = Log::new();
        let group = Group::new();
        let handle = group.handle();
        if with_run {
            drop(group.run(rt.spawner()));
        } else {
            drop(group);
        }
        let returned = handle.add_actor(witness(&log)).unwrap_err();
        assert!(log.entries().is_empty());

        let mut group = Group::new();
        group.add_actor(returned);
        group.run(rt.spawner()).await.unwrap();
        assert_eq!(log.entries(), ["polled", "interrupted"]);
    }
}

/// "Every started actor is polled at least once, even if the stop was requested before `run`."
async fn law_03_every_actor_is_polled_although_the_stop_came_first<R: Runtime>(rt: R) {
    for outcome in [Ok(()), Err("early".into())] {
        let expect_ok = outcome.is_ok();
        let log = Log::new();
        let mut group = Group::new();
        for _ in 0..20 {
            let polled = log.clone();
            group.add_actor(Actor::with(|ctx| async move {
                polled.add("with");
                ctx.interrupted().await;
                Ok(())
            }));
            let polled = log.clone();
            group.add_actor(Actor::cancellable(async move {
                polled.add("cancellable");
                pending().await
            }));
            group.add_actor(witness(&log).stage(7));
            group.add_actor(witness(&log).background());
        }
        group.handle().stop(outcome);
        assert_eq!(group.run(rt.spawner()).await.is_ok(), expect_ok);
        assert_eq!(log.count("with"), 20);
        assert_eq!(log.count("cancellable"), 20);
        assert_eq!(log.count("polled"), 40);
    }
}

/// "… unless it is forced or lost first."
#[test]
fn law_03_unless_it_is_forced_first() {
    let log = Log::new();
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(witness(&log)).add_actor(witness(&log));
    group.handle().force();
    let error = block_on(group.run(&held)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    let stragglers = error.report().stragglers();
    assert!(
        stragglers
            .iter()
            .all(|one| one.state() == ActorState::Parked)
    );
    for mut task in held.take() {
        assert_eq!(poll_with(Waker::noop(), &mut task), Poll::Ready(()));
    }
    assert_eq!(log.entries(), ["interrupted", "interrupted"]);
}

/// "… at least once", and with its context, by a thread that destroys its locals too: one of them may
/// be a runtime.
#[test]
fn law_03_a_thread_that_destroys_its_locals_polls_too() {
    thread_local! {
        static RUNTIME: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
    }
    let (log, held) = (Log::new(), Held::new());
    let mut group = Group::new();
    for name in ["first", "second"] {
        let log = log.clone();
        let actor = Actor::with(move |ctx| async move {
            log.add(name);
            assert!(!ctx.is_interrupted());
            Ok(())
        });
        group.add_actor(actor.ends_group(Ends::OnError));
    }
    let mut run = Box::pin(group.run(held.clone()));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take().into_iter();
    let (mut first, mut second) = (tasks.next().unwrap(), tasks.next().unwrap());
    let thread = thread::spawn(move || {
        // Used first and therefore destroyed last.
        RUNTIME.set(Some(Box::new(on_drop(move || {
            assert!(poll_with(Waker::noop(), &mut second).is_ready());
        }))));
        assert!(poll_with(Waker::noop(), &mut first).is_ready());
    });
    thread.join().unwrap();
    block_on(run).unwrap();
    assert_eq!(log.entries(), ["first", "second"]);
}

/// "Executes start in the order of adding", whatever their stages and by whichever way they came.
async fn law_04_executes_start_in_the_order_of_adding<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let handle = group.handle();
    for nth in 0..30 {
        let actor = waiter().name(nth.to_string()).stage(30 - nth);
        if nth % 3 == 0 {
            handle.add_actor(actor).unwrap();
        } else {
            group.add_actor(actor);
        }
    }
    handle.add_actor(waiter().name("30")).unwrap();
    group.add_actor(waiter().name("31").background());
    let ends = Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError);
    group.add_actor(ends.name("32"));
    handle.add_actor(waiter().name("33")).unwrap();
    handle.stop(Ok(()));
    group.run(logging(&rt, &log)).await.unwrap();
    let expected: Vec<_> = (0..34).map(|nth| nth.to_string()).collect();
    assert_eq!(log.entries(), expected);
}
