//! Law 26: which actors are ready, and when each stage starts.

use async_channel::{Receiver, Sender};
use futures_lite::future::poll_once;
use rungroup::{Actor, Context, Ends, Group};

use crate::runtime::Runtime;
use crate::support::cause::{self, losing};
use crate::support::{Log, deaf, logged, parking, waiter, watched};

on_every_runtime! {
    law_26_not_ready_says_why,
    law_26_a_stage_starts_when_all_below_have_announced,
    law_26_stages_start_one_after_the_other,
    law_26_who_is_gone_by_its_policy_is_not_waited_for,
    law_26_what_has_not_started_at_the_stop_never_starts,
    law_26_without_announcements_all_start_at_once,
    law_26_ready_resolves_ok_once_all_have_announced,
    law_26_ready_waits_for_the_last_stage_to_start,
    law_26_ready_resolves_err_once_the_group_stops,
    law_26_ready_resolves_err_when_the_group_is_gone,
    law_26_is_ready_is_false_before_the_first_interrupt,
    law_26_a_context_dropped_unannounced_is_never_ready,
    law_26_announced_too_late_is_harmless,
    law_26_an_actor_added_above_the_gate_waits_for_it,
    law_26_background_is_waited_for_too,
}

/// An actor that leaves it to the test to announce it, and waits for its interrupt.
fn announcer(give: &Sender<Context>) -> Actor {
    let give = give.clone();
    let actor = Actor::with(|ctx| async move {
        let _ = give.try_send(ctx.clone());
        ctx.interrupted().await;
        Ok(())
    });
    actor.announces_ready()
}

fn contexts() -> (Sender<Context>, Receiver<Context>) {
    async_channel::unbounded()
}

/// "Stage n+1 starts when every such actor of the stages below has announced …"
async fn law_26_a_stage_starts_when_all_below_have_announced<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(logged("http", &log).stage(1));
    group.add_actor(announcer(&give).name("one"));
    group.add_actor(announcer(&give).name("two"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));

    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("http spawned"), 0);
    given.recv().await.unwrap().announce_ready();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("http spawned"), 0);
    given.recv().await.unwrap().announce_ready();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("http spawned"), 1);
    handle.stop(Ok(()));
    run.await.unwrap();
    assert_eq!(log.entries(), ["http interrupted", "http exited"]);
}

async fn law_26_stages_start_one_after_the_other<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(waiter().name("top").stage(u32::MAX));
    group.add_actor(announcer(&give).name("high").stage(7));
    group.add_actor(announcer(&give).name("low"));
    group.add_actor(waiter().name("beside").stage(7));
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    let mut seen = Vec::new();
    for _ in 0..2 {
        assert!(poll_once(&mut run).await.is_none());
        seen.push(spawned(&tasks));
        given.recv().await.unwrap().announce_ready();
    }
    assert!(poll_once(&mut run).await.is_none());
    seen.push(spawned(&tasks));
    assert_eq!(
        seen,
        [
            vec!["low spawned"],
            vec!["low spawned", "high spawned", "beside spawned"],
            vec![
                "low spawned",
                "high spawned",
                "beside spawned",
                "top spawned"
            ],
        ]
    );
    handle.stop(Ok(()));
    run.await.unwrap();
}

fn spawned(tasks: &Log) -> Vec<String> {
    let mut entries = tasks.entries();
    entries.retain(|entry| entry.ends_with("spawned"));
    entries
}

/// "… or is gone by a policy that ignores it."
async fn law_26_who_is_gone_by_its_policy_is_not_waited_for<R: Runtime>(rt: R) {
    for (ends, fails) in [(Ends::OnError, false), (Ends::Never, true)] {
        let mut group = Group::new();
        let gone =
            Actor::with(move |_| async move { if fails { Err("failure".into()) } else { Ok(()) } });
        group.add_actor(gone.announces_ready().ends_group(ends));
        // The group ends because this one starts.
        group.add_actor(Actor::new(async { Ok(()) }, |_| {}).stage(1).name("http"));
        group.add_actor(waiter());
        let report = group.run_report(rt.spawner()).await;
        let cause = report.cause().unwrap();
        assert_eq!(cause.actor().unwrap().as_str(), Some("http"));
    }
}

/// "A stop before that: the stages not yet started never start; their executes and interrupts are
/// dropped uncalled."
async fn law_26_what_has_not_started_at_the_stop_never_starts<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let (log, tasks) = (Log::new(), Log::new());
        let (give, _given) = contexts();
        let mut group = Group::new();
        group.add_actor(announcer(&give).stage(1));
        let interrupt_dropped = log.on_drop("interrupt dropped");
        let held = log.on_drop("execute dropped");
        let polled = log.clone();
        group.add_actor(
            Actor::new(
                async move {
                    let _held = held;
                    polled.add("polled");
                    Ok(())
                },
                move |_| {
                    let _held = interrupt_dropped;
                    panic!("called");
                },
            )
            .stage(5)
            .name("http"),
        );
        cause.add_to(&mut group);
        let _ = group.run(losing(watched(&rt, &tasks))).await;
        assert_eq!(tasks.count("http spawned"), 0, "{cause:?}");
        let mut entries = log.entries();
        entries.sort();
        assert_eq!(
            entries,
            ["execute dropped", "interrupt dropped"],
            "{cause:?}"
        );
    }
}

/// An actor that was not asked to announce is not waited for.
async fn law_26_without_announcements_all_start_at_once<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let mut group = Group::new();
    for stage in [3, 0, u32::MAX] {
        group.add_actor(waiter().name(stage.to_string()).stage(stage));
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(!handle.is_ready());
    assert!(poll_once(&mut run).await.is_none());
    // Law 4: in the order of adding.
    assert_eq!(
        spawned(&tasks),
        ["3 spawned", "0 spawned", "4294967295 spawned"]
    );
    assert!(handle.is_ready());
    handle.ready().await.unwrap();
    handle.stop(Ok(()));
    run.await.unwrap();
}

/// "`Handle::ready` resolves Ok once all stages have started and all have announced."
async fn law_26_ready_resolves_ok_once_all_have_announced<R: Runtime>(rt: R) {
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    group.add_actor(announcer(&give));
    let handle = group.handle();
    let mut ready = Box::pin(handle.ready());
    let mut again = Box::pin(handle.clone().ready());
    assert!(poll_once(&mut ready).await.is_none(), "ready before it ran");
    let mut run = Box::pin(group.run(rt.spawner()));
    for _ in 0..2 {
        assert!(poll_once(&mut run).await.is_none());
        assert!(poll_once(&mut ready).await.is_none());
        assert!(!handle.is_ready());
        given.recv().await.unwrap().announce_ready();
    }
    assert!(poll_once(&mut run).await.is_none());
    assert!(handle.is_ready());
    ready.await.unwrap();
    assert_eq!(poll_once(&mut again).await, Some(Ok(())));
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_26_ready_waits_for_the_last_stage_to_start<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    group.add_actor(waiter().name("top").stage(1));
    let handle = group.handle();
    let run = group.run(watched(&rt, &tasks));
    let check = async {
        given.recv().await.unwrap().announce_ready();
        handle.ready().await.unwrap();
        assert_eq!(tasks.count("top spawned"), 1);
        handle.stop(Ok(()));
    };
    futures_lite::future::zip(run, check).await.0.unwrap();
}

/// "… Err once the group is stopping", also for those that ask later, or were ready before.
async fn law_26_ready_resolves_err_once_the_group_stops<R: Runtime>(rt: R) {
    let (give, _given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    let handle = group.handle();
    let mut ready = Box::pin(handle.ready());
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    assert!(poll_once(&mut ready).await.is_none());
    handle.stop(Ok(()));
    ready.await.unwrap_err();
    handle.ready().await.unwrap_err();
    run.await.unwrap();

    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    handle.ready().await.unwrap();
    handle.stop(Ok(()));
    handle.ready().await.unwrap_err();
    run.await.unwrap();
    handle.ready().await.unwrap_err();
}

async fn law_26_ready_resolves_err_when_the_group_is_gone<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut ready = Box::pin(handle.ready());
    assert!(poll_once(&mut ready).await.is_none());
    drop(group);
    ready.await.unwrap_err();

    let mut group = Group::new();
    let (give, _given) = contexts();
    group.add_actor(announcer(&give));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    let mut ready = Box::pin(handle.ready());
    assert!(poll_once(&mut ready).await.is_none());
    drop(run);
    ready.await.unwrap_err();
}

/// "`is_ready` is false again before the first interrupt is called", whatever the cause.
async fn law_26_is_ready_is_false_before_the_first_interrupt<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        let log = Log::new();
        let mut group = Group::new();
        let (handle, told) = (group.handle(), log.clone());
        let (execute, stop) = crate::support::waiting();
        let first = Actor::new(execute, move |cause| {
            told.add(format!("ready: {}", handle.is_ready()));
            stop(cause);
        });
        group.add_actor(first.stage(9));
        cause.add_to(&mut group);
        let _ = group.run(losing(rt.spawner())).await;
        assert_eq!(log.entries(), ["ready: false"], "{cause:?}");
    }
}

/// The actor has nothing left to announce itself with, and goes on.
async fn law_26_a_context_dropped_unannounced_is_never_ready<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    group.add_actor(waiter().name("top").stage(1));
    let handle = group.handle();
    let mut ready = Box::pin(handle.ready());
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(poll_once(&mut run).await.is_none());
    drop(given.recv().await.unwrap());
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("top spawned"), 0);
    assert!(!handle.is_ready());
    assert!(poll_once(&mut ready).await.is_none());
    handle.stop(Ok(()));
    run.await.unwrap();
    ready.await.unwrap_err();
    assert_eq!(tasks.count("top spawned"), 0);
}

/// During the stop, and after it, on another thread too.
async fn law_26_announced_too_late_is_harmless<R: Runtime>(rt: R) {
    let (log, (give, given)) = (Log::new(), contexts());
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    group.add_actor(announcer(&give));
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    let (one, two) = (given.recv().await.unwrap(), given.recv().await.unwrap());
    handle.stop(Ok(()));
    assert!(poll_once(&mut run).await.is_none());
    one.announce_ready();
    assert!(poll_once(&mut run).await.is_none());
    assert!(!handle.is_ready());
    handle.force();
    run.await.unwrap_err();
    std::thread::spawn(move || two.announce_ready())
        .join()
        .unwrap();
    assert!(!handle.is_ready());
}

async fn law_26_an_actor_added_above_the_gate_waits_for_it<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give));
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(poll_once(&mut run).await.is_none());
    let late = |stage: u32| waiter().name(format!("late {stage}")).stage(stage);
    handle.add_actor(late(1)).unwrap();
    handle.add_actor(late(0)).unwrap();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("late 0 spawned"), 1);
    assert_eq!(tasks.count("late 1 spawned"), 0);
    given.recv().await.unwrap().announce_ready();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("late 1 spawned"), 1);
    handle.stop(Ok(()));
    run.await.unwrap();
}

/// Background or not: it is an actor of a stage below.
async fn law_26_background_is_waited_for_too<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let (give, given) = contexts();
    let mut group = Group::new();
    group.add_actor(announcer(&give).background());
    group.add_actor(waiter().name("top").stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(watched(&rt, &tasks)));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("top spawned"), 0);
    given.recv().await.unwrap().announce_ready();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(tasks.count("top spawned"), 1);
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_26_not_ready_says_why<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let ready = group.handle().ready();
    group.add_actor(waiter());
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(
        ready.await.unwrap_err().to_string(),
        "the group is stopping"
    );
}
