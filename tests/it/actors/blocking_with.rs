//! A blocking actor that is told of its interrupt through a context.

use futures_lite::future::{block_on, zip};
use rungroup::{Actor, ActorState, Context, ErrorKind, Group, Outcome};

use crate::runtime::Runtime;
use crate::support::{Event, Log, kaboom, waiter};

on_every_runtime! {
    a_blocking_loop_ends_when_it_asks,
    a_blocking_actor_waits_for_its_interrupt,
    a_blocking_actor_knows_the_cause,
    a_blocking_actor_runs_a_future_until_its_interrupt,
    a_blocking_actor_is_called_although_the_stop_came_first,
    a_blocking_actor_with_a_context_returns_what_it_returns,
    a_blocking_actor_with_a_context_panics,
    a_blocking_actor_with_a_context_has_a_thread_of_its_name,
    a_blocking_actor_with_a_context_that_is_forced_goes_on,
    the_context_of_a_blocking_actor_outlives_it,
}

/// Runs a group of `actor`, which is asked to stop once `started` is there.
async fn stop_once<R: Runtime>(rt: R, actor: Actor, started: Event) {
    let mut group = Group::new();
    group.add_actor(actor);
    let handle = group.handle();
    let stop = async {
        started.wait().await;
        handle.stop(Err("the cause".into()));
    };
    let report = zip(group.run_report(rt.spawner()), stop).await.0;
    let exits = report.exits();
    assert_eq!(exits.len(), 1);
    assert!(exits[0].outcome().is_ok(), "{exits:?}");
}

async fn a_blocking_loop_ends_when_it_asks<R: Runtime>(rt: R) {
    let started = Event::new();
    let starts = started.clone();
    let actor = Actor::blocking_with(move |ctx| {
        assert!(!ctx.is_interrupted());
        starts.set();
        while !ctx.is_interrupted() {
            std::thread::yield_now();
        }
        Ok(())
    });
    stop_once(rt, actor, started).await;
}

async fn a_blocking_actor_waits_for_its_interrupt<R: Runtime>(rt: R) {
    let started = Event::new();
    let starts = started.clone();
    let actor = Actor::blocking_with(move |ctx| {
        starts.set();
        block_on(ctx.interrupted());
        assert!(ctx.is_interrupted());
        Ok(())
    });
    stop_once(rt, actor, started).await;
}

async fn a_blocking_actor_knows_the_cause<R: Runtime>(rt: R) {
    let started = Event::new();
    let starts = started.clone();
    let actor = Actor::blocking_with(move |ctx| {
        assert!(ctx.cause().is_none());
        starts.set();
        block_on(ctx.interrupted());
        let cause = ctx.cause().unwrap();
        assert_eq!(cause.to_string(), "stop requested: the cause");
        Ok(())
    });
    stop_once(rt, actor, started).await;
}

async fn a_blocking_actor_runs_a_future_until_its_interrupt<R: Runtime>(rt: R) {
    let started = Event::new();
    let starts = started.clone();
    let actor = Actor::blocking_with(move |ctx| {
        assert_eq!(block_on(ctx.run_until_interrupted(async { 7 })), Some(7));
        starts.set();
        let endless = std::future::pending::<()>();
        assert!(block_on(ctx.run_until_interrupted(endless)).is_none());
        Ok(())
    });
    stop_once(rt, actor, started).await;
}

/// Law 3.
async fn a_blocking_actor_is_called_although_the_stop_came_first<R: Runtime>(rt: R) {
    let log = Log::new();
    let called = log.clone();
    let mut group = Group::new();
    group.add_actor(Actor::blocking_with(move |ctx| {
        called.add("called");
        block_on(ctx.interrupted());
        Ok(())
    }));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["called"]);
}

async fn a_blocking_actor_with_a_context_returns_what_it_returns<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let fails = Actor::blocking_with(|_| Err("out of paper".into()));
    group.add_actor(fails.name("printer"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "actor `printer` failed: out of paper");
}

async fn a_blocking_actor_with_a_context_panics<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    group.add_actor(Actor::blocking_with(|_| kaboom(42_u8)));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&42_u8));
}

async fn a_blocking_actor_with_a_context_has_a_thread_of_its_name<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let actor = Actor::blocking_with(|_| {
        assert_eq!(std::thread::current().name(), Some("printer"));
        Ok(())
    });
    group.add_actor(actor.name("printer"));
    group.run(rt.spawner()).await.unwrap();
}

/// Its context tells it of the force too: a thread that asks ends soon after.
async fn a_blocking_actor_with_a_context_that_is_forced_goes_on<R: Runtime>(rt: R) {
    let (started, ended) = (Event::new(), Event::new());
    let (starts, ends) = (started.clone(), ended.clone());
    let (release, released) = std::sync::mpsc::channel::<()>();
    let actor = Actor::blocking_with(move |ctx| {
        starts.set();
        let _ = released.recv();
        assert!(ctx.is_interrupted());
        ends.set();
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(actor);
    let handle = group.handle();
    let force = async {
        started.wait().await;
        handle.force();
    };
    let report = zip(group.run_report(rt.spawner()), force).await.0;
    assert_eq!(report.stragglers()[0].state(), ActorState::Blocking);
    assert!(report.exits().is_empty());
    drop(release);
    ended.wait().await;
}

async fn the_context_of_a_blocking_actor_outlives_it<R: Runtime>(rt: R) {
    let (give, given) = async_channel::bounded::<Context>(1);
    let mut group = Group::new();
    group.add_actor(Actor::blocking_with(move |ctx| {
        give.try_send(ctx)?;
        Ok(())
    }));
    let report = group.run_report(rt.spawner()).await;
    let returned = report.cause().unwrap().outcome();
    assert!(matches!(returned, Some(Outcome::Returned)));
    let context = given.recv().await.unwrap();
    context.interrupted().await;
    context.announce_ready();
    assert!(context.cause().is_some());
}
