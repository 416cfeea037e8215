//! Law 28: an actor with a grace of its own is forced alone.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use rungroup::{
    Actor, ActorState, Ends, ErrorKind, ForcedBy, Group, Outcome, Phase, Report, Spawner,
};

use crate::clock::{self, Alarms};
use crate::runtime::Runtime;
use crate::support::{
    Event, Log, deaf, during, holding, kaboom, logged, on_drop, parking, waiter, watched,
};

on_every_runtime! {
    law_28_only_the_culprit_is_forced_and_the_stop_goes_on,
    law_28_the_others_of_its_stage_are_waited_for,
    law_28_it_counts_from_the_interrupt_of_its_stage,
    law_28_it_counts_from_the_interrupt_of_the_background,
    law_28_the_shortest_of_a_stage_comes_first,
    law_28_zero_forces_after_the_interrupts_of_its_stage,
    law_28_duration_max_is_for_ever,
    law_28_the_grace_of_the_group_is_not_exceeded,
    law_28_the_stages_below_keep_what_is_left_of_the_budget,
    law_28_one_that_stops_in_time_is_no_straggler,
    law_28_one_that_left_before_its_turn_needs_none,
    law_28_a_thread_is_left_to_itself,
    law_28_one_inside_its_poll_is_left_to_it,
    law_28_the_drop_of_one_forced_alone_panics,
    law_28_an_inner_group_is_forced_alone,
    law_28_a_force_of_the_group_comes_first,
    law_28_the_clock_of_the_spawner_rings,
    law_28_status_tells_who_is_still_waited_for,
    law_28_many_that_end_together_are_forced_together,
    law_28_a_straggler_no_longer_holds_others_back,
}

const GRACE: Duration = Duration::from_secs(3600);

type Run = Pin<Box<dyn Future<Output = Report> + Send>>;

/// Runs `group`, asks it to stop, and polls it until it waits.
async fn stopping(group: Group, spawner: impl Spawner + 'static) -> (Run, Alarms) {
    let (spawner, alarms) = clock::manual(spawner);
    let handle = group.handle();
    let mut run: Run = Box::pin(group.run_report(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    assert!(poll_once(&mut run).await.is_none());
    (run, alarms)
}

fn stragglers(report: &Report) -> Vec<(&str, ActorState)> {
    let stragglers = report.stragglers().iter();
    stragglers
        .map(|one| (one.actor().as_str().unwrap(), one.state()))
        .collect()
}

/// "When it ends, this actor alone is forced, as in law 16, and the stop goes on: for laws 9, 11 and
/// 14 it has exited."
async fn law_28_only_the_culprit_is_forced_and_the_stop_goes_on<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("telemetry", &log).background());
    group.add_actor(logged("database", &log));
    group.add_actor(deaf("http", &log).stage(1).grace(GRACE));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    let alarm = alarms.next().await;
    assert!(alarm.is_for(GRACE));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["http interrupted"]);
    alarm.ring();
    let report = run.await;
    assert_eq!(
        log.entries(),
        [
            "http interrupted",
            "http dropped",
            "database interrupted",
            "database exited",
            "telemetry interrupted",
            "telemetry exited",
        ]
    );
    assert!(alarms.are_all_taken());
    assert_eq!(stragglers(&report), [("http", ActorState::Parked)]);
    let exits = report.exits();
    assert_eq!(exits.len(), 3);
    assert!(matches!(exits[0].outcome(), Outcome::Forced));
    let error = report.into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(error.to_string(), "1 actor did not stop: `http` (parked)");
}

async fn law_28_the_others_of_its_stage_are_waited_for<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let released = release.clone();
    let slow = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(deaf("deaf", &log).stage(1).grace(GRACE));
    group.add_actor(slow.stage(1));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    alarms.next().await.ring();
    during(&mut run, log.until("deaf dropped")).await;
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.count("low interrupted"), 0);
    release.set();
    let report = run.await;
    assert_eq!(stragglers(&report), [("deaf", ActorState::Parked)]);
    assert_eq!(log.count("low exited"), 1);
}

/// "Counted from when its stage was interrupted": until then, no clock is asked.
async fn law_28_it_counts_from_the_interrupt_of_its_stage<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let released = release.clone();
    let high = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(deaf("low", &log).grace(GRACE));
    group.add_actor(high.stage(1));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    assert!(alarms.are_all_taken(), "the clock runs before its turn");
    release.set();
    let alarm = during(&mut run, alarms.next()).await;
    assert!(alarm.is_for(GRACE));
    assert_eq!(log.entries(), ["low interrupted"]);
    alarm.ring();
    assert_eq!(stragglers(&run.await), [("low", ActorState::Parked)]);
}

async fn law_28_it_counts_from_the_interrupt_of_the_background<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("telemetry", &log).background().stage(7).grace(GRACE));
    group.add_actor(waiter());
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    let alarm = during(&mut run, alarms.next()).await;
    assert_eq!(log.entries(), ["telemetry interrupted"]);
    alarm.ring();
    assert_eq!(stragglers(&run.await), [("telemetry", ActorState::Parked)]);
}

async fn law_28_the_shortest_of_a_stage_comes_first<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("long", &log).grace(3 * GRACE));
    group.add_actor(deaf("short", &log).grace(GRACE));
    group.add_actor(deaf("middle", &log).grace(2 * GRACE));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    for name in ["short", "middle"] {
        during(&mut run, alarms.next()).await.ring();
        during(&mut run, log.until(&format!("{name} dropped"))).await;
    }
    assert_eq!(log.count("long dropped"), 0);
    during(&mut run, alarms.next()).await.ring();
    let report = run.await;
    let order: Vec<_> = stragglers(&report).into_iter().map(|one| one.0).collect();
    assert_eq!(order, ["short", "middle", "long"]);
}

/// A zero grace: of this actor, and after the interrupts of all in its stage.
async fn law_28_zero_forces_after_the_interrupts_of_its_stage<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(deaf("deaf", &log).stage(1).grace(Duration::ZERO));
    group.add_actor(deaf("other", &log).stage(1).grace(GRACE));
    let (run, alarms) = stopping(group, parking(rt.spawner())).await;
    assert_eq!(
        log.entries(),
        ["deaf interrupted", "other interrupted", "deaf dropped"]
    );
    alarms.next().await.ring();
    assert!(alarms.are_all_taken());
    let report = run.await;
    assert_eq!(report.stragglers().len(), 2);
    assert_eq!(log.count("low exited"), 1);
}

async fn law_28_duration_max_is_for_ever<R: Runtime>(rt: R) {
    let release = Event::new();
    let released = release.clone();
    let slow = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(slow.grace(Duration::MAX));
    group.add_actor(waiter().stage(1).grace(Duration::MAX));
    group.handle().stop(Ok(()));
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    release.set();
    run.await.unwrap();
}

/// "… the group's budget, which it never exceeds."
async fn law_28_the_grace_of_the_group_is_not_exceeded<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1).grace(4 * GRACE));
    let (run, alarms) = stopping(group, parking(rt.spawner())).await;
    let first = alarms.next().await;
    assert!(first.is_for(GRACE), "{:?}", first.duration);
    first.ring();
    let report = run.await;
    assert_eq!(stragglers(&report).len(), 2);
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

/// One budget, which the first stage used up to its own limit.
async fn law_28_the_stages_below_keep_what_is_left_of_the_budget<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(4 * GRACE);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1).grace(GRACE));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    let (budget, own) = (alarms.next().await, alarms.next().await);
    assert!(budget.is_for(4 * GRACE) && own.is_for(GRACE));
    own.ring();
    during(&mut run, log.until("low interrupted")).await;
    assert!(poll_once(&mut run).await.is_none());
    assert!(!budget.is_let_go());
    budget.ring();
    let report = run.await;
    assert_eq!(report.stragglers().len(), 2);
    assert!(alarms.are_all_taken());
}

async fn law_28_one_that_stops_in_time_is_no_straggler<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.add_actor(waiter().grace(GRACE));
    group.add_actor(waiter().stage(1).grace(GRACE));
    group.handle().stop(Ok(()));
    let report = group.run_report(spawner).await;
    assert!(report.stragglers().is_empty());
    assert_eq!(report.exits().len(), 2);
    while !alarms.are_all_taken() {
        assert!(alarms.next().await.is_let_go());
    }
}

async fn law_28_one_that_left_before_its_turn_needs_none<R: Runtime>(rt: R) {
    let tasks = Log::new();
    let mut group = Group::new();
    let leaves = Actor::new(async { Ok(()) }, |_| {}).name("leaves");
    group.add_actor(leaves.ends_group(Ends::Never).grace(GRACE));
    group.add_actor(waiter());
    let (spawner, alarms) = clock::manual(watched(&rt, &tasks));
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    during(&mut run, tasks.until("leaves done")).await;
    assert!(poll_once(&mut run).await.is_none());
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(alarms.are_all_taken());
}

/// "(One that is inside its poll or on a thread may then still use the stages below.)"
async fn law_28_a_thread_is_left_to_itself<R: Runtime>(rt: R) {
    let (log, release, ended) = (Log::new(), Event::new(), Event::new());
    let (released, ends) = (release.clone(), ended.on_drop());
    let work = move || {
        let _ends = ends;
        released.wait_blocking();
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(
        Actor::blocking(work, |_| {})
            .name("thread")
            .stage(1)
            .grace(GRACE),
    );
    group.add_actor(logged("low", &log));
    let (run, alarms) = stopping(group, parking(rt.spawner())).await;
    alarms.next().await.ring();
    let report = run.await;
    assert_eq!(stragglers(&report), [("thread", ActorState::Blocking)]);
    assert_eq!(log.entries(), ["low interrupted", "low exited"]);
    assert!(!ended.is_set());
    release.set();
    ended.wait().await;
}

async fn law_28_one_inside_its_poll_is_left_to_it<R: Runtime>(rt: R) {
    let (log, polls, release) = (Log::new(), Event::new(), Event::new());
    let (is_polled, released, dropped) = (polls.clone(), release.clone(), log.on_drop("dropped"));
    let spin = async move {
        let _dropped = dropped;
        is_polled.set();
        released.wait_blocking();
        pending().await
    };
    let mut group = Group::new();
    group.add_actor(Actor::new(spin, |_| {}).name("spin").stage(1).grace(GRACE));
    group.add_actor(logged("low", &log));
    let handle = group.handle();
    // The runtime under test may have only one thread, which must not be blocked.
    let (spawner, alarms) = clock::manual(on_a_thread("spin", rt.spawner()));
    let mut run = Box::pin(group.run_report(spawner));
    during(&mut run, polls.wait()).await;
    handle.stop(Ok(()));
    assert!(poll_once(&mut run).await.is_none());
    alarms.next().await.ring();
    let report = run.await;
    assert_eq!(stragglers(&report), [("spin", ActorState::Polling)]);
    assert_eq!(log.entries(), ["low interrupted", "low exited"]);
    release.set();
    log.until("dropped").await;
}

/// Spawns as `spawner` does, but runs the task of that name on a thread.
fn on_a_thread<S: Spawner + Clone + 'static>(name: &'static str, spawner: S) -> impl Spawner {
    rungroup::spawner::from_fn(move |task: rungroup::Task| {
        if task.name().as_str() == Some(name) {
            rungroup::Threads.spawn_task(task);
        } else {
            spawner.spawn_task(task);
        }
    })
}

/// Law 22: it is the panic of that actor, and the stop goes on.
async fn law_28_the_drop_of_one_forced_alone_panics<R: Runtime>(rt: R) {
    let log = Log::new();
    let bomb = holding(pending(), on_drop(|| kaboom("in drop")));
    let mut group = Group::new();
    let bomb = Actor::new(bomb, |_| {}).name("bomb");
    group.add_actor(bomb.stage(1).grace(GRACE));
    group.add_actor(logged("low", &log));
    let (run, alarms) = stopping(group, parking(rt.spawner())).await;
    alarms.next().await.ring();
    let error = run.await.into_result().unwrap_err();
    assert_eq!(error.to_string(), "actor `bomb` panicked: in drop");
    assert_eq!(error.report().stragglers().len(), 1);
    assert_eq!(log.entries(), ["low interrupted", "low exited"]);
}

/// All that is inside ends with it.
async fn law_28_an_inner_group_is_forced_alone<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut inner = Group::new();
    inner.add_actor(deaf("innermost", &log));
    let inner = inner.into_actor(parking(rt.spawner())).name("inner");
    let mut group = Group::new();
    group.add_actor(inner.stage(1).grace(GRACE));
    group.add_actor(logged("low", &log));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    during(&mut run, log.until("innermost interrupted")).await;
    alarms.next().await.ring();
    let report = run.await;
    log.until("innermost dropped").await;
    assert_eq!(report.stragglers().len(), 1);
    assert_eq!(log.count("low exited"), 1);
}

async fn law_28_a_force_of_the_group_comes_first<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log).grace(GRACE));
    let handle = group.handle();
    let (run, alarms) = stopping(group, parking(rt.spawner())).await;
    let alarm = alarms.next().await;
    handle.force();
    let report = run.await;
    assert!(alarm.is_let_go());
    assert_eq!(stragglers(&report), [("deaf", ActorState::Parked)]);
    assert_eq!(log.count("deaf dropped"), 1);
}

async fn law_28_the_clock_of_the_spawner_rings<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log).stage(1).grace(Duration::from_millis(1)));
    group.add_actor(logged("low", &log));
    group.handle().stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.report().stragglers().len(), 1);
    assert_eq!(log.count("low exited"), 1);
}

/// Law 30: for the status, too, it has exited.
async fn law_28_status_tells_who_is_still_waited_for<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let released = release.clone();
    let low = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(low.name("low"));
    group.add_actor(deaf("deaf", &log).stage(1).grace(GRACE));
    let handle = group.handle();
    let waiting = || {
        let status = handle.status();
        assert_eq!(status.phase(), Phase::Stopping);
        let waiting = status.waiting_for().iter();
        let names = waiting.map(|one| one.actor().to_string());
        names.collect::<Vec<_>>()
    };
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    assert_eq!(waiting(), ["deaf", "low"]);
    alarms.next().await.ring();
    during(&mut run, log.until("deaf dropped")).await;
    assert_eq!(waiting(), ["low"]);
    release.set();
    assert_eq!(run.await.stragglers().len(), 1);
}

/// More than one batch has. The clock of the spawner is ahead of real time, and rings once.
async fn law_28_many_that_end_together_are_forced_together<R: Runtime>(rt: R) {
    const MANY: usize = 1_000;
    let mut group = Group::new();
    group.extend((0..MANY).map(|_| Actor::new(pending(), |_| {}).grace(GRACE)));
    let (mut run, alarms) = stopping(group, parking(rt.spawner())).await;
    // The clock is set once all are interrupted, which takes several batches.
    during(&mut run, alarms.next()).await.ring();
    let report = run.await;
    let stragglers = report.stragglers().iter();
    let alone = stragglers.filter(|it| it.reason() == ForcedBy::OwnGrace);
    assert_eq!(alone.count(), MANY);
}

/// "For laws 9, 11 and 14 it has exited", and so for readiness.
async fn law_28_a_straggler_no_longer_holds_others_back<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let mut group = Group::new();
    let released = release.clone();
    group.add_actor(Actor::with(async move |ctx| {
        ctx.interrupted().await;
        released.wait().await;
        Ok(())
    }));
    let handle = group.handle();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut run: Run = Box::pin(group.run_report(spawner));
    during(&mut run, handle.ready()).await.unwrap();
    let silent = deaf("silent", &log).stage(1).grace(GRACE);
    assert!(handle.add_actor(silent.announces_ready()).is_ok());
    handle.stop(Ok(()));
    let alarm = during(&mut run, alarms.next()).await;
    let started = log.clone();
    let late = Actor::with(async move |ctx| {
        started.add("late started");
        ctx.interrupted().await;
        Ok(())
    });
    // It starts when stage 1 is ready, and stops last.
    assert!(handle.add_actor(late.stage(2).background()).is_ok());
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.count("late started"), 0);
    alarm.ring();
    during(&mut run, log.until("late started")).await;
    release.set();
    let report = run.await;
    assert!(report.never_started().is_empty());
    assert_eq!(report.stragglers().len(), 1);
}
