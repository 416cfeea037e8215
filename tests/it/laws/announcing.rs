//! Law 26: which actors can announce that they are ready, and what becomes of those that do not.

use std::future::pending;
use std::task::Waker;

use async_channel::Receiver;
use futures_lite::future::poll_once;
use rungroup::{Actor, Context, Ends, Group, Phase, Task};

use crate::runtime::Runtime;
use crate::support::{Event, Held, Log, during, logged, poll_with, waiter, watched};

on_every_runtime! {
    law_26_a_blocking_actor_announces,
    law_26_an_inner_group_announces_when_it_is_ready,
    law_26_an_inner_group_announces_although_one_of_its_actors_has_revoked,
    law_26_an_inner_group_is_not_waited_for_unasked,
    law_26_an_inner_group_that_leaves_lets_the_others_start,
    law_26_to_announce_again_does_nothing,
    law_26_to_announce_unasked_does_nothing,
    law_26_one_without_a_context_holds_back_the_stages_above,
    law_26_one_that_fails_unannounced_ends_the_group,
    law_26_a_clone_of_the_context_announces,
    law_26_the_order_of_the_setters_does_not_matter,
}

/// Runs `group` in which an actor of stage 1, "top", must not start before `announce` was called.
async fn holds_back_until<R: Runtime>(rt: R, mut group: Group, announce: impl FnOnce()) {
    let tasks = Log::new();
    group.add_actor(waiter().name("top").stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(handle.status().phase(), Phase::Starting);
    assert_eq!(tasks.count("top spawned"), 0);
    assert!(!handle.is_ready());
    announce();
    during(&mut run, handle.ready()).await.unwrap();
    assert_eq!(tasks.count("top spawned"), 1);
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_26_a_blocking_actor_announces<R: Runtime>(rt: R) {
    let open = Event::new();
    let opened = open.clone();
    let blocking = Actor::blocking_with(move |ctx| {
        opened.wait_blocking();
        ctx.announce_ready();
        futures_lite::future::block_on(ctx.interrupted());
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(blocking.announces_ready());
    holds_back_until(rt, group, || open.set()).await;
}

/// An actor that announces itself once `open` is there.
fn announcer(open: &Event) -> Actor {
    let open = open.clone();
    let actor = Actor::with(|ctx| async move {
        ctx.run_until_interrupted(open.wait()).await;
        ctx.announce_ready();
        ctx.interrupted().await;
        Ok(())
    });
    actor.announces_ready()
}

/// "A nested group says so when it is": all its stages, however deep it is.
async fn law_26_an_inner_group_announces_when_it_is_ready<R: Runtime>(rt: R) {
    for depth in 1..=3 {
        let (one, two) = (Event::new(), Event::new());
        let mut group = Group::new();
        group.add_actor(announcer(&one));
        group.add_actor(announcer(&two).stage(1));
        for _ in 0..depth {
            let mut outer = Group::new();
            outer.add_actor(group.into_actor(rt.spawner()).announces_ready());
            group = outer;
        }
        let announce = || {
            one.set();
            two.set();
        };
        holds_back_until(rt.clone(), group, announce).await;
    }
}

/// "`ready`, which is about the start", is what counts.
async fn law_26_an_inner_group_announces_although_one_of_its_actors_has_revoked<R: Runtime>(rt: R) {
    let (open, revoked) = (Event::new(), Event::new());
    let (opened, revokes) = (open.clone(), revoked.clone());
    let moody = Actor::with(|ctx| async move {
        opened.wait().await;
        ctx.announce_ready();
        // On most runtimes, before its group has seen the announcement.
        ctx.revoke_ready();
        revokes.set();
        ctx.interrupted().await;
        Ok(())
    });
    let mut inner = Group::new();
    inner.add_actor(moody.announces_ready());
    let inner_handle = inner.handle();
    let mut group = Group::new();
    group.add_actor(inner.into_actor(rt.spawner()).announces_ready());
    group.add_actor(waiter().stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    assert!(!handle.is_ready());
    open.set();
    during(&mut run, handle.ready()).await.unwrap();
    assert!(handle.is_ready());
    revoked.wait().await;
    assert!(!inner_handle.is_ready());
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_26_an_inner_group_is_not_waited_for_unasked<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(announcer(&Event::new()));
    let mut group = Group::new();
    group.add_actor(inner.into_actor(rt.spawner()));
    group.add_actor(waiter().stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    run.await.unwrap();
}

/// "… or is gone by a policy that ignores it."
async fn law_26_an_inner_group_that_leaves_lets_the_others_start<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(announcer(&Event::new()));
    let inner_handle = inner.handle();
    let mut group = Group::new();
    let inner = inner.into_actor(rt.spawner());
    group.add_actor(inner.announces_ready().ends_group(Ends::OnError));
    let announce = || inner_handle.stop(Ok(()));
    holds_back_until(rt, group, announce).await;
}

/// An actor that waits for its interrupt, and gives its context to the test.
fn giving() -> (Actor, Receiver<Context>) {
    let (give, given) = async_channel::bounded(1);
    let actor = Actor::with(|ctx| async move {
        give.try_send(ctx.clone())?;
        ctx.interrupted().await;
        Ok(())
    });
    (actor, given)
}

/// Of two, one that announces itself twice does not do it for the other.
async fn law_26_to_announce_again_does_nothing<R: Runtime>(rt: R) {
    assert_no_help_to_the_other(rt, Actor::announces_ready).await;
}

async fn law_26_to_announce_unasked_does_nothing<R: Runtime>(rt: R) {
    assert_no_help_to_the_other(rt, |actor| actor).await;
}

/// One of two has yet to announce, whatever the other one does, which `set` makes.
async fn assert_no_help_to_the_other<R: Runtime>(rt: R, set: fn(Actor) -> Actor) {
    let ((one, give_one), (other, give_other)) = (giving(), giving());
    let mut group = Group::new();
    group.add_actor(one.announces_ready());
    group.add_actor(set(other));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    let other = during(&mut run, give_other.recv()).await.unwrap();
    for _ in 0..3 {
        other.announce_ready();
        assert!(poll_once(&mut run).await.is_none());
        assert!(!handle.is_ready());
    }
    let one = during(&mut run, give_one.recv()).await.unwrap();
    one.announce_ready();
    during(&mut run, handle.ready()).await.unwrap();
    one.announce_ready();
    handle.stop(Ok(()));
    run.await.unwrap();
    one.announce_ready();
    assert!(!handle.is_ready());
}

/// There is nothing that it could announce itself with.
async fn law_26_one_without_a_context_holds_back_the_stages_above<R: Runtime>(rt: R) {
    type Make = fn() -> Actor;
    let makes: [Make; 3] = [
        waiter,
        || Actor::cancellable(std::future::pending()),
        || {
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            let work = move || {
                let _ = stopped.recv();
                Ok(())
            };
            Actor::blocking(work, |_| drop(stop))
        },
    ];
    for make in makes {
        let mut group = Group::new();
        group.add_actor(make().announces_ready());
        group.add_actor(waiter().name("top").stage(1));
        let handle = group.handle();
        let mut run = Box::pin(group.run_report(rt.spawner()));
        assert!(poll_once(&mut run).await.is_none());
        assert!(!handle.is_ready());
        handle.stop(Ok(()));
        let report = run.await;
        assert_eq!(report.never_started()[0].as_str(), Some("top"));
        report.into_result().unwrap();
    }
}

async fn law_26_one_that_fails_unannounced_ends_the_group<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let fails = Actor::with(|_| async { Err("port taken".into()) });
    group.add_actor(fails.name("http").announces_ready());
    group.add_actor(logged("top", &log).stage(1));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.actor().unwrap().as_str(), Some("http"));
    assert!(!log.entries().iter().any(|entry| entry == "top interrupted"));
}

/// From another thread.
async fn law_26_a_clone_of_the_context_announces<R: Runtime>(rt: R) {
    let open = Event::new();
    let opened = open.clone();
    let actor = Actor::with(|ctx| async move {
        let clone = ctx.clone();
        std::thread::spawn(move || {
            opened.wait_blocking();
            clone.announce_ready();
        });
        ctx.interrupted().await;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(actor.announces_ready());
    holds_back_until(rt, group, || open.set()).await;
}

async fn law_26_the_order_of_the_setters_does_not_matter<R: Runtime>(rt: R) {
    let open = Event::new();
    let actor = announcer(&open)
        .name("late")
        .stage(0)
        .ends_group(Ends::OnError);
    let mut group = Group::new();
    group.add_actor(actor);
    holds_back_until(rt, group, || open.set()).await;
}

/// Its exit came first, and lets the stage above start before what ends the group is looked at.
#[test]
fn law_26_one_that_announces_after_its_exit_is_gone_by_its_policy() {
    let (held, end) = (Held::new(), Event::new());
    let (give, given) = async_channel::bounded(1);
    let mut group = Group::new();
    let ended = end.clone();
    let leaves = Actor::with(|ctx| async move {
        let _ = give.try_send(ctx);
        ended.wait().await;
        Ok(())
    });
    group.add_actor(leaves.announces_ready().ends_group(Ends::OnError));
    let ended = end.clone();
    let ends = async move {
        ended.wait().await;
        Ok(())
    };
    group.add(ends, |_| {});
    group.add_actor(Actor::cancellable(pending()).name("above").stage(1));

    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    let poll = |task: &mut Task| poll_with(Waker::noop(), task).is_ready();
    assert_eq!(tasks.iter_mut().map(poll).collect::<Vec<_>>(), [false; 2]);
    end.set();
    assert_eq!(tasks.iter_mut().map(poll).collect::<Vec<_>>(), [true; 2]);
    given.try_recv().unwrap().announce_ready();
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    assert_eq!(held.take()[0].name().as_str(), Some("above"));
}
