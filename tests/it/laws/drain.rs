//! Law 27: the delay before a stop that was requested.

use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use rungroup::{Actor, Ends, Error, ErrorKind, Group, Handle, Spawner};

use crate::clock::{self, Alarm, Alarms};
use crate::runtime::Runtime;
use crate::support::cause::{self, Kind, losing};
use crate::support::{Event, Log, deaf, during, ending, kaboom, logged, parking, waiter, watched};

on_every_runtime! {
    law_27_an_ok_request_delays_the_first_interrupt,
    law_27_all_are_still_at_work_during_the_drain,
    law_27_actors_are_added_during_the_drain,
    law_27_one_that_leaves_during_the_drain_leaves_nothing_behind,
    law_27_an_exit_during_the_drain_is_none_during_the_stop,
    law_27_a_failure_skips_the_rest,
    law_27_a_force_skips_the_rest,
    law_27_skip_drain_ends_it,
    law_27_skip_drain_holds_for_a_later_drain,
    law_27_skip_drain_alone_does_nothing,
    law_27_a_further_request_does_nothing,
    law_27_the_last_exit_skips_the_rest,
    law_27_an_ok_exit_that_is_not_the_last_skips_nothing,
    law_27_no_other_cause_is_delayed,
    law_27_grace_includes_the_drain,
    law_27_a_drain_longer_than_the_grace_loses,
    law_27_a_drain_as_long_as_the_grace_leaves_no_time_to_stop,
    law_27_a_zero_grace_skips_the_drain,
    law_27_a_drain_of_zero_is_none,
    law_27_a_drain_of_duration_max_waits_for_its_end,
    law_27_a_group_that_was_never_ready_does_not_drain,
    law_27_an_inner_group_does_not_drain_again,
    law_27_an_inner_group_drains_if_it_is_asked_itself,
    law_27_the_drain_counts_from_the_request,
    law_27_the_clock_of_the_spawner_ends_the_drain,
}

const DRAIN: Duration = Duration::from_secs(3600);

/// A group in the middle of its drain.
struct Draining {
    run: Run,
    handle: Handle,
    alarm: Alarm,
}

impl Draining {
    /// Runs the group, and asks it to stop.
    async fn begin(mut group: Group, spawner: impl Spawner + 'static) -> Draining {
        let (spawner, alarms) = clock::manual(spawner);
        group.drain(DRAIN);
        let handle = group.handle();
        let mut run: Run = Box::pin(group.run(spawner));
        during(&mut run, handle.ready()).await.unwrap();
        handle.stop(Ok(()));
        assert!(poll_once(&mut run).await.is_none());
        let alarm = alarms.next().await;
        assert!(alarm.is_for(DRAIN), "{:?}", alarm.duration);
        Draining { run, handle, alarm }
    }
}

/// Runs `group` until it is ready, then asks it to stop.
async fn request<S: Spawner + 'static>(group: Group, spawner: S) -> Run {
    let handle = group.handle();
    let mut run: Run = Box::pin(group.run(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    run
}

type Run = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// "A stop requested with Ok first turns `is_ready` false, and calls the first interrupt `d` later."
async fn law_27_an_ok_request_delays_the_first_interrupt<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(logged("a", &log));
    group.add_actor(logged("b", &log).stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    assert!(handle.is_ready());
    assert!(alarms.are_all_taken());

    handle.stop(Ok(()));
    assert!(!handle.is_ready());
    assert!(poll_once(&mut run).await.is_none());
    let alarm = alarms.next().await;
    assert!(alarm.is_for(DRAIN));
    assert_eq!(log.entries().len(), 0, "interrupted before the delay");
    alarm.ring();
    run.await.unwrap();
    assert!(alarms.are_all_taken(), "one delay, however many stages");
    assert_eq!(
        log.entries(),
        ["b interrupted", "b exited", "a interrupted", "a exited"]
    );
}

async fn law_27_all_are_still_at_work_during_the_drain<R: Runtime>(rt: R) {
    let (ask, asked) = async_channel::unbounded::<async_channel::Sender<&str>>();
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        while let Some(question) = ctx.run_until_interrupted(asked.recv()).await {
            let _ = question?.try_send("42");
        }
        Ok(())
    }));
    let draining = Draining::begin(group, rt.spawner()).await;
    let (answer, answers) = async_channel::bounded(1);
    ask.try_send(answer).unwrap();
    assert_eq!(answers.recv().await.unwrap(), "42");
    draining.alarm.ring();
    draining.run.await.unwrap();
}

/// "Until then everything is as before the cause": those that are added work, and stop in their turn.
async fn law_27_actors_are_added_during_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    let mut draining = Draining::begin(group, rt.spawner()).await;
    let (worked, works) = (log.clone(), log.clone());
    let late = Actor::with(|ctx| async move {
        worked.add("late works");
        ctx.interrupted().await;
        Ok(())
    });
    draining.handle.add_actor(late.stage(2)).unwrap();
    draining
        .handle
        .add_actor(logged("middle", &log).stage(1))
        .unwrap();
    during(&mut draining.run, works.until("late works")).await;
    draining.alarm.ring();
    draining.run.await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "late works",
            "middle interrupted",
            "middle exited",
            "low interrupted",
            "low exited"
        ]
    );
}

/// Law 7, "during a drain … too": its interrupt is dropped uncalled, at its exit.
async fn law_27_one_that_leaves_during_the_drain_leaves_nothing_behind<R: Runtime>(rt: R) {
    for fails in [false, true] {
        let (log, tasks) = (Log::new(), Log::new());
        let mut group = Group::new();
        group.add_actor(waiter());
        let draining = Draining::begin(group, watched(&rt, &tasks)).await;
        let mut run = draining.run;
        let (dropped, called) = (log.on_drop("interrupt dropped"), log.clone());
        let leaves = Actor::new(
            async move { if fails { Err("no".into()) } else { Ok(()) } },
            move |_| {
                let _dropped = dropped;
                called.add("interrupt called");
            },
        );
        let ends = if fails { Ends::Never } else { Ends::OnError };
        let added = draining
            .handle
            .add_actor(leaves.name("leaves").ends_group(ends));
        added.unwrap();
        during(&mut run, log.until("interrupt dropped")).await;
        assert!(!draining.alarm.is_let_go());
        draining.alarm.ring();
        run.await.unwrap();
        assert_eq!(log.entries(), ["interrupt dropped"]);
    }
}

/// "'During the stop' counts from the first interrupt."
async fn law_27_an_exit_during_the_drain_is_none_during_the_stop<R: Runtime>(rt: R) {
    let (leave, tasks) = (Event::new(), Log::new());
    let (spawner, alarms) = clock::manual(watched(&rt, &tasks));
    let mut group = Group::new();
    group.drain(DRAIN);
    for (name, ends, outcome) in [
        ("stays", Ends::OnExit, Ok(())),
        ("leaves", Ends::Never, Err("reset")),
    ] {
        let leaving = leave.clone();
        let execute = async move {
            leaving.wait().await;
            outcome.map_err(Into::into)
        };
        group.add_actor(Actor::new(execute, |_| {}).name(name).ends_group(ends));
    }
    group.add_actor(waiter().name("late"));
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    assert!(poll_once(&mut run).await.is_none());
    leave.set();
    during(&mut run, tasks.until("stays done")).await;
    during(&mut run, tasks.until("leaves done")).await;
    assert!(poll_once(&mut run).await.is_none());
    alarms.next().await.ring();
    let report = run.await;
    let exits = report.exits().iter();
    let exits: Vec<_> = exits
        .map(|exit| (exit.actor().as_str().unwrap(), exit.stopped_in().is_some()))
        .collect();
    assert_eq!(exits, [("leaves", false), ("late", true)]);
    assert_eq!(report.omitted(), 1, "the one that returned");
}

/// "A failure that would have ended the group (it counts as one during the stop)".
async fn law_27_a_failure_skips_the_rest<R: Runtime>(rt: R) {
    for (how, kind) in [
        (Kind::Failure, None),
        (Kind::Panic, Some(ErrorKind::Panicked)),
        (Kind::Loss, Some(ErrorKind::Lost)),
    ] {
        let (log, fail) = (Log::new(), Event::new());
        let failing = fail.clone();
        let mut group = Group::new();
        group.add_actor(logged("a", &log));
        let execute = async move {
            failing.wait().await;
            match how {
                Kind::Panic => kaboom("kaboom"),
                _ => Err("failure".into()),
            }
        };
        let fails = Actor::new(execute, |_| {}).ends_group(Ends::OnError);
        group.add_actor(fails.name("fails"));
        let draining = match how {
            Kind::Loss => Draining::begin(group, losing_on(&rt, "fails", &fail)).await,
            _ => Draining::begin(group, rt.spawner()).await,
        };
        assert_eq!(log.entries().len(), 0);
        fail.set();
        let result = draining.run.await;
        assert_eq!(result.map_err(|error| error.kind()).err(), kind);
        assert_eq!(log.entries(), ["a interrupted", "a exited"], "{how:?}");
        assert!(draining.alarm.is_let_go());
    }
}

/// Spawns as `rt` does, but loses the task of that name once `lose` is there.
fn losing_on<R: Runtime>(rt: &R, name: &'static str, lose: &Event) -> impl Spawner + use<R> {
    let (rt, lose) = (rt.clone(), lose.clone());
    rungroup::spawner::from_fn(move |task: rungroup::Task| {
        if task.name().as_str() != Some(name) {
            return rt.spawner().spawn_task(task);
        }
        let lose = lose.clone();
        rt.spawn(async move {
            lose.wait().await;
            drop(task);
        });
    })
}

async fn law_27_a_force_skips_the_rest<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let draining = Draining::begin(group, parking(rt.spawner())).await;
    draining.handle.force();
    let error = draining.run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
}

/// "`skip_drain`: what is left of it, now …"
async fn law_27_skip_drain_ends_it<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("a", &log));
    let draining = Draining::begin(group, rt.spawner()).await;
    draining.handle.skip_drain();
    draining.handle.skip_drain();
    draining.run.await.unwrap();
    assert_eq!(log.entries(), ["a interrupted", "a exited"]);
    assert!(draining.alarm.is_let_go());
}

/// "… or later": before the request, and before the run.
async fn law_27_skip_drain_holds_for_a_later_drain<R: Runtime>(rt: R) {
    for before_run in [false, true] {
        let log = Log::new();
        let (spawner, alarms) = clock::manual(rt.spawner());
        let mut group = Group::new();
        group.drain(DRAIN);
        group.add_actor(logged("a", &log));
        let handle = group.handle();
        if before_run {
            handle.skip_drain();
        }
        let mut run = Box::pin(group.run(spawner));
        during(&mut run, handle.ready()).await.unwrap();
        if !before_run {
            handle.skip_drain();
            assert!(poll_once(&mut run).await.is_none());
        }
        handle.stop(Ok(()));
        run.await.unwrap();
        assert_eq!(log.entries(), ["a interrupted", "a exited"]);
        assert!(alarms.are_all_taken());
    }
}

/// It asks for no stop.
async fn law_27_skip_drain_alone_does_nothing<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    handle.skip_drain();
    assert!(poll_once(&mut run).await.is_none());
    assert!(handle.is_ready());
    handle.stop(Ok(()));
    run.await.unwrap();
}

/// Whatever its outcome; the first request stays the cause.
async fn law_27_a_further_request_does_nothing<R: Runtime>(rt: R) {
    for fails in [false, true] {
        let log = Log::new();
        let mut group = Group::new();
        group.add_actor(logged("a", &log));
        let mut draining = Draining::begin(group, rt.spawner()).await;
        let outcome = if fails { Err("second".into()) } else { Ok(()) };
        draining.handle.stop(outcome);
        assert!(poll_once(&mut draining.run).await.is_none());
        assert_eq!(log.entries().len(), 0);
        assert!(!draining.alarm.is_let_go());
        draining.alarm.ring();
        draining.run.await.unwrap();
        assert_eq!(log.entries(), ["a interrupted", "a exited"]);
    }
}

/// There is nothing left to drain for; the background does not count.
async fn law_27_the_last_exit_skips_the_rest<R: Runtime>(rt: R) {
    let log = Log::new();
    let leave = Event::new();
    let mut group = Group::new();
    group.add_actor(logged("background", &log).background());
    for _ in 0..2 {
        let leaving = leave.clone();
        group.add(
            async move {
                leaving.wait().await;
                Ok(())
            },
            |_| {},
        );
    }
    let draining = Draining::begin(group, rt.spawner()).await;
    leave.set();
    draining.run.await.unwrap();
    assert_eq!(
        log.entries(),
        ["background interrupted", "background exited"]
    );
}

async fn law_27_an_ok_exit_that_is_not_the_last_skips_nothing<R: Runtime>(rt: R) {
    let (log, tasks, leave) = (Log::new(), Log::new(), Event::new());
    let leaving = leave.clone();
    let mut group = Group::new();
    group.add_actor(logged("stays", &log));
    let leaves = Actor::new(
        async move {
            leaving.wait().await;
            Ok(())
        },
        |_| {},
    );
    group.add_actor(leaves.name("leaves"));
    let mut draining = Draining::begin(group, crate::support::watched(&rt, &tasks)).await;
    leave.set();
    tasks.until("leaves done").await;
    assert!(poll_once(&mut draining.run).await.is_none());
    assert_eq!(log.entries().len(), 0);
    draining.alarm.ring();
    draining.run.await.unwrap();
}

/// Only "a stop requested with Ok" is delayed.
async fn law_27_no_other_cause_is_delayed<R: Runtime>(rt: R) {
    for cause in cause::ALL {
        if cause == Kind::OkRequest {
            continue;
        }
        let (spawner, alarms) = clock::manual(losing(rt.spawner()));
        let mut group = Group::new();
        group.drain(DRAIN);
        group.add_actor(waiter());
        cause.add_to(&mut group);
        let _ = group.run(spawner).await;
        assert!(alarms.are_all_taken(), "{cause:?}");
    }
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(waiter().background());
    group.run(spawner).await.unwrap();
    assert!(alarms.are_all_taken());
}

/// The alarms of the grace and of the drain, which is the shorter one.
async fn both(alarms: &Alarms) -> (Alarm, Alarm) {
    let (one, two) = (alarms.next().await, alarms.next().await);
    if one.duration < two.duration {
        (two, one)
    } else {
        (one, two)
    }
}

/// "The grace budget includes it": both begin at the cause.
async fn law_27_grace_includes_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut group = Group::new();
    group.drain(DRAIN).grace(4 * DRAIN);
    group.add_actor(deaf("deaf", &log));
    let mut run = request(group, spawner).await;
    assert!(poll_once(&mut run).await.is_none());
    let (grace, drain) = both(&alarms).await;
    assert!(grace.is_for(4 * DRAIN) && drain.is_for(DRAIN));
    drain.ring();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["deaf interrupted"]);
    grace.ring();
    run.await.unwrap_err();
    assert!(alarms.are_all_taken());
}

/// When the grace ends, the group is forced, whatever it is doing.
async fn law_27_a_drain_longer_than_the_grace_loses<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut group = Group::new();
    group.drain(4 * DRAIN).grace(DRAIN);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    let mut run = request(group, spawner).await;
    assert!(poll_once(&mut run).await.is_none());
    let (drain, grace) = both(&alarms).await;
    assert_eq!(log.entries().len(), 0);
    grace.ring();
    let error = run.await.unwrap_err();
    assert!(drain.is_let_go());
    assert_eq!(error.report().stragglers().len(), 2);
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "low interrupted",
            "high dropped",
            "low dropped"
        ]
    );
}

/// Whichever clock rings first.
async fn law_27_a_drain_as_long_as_the_grace_leaves_no_time_to_stop<R: Runtime>(rt: R) {
    for first in [0, 1] {
        let log = Log::new();
        let (spawner, alarms) = clock::manual(parking(rt.spawner()));
        let mut group = Group::new();
        group.drain(DRAIN).grace(DRAIN);
        group.add_actor(deaf("deaf", &log));
        let mut run = request(group, spawner).await;
        assert!(poll_once(&mut run).await.is_none());
        let both = [alarms.next().await, alarms.next().await];
        assert!(both.iter().all(|alarm| alarm.is_for(DRAIN)));
        both[first].ring();
        let ended = poll_once(&mut run).await;
        both[1 - first].ring();
        let result = match ended {
            Some(result) => result,
            None => run.await,
        };
        let error = result.unwrap_err();
        assert_eq!(error.report().stragglers().len(), 1);
        assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
    }
}

async fn law_27_a_zero_grace_skips_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut group = Group::new();
    group.drain(DRAIN).grace(Duration::ZERO);
    group.add_actor(deaf("deaf", &log));
    request(group, spawner).await.await.unwrap_err();
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
    assert!(alarms.are_all_taken());
}

async fn law_27_a_drain_of_zero_is_none<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(Duration::ZERO);
    group.add_actor(waiter());
    request(group, spawner).await.await.unwrap();
    assert!(alarms.are_all_taken());
}

async fn law_27_a_drain_of_duration_max_waits_for_its_end<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.drain(Duration::MAX).grace(Duration::MAX);
    group.add_actor(logged("a", &log));
    let handle = group.handle();
    let mut run = request(group, rt.spawner()).await;
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries().len(), 0);
    handle.skip_drain();
    run.await.unwrap();
}

/// "A group that was never ready does not drain": one that was asked before it ran, and one of
/// which an actor has yet to announce.
async fn law_27_a_group_that_was_never_ready_does_not_drain<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(waiter());
    group.handle().stop(Ok(()));
    group.run(spawner).await.unwrap();
    assert!(alarms.are_all_taken());

    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(ending(|| Ok(())).announces_ready());
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(alarms.are_all_taken());
}

/// A group with a drain of its own, inside another one; its handle, and its alarms.
fn inside<R: Runtime>(rt: &R, log: &Log) -> (Group, Handle, Alarms) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut inner = Group::new();
    inner.drain(DRAIN);
    inner.add_actor(logged("inner", log));
    let handle = inner.handle();
    let mut outer = Group::new();
    outer.add_actor(inner.into_actor(spawner));
    (outer, handle, alarms)
}

/// "… nor does one whose outer group interrupts it: what is outside has drained."
async fn law_27_an_inner_group_does_not_drain_again<R: Runtime>(rt: R) {
    let log = Log::new();
    let (outer, inner, alarms) = inside(&rt, &log);
    let handle = outer.handle();
    let mut run = Box::pin(outer.run(rt.spawner()));
    during(&mut run, inner.ready()).await.unwrap();
    handle.stop(Ok(()));
    run.await.unwrap();
    assert_eq!(log.entries(), ["inner interrupted", "inner exited"]);
    assert!(alarms.are_all_taken());
}

async fn law_27_an_inner_group_drains_if_it_is_asked_itself<R: Runtime>(rt: R) {
    let log = Log::new();
    let (outer, inner, alarms) = inside(&rt, &log);
    let mut run = Box::pin(outer.run(rt.spawner()));
    during(&mut run, inner.ready()).await.unwrap();
    inner.stop(Ok(()));
    let alarm = during(&mut run, alarms.next()).await;
    assert!(alarm.is_for(DRAIN));
    assert_eq!(log.entries().len(), 0);
    alarm.ring();
    run.await.unwrap();
}

/// `run` may be busy when it is made: what passed since is taken off.
async fn law_27_the_drain_counts_from_the_request<R: Runtime>(rt: R) {
    const BUSY: Duration = Duration::from_millis(20);
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(DRAIN);
    group.add_actor(waiter());
    let mut run = request(group, spawner).await;
    // Nothing polls `run` meanwhile.
    rt.spawner().sleep(BUSY).await;
    assert!(poll_once(&mut run).await.is_none());
    let alarm = alarms.next().await;
    assert!(alarm.duration <= DRAIN - BUSY, "{:?}", alarm.duration);
    alarm.ring();
    run.await.unwrap();
}

async fn law_27_the_clock_of_the_spawner_ends_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.drain(Duration::from_millis(1));
    group.add_actor(logged("a", &log));
    request(group, rt.spawner()).await.await.unwrap();
    assert_eq!(log.entries(), ["a interrupted", "a exited"]);
}
