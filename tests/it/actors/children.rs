//! `Context::handle`: an actor adds others, which stop with it.

use rungroup::{Actor, Context, Ends, Group, Handle};

use crate::runtime::Runtime;
use crate::support::{Event, Log, during, logged, waiter};

on_every_runtime! {
    a_child_stops_in_the_stage_of_its_parent,
    a_child_has_a_stage_of_its_own_if_it_is_given_one,
    a_child_of_the_background_is_of_the_background,
    a_child_of_a_blocking_actor_stops_with_it_too,
    a_child_is_added_through_a_clone_of_the_handle,
    a_child_added_to_a_group_that_stops_is_given_back_whole,
    the_handle_of_the_group_gives_no_stage,
    the_handle_of_a_context_is_that_of_the_innermost_group,
    the_handle_of_a_context_stops_the_group,
    the_handle_of_a_context_outlives_it,
}

/// An actor that adds children through its context, and waits for its interrupt.
fn parent(children: impl FnOnce(&Context) + Send + 'static) -> Actor {
    Actor::with(|ctx| async move {
        children(&ctx);
        ctx.interrupted().await;
        Ok(())
    })
}

/// Runs `group` until `child` was added, then stops it; returns the order of the interrupts.
async fn stop_after<R: Runtime>(rt: &R, group: Group, log: &Log, added: &Event) -> Vec<String> {
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, added.wait()).await;
    handle.stop(Ok(()));
    run.await.unwrap();
    let mut interrupts = log.entries();
    interrupts.retain(|entry| entry.ends_with("interrupted"));
    interrupts
}

/// A group of the stages 0, 2 and 4, and a parent of stage 2 that adds `child`.
fn family(log: &Log, child: Actor) -> (Group, Event) {
    let added = Event::new();
    let mut group = Group::new();
    group.add_actor(logged("low", log));
    group.add_actor(logged("middle", log).stage(2));
    group.add_actor(logged("high", log).stage(4));
    let adds = added.clone();
    let parent = parent(move |ctx| {
        ctx.handle().add_actor(child).unwrap();
        adds.set();
    });
    group.add_actor(parent.stage(2));
    (group, added)
}

async fn a_child_stops_in_the_stage_of_its_parent<R: Runtime>(rt: R) {
    let log = Log::new();
    let (group, added) = family(&log, logged("child", &log));
    assert_eq!(
        stop_after(&rt, group, &log, &added).await,
        [
            "high interrupted",
            "middle interrupted",
            "child interrupted",
            "low interrupted"
        ]
    );
}

/// Also if it is the one that it would have without a parent.
async fn a_child_has_a_stage_of_its_own_if_it_is_given_one<R: Runtime>(rt: R) {
    for (stage, nth) in [(0, 3), (3, 1), (4, 1)] {
        let log = Log::new();
        let (group, added) = family(&log, logged("child", &log).stage(stage));
        let interrupts = stop_after(&rt, group, &log, &added).await;
        let at = interrupts
            .iter()
            .position(|entry| entry == "child interrupted");
        assert_eq!(at, Some(nth), "stage {stage}: {interrupts:?}");
    }
}

async fn a_child_of_the_background_is_of_the_background<R: Runtime>(rt: R) {
    let (log, added) = (Log::new(), Event::new());
    let (child, adds) = (logged("child", &log), added.clone());
    let parent = parent(move |ctx| {
        ctx.handle().add_actor(child).unwrap();
        adds.set();
    });
    let mut group = Group::new();
    group.add_actor(parent.background().stage(9));
    group.add_actor(logged("low", &log));
    assert_eq!(
        stop_after(&rt, group, &log, &added).await,
        ["low interrupted", "child interrupted"]
    );
}

async fn a_child_of_a_blocking_actor_stops_with_it_too<R: Runtime>(rt: R) {
    let (log, added) = (Log::new(), Event::new());
    let (child, adds) = (logged("child", &log), added.clone());
    let parent = Actor::blocking_with(move |ctx| {
        assert!(ctx.handle().add_actor(child).is_ok());
        adds.set();
        futures_lite::future::block_on(ctx.interrupted());
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(parent.stage(1));
    assert_eq!(
        stop_after(&rt, group, &log, &added).await,
        ["child interrupted", "low interrupted"]
    );
}

async fn a_child_is_added_through_a_clone_of_the_handle<R: Runtime>(rt: R) {
    let (log, added) = (Log::new(), Event::new());
    let (child, adds) = (logged("child", &log), added.clone());
    let parent = parent(move |ctx| {
        let handle = ctx.handle();
        std::thread::spawn(move || {
            assert!(handle.clone().add_actor(child).is_ok());
            adds.set();
        });
    });
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(parent.stage(1));
    assert_eq!(
        stop_after(&rt, group, &log, &added).await,
        ["child interrupted", "low interrupted"]
    );
}

/// It has no stage yet: another parent may give it one.
async fn a_child_added_to_a_group_that_stops_is_given_back_whole<R: Runtime>(rt: R) {
    let log = Log::new();
    let (give, given) = async_channel::bounded::<Actor>(1);
    let child = logged("child", &log);
    let late = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        give.try_send(ctx.handle().add_actor(child).unwrap_err())?;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(late.stage(9));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();

    let mut group = Group::new();
    group.add_actor(logged("high", &log).stage(1));
    group.add_actor(given.try_recv().unwrap());
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries()[0], "high interrupted");
}

async fn the_handle_of_the_group_gives_no_stage<R: Runtime>(rt: R) {
    let (log, added) = (Log::new(), Event::new());
    let (child, adds) = (logged("child", &log), added.clone());
    let mut group = Group::new();
    let handle: Handle = group.handle();
    let adder = parent(move |_| {
        assert!(handle.add_actor(child).is_ok());
        adds.set();
    });
    group.add_actor(adder.stage(2));
    group.add_actor(logged("middle", &log).stage(1));
    assert_eq!(
        stop_after(&rt, group, &log, &added).await,
        ["middle interrupted", "child interrupted"]
    );
}

async fn the_handle_of_a_context_is_that_of_the_innermost_group<R: Runtime>(rt: R) {
    let (log, added) = (Log::new(), Event::new());
    let (child, adds) = (logged("child", &log), added.clone());
    let mut inner = Group::new();
    let stops = parent(move |ctx| {
        ctx.handle().add_actor(child).unwrap();
        adds.set();
    });
    inner.add_actor(stops);
    let inner_handle = inner.handle();
    let mut outer = Group::new();
    let inner = inner.into_actor(rt.spawner());
    outer.add_actor(inner.ends_group(Ends::Never));
    outer.add_actor(waiter());
    let handle = outer.handle();
    let mut run = Box::pin(outer.run(rt.spawner()));
    during(&mut run, added.wait()).await;
    inner_handle.stop(Ok(()));
    during(&mut run, log.until("child exited")).await;
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn the_handle_of_a_context_stops_the_group<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(parent(|ctx| ctx.handle().stop(Err("from inside".into()))));
    group.add_actor(waiter());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert!(error.actor().is_none());
    assert!(format!("{error:#}").contains("from inside"));
}

async fn the_handle_of_a_context_outlives_it<R: Runtime>(rt: R) {
    let (give, given) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add_actor(parent(move |ctx| give.try_send(ctx.handle()).unwrap()));
    group.add(async { Ok(()) }, |_| {});
    group.run(rt.spawner()).await.unwrap();
    let handle = given.recv().await.unwrap();
    assert!(handle.add_actor(waiter()).is_err());
    handle.force();
    handle.stopping().await;
}
