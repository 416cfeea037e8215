//! Laws 15 to 18: stops that are cut off by a grace or a force, and stragglers.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_lite::future::{block_on, poll_once, zip};
use rungroup::{Actor, ActorState, Error, ErrorKind, Group, Outcome, Report, Spawner};

use crate::clock;
use crate::runtime::Runtime;
use crate::support::{Event, Log, deaf, during, logged, parking, waiter, waiting, watched};

on_every_runtime! {
    law_15_grace_is_one_budget_for_all_stages,
    law_15_when_grace_ends_the_group_is_forced,
    law_15_grace_may_end_in_any_stage,
    law_15_grace_counts_from_the_cause,
    law_15_grace_counts_from_when_the_request_was_made,
    law_15_grace_that_is_over_when_run_takes_the_request_forces_at_once,
    law_15_without_grace_run_waits,
    law_15_grace_of_zero_forces_after_all_interrupts,
    law_15_grace_of_duration_max_is_for_ever,
    law_15_grace_is_kept_by_the_clock_of_the_spawner,
    law_16_every_interrupt_still_due_is_called_in_order,
    law_16_what_a_parked_straggler_held_is_dropped_before_run_returns,
    law_16_an_actor_inside_its_poll_is_a_polling_straggler,
    law_16_a_future_inside_its_poll_is_dropped_as_soon_as_that_returns,
    law_16_a_thread_is_left_to_itself,
    law_16_a_thread_that_goes_on_is_in_no_exit,
    law_16_a_forced_actor_that_was_never_polled_is_parked,
    law_17_who_finished_is_no_straggler,
    law_17_a_straggler_is_listed_once,
    law_17_an_exit_and_a_force_at_once_count_once,
    law_18_force_twice_is_force_once,
    law_18_force_before_run_is_a_request_and_a_force,
    law_18_force_without_a_cause_is_a_request_with_ok,
    law_18_force_during_the_stop_ends_it,
    law_18_force_after_the_end_does_nothing,
}

const GRACE: Duration = Duration::from_secs(3600);

/// "`grace` is one budget from the cause to the end, however many stages."
async fn law_15_grace_is_one_budget_for_all_stages<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    for (name, stage) in [("a", 3), ("b", 2), ("c", 1), ("d", 0)] {
        group.add_actor(logged(name, &log).stage(stage));
    }
    group.add_actor(logged("e", &log).background());
    group.handle().stop(Ok(()));
    group.run(spawner).await.unwrap();

    let alarm = alarms.next().await;
    assert!(alarm.is_for(GRACE));
    assert!(alarm.is_let_go());
    assert!(alarms.are_all_taken());
}

/// "When it ends, the group is forced."
async fn law_15_when_grace_ends_the_group_is_forced<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(deaf("deaf", &log));
    group.handle().stop(Ok(()));

    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["deaf interrupted"]);
    alarms.next().await.ring();
    let error = run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(stragglers(error.report()), [("deaf", ActorState::Parked)]);
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
}

fn stragglers(report: &Report) -> Vec<(&str, ActorState)> {
    let stragglers = report.stragglers().iter();
    stragglers
        .map(|one| (one.actor().as_str().unwrap(), one.state()))
        .collect()
}

/// The budget that the first stages left is spent in a later one; the rest gets its interrupts.
async fn law_15_grace_may_end_in_any_stage<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("middle", &log).stage(1));
    group.add_actor(logged("high", &log).stage(2));
    group.handle().stop(Ok(()));

    let run = group.run_report(spawner);
    let ring = async {
        let alarm = alarms.next().await;
        log.until("middle interrupted").await;
        assert_eq!(log.count("low interrupted"), 0);
        alarm.ring();
    };
    let (report, ()) = zip(run, ring).await;
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "high exited",
            "middle interrupted",
            "low interrupted",
            "middle dropped",
            "low dropped",
        ]
    );
    assert_eq!(
        stragglers(&report),
        [("middle", ActorState::Parked), ("low", ActorState::Parked)]
    );
}

async fn law_15_grace_counts_from_the_cause<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    assert!(alarms.are_all_taken(), "the clock runs before the cause");
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(alarms.next().await.is_for(GRACE));
}

/// "(For a request: from when it was made)": before the run, or while `run` was busy.
async fn law_15_grace_counts_from_when_the_request_was_made<R: Runtime>(rt: R) {
    for before_run in [false, true] {
        let (spawner, alarms) = clock::manual(rt.spawner());
        let mut group = Group::new();
        group.grace(GRACE);
        group.add_actor(waiter());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        if !before_run {
            during(&mut run, handle.ready()).await.unwrap();
        }
        handle.stop(Ok(()));
        rt.spawner().sleep(BUSY).await;
        run.await.unwrap();
        let asked = alarms.next().await.duration;
        assert!(asked <= GRACE - BUSY, "{asked:?}");
    }
}

/// As long as `run` is busy in a test.
const BUSY: Duration = Duration::from_millis(20);

async fn law_15_grace_that_is_over_when_run_takes_the_request_forces_at_once<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(BUSY / 2);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    rt.spawner().sleep(BUSY).await;
    let error = poll_once(&mut run).await.expect("no wait").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
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

/// "Without it, `run` waits for ever", and needs no clock for that.
async fn law_15_without_grace_run_waits<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(rt.spawner());
    let release = Event::new();
    let released = release.clone();
    let mut group = Group::new();
    group.add(
        async move {
            released.wait().await;
            Ok(())
        },
        |_| {},
    );
    group.handle().stop(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    release.set();
    run.await.unwrap();
    assert!(alarms.are_all_taken());
}

/// A zero grace forces at once, after all interrupts, and asks no clock.
async fn law_15_grace_of_zero_forces_after_all_interrupts<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::ZERO);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    group.add_actor(deaf("background", &log).background());
    group.handle().stop(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    let error = poll_once(&mut run).await.expect("no wait").unwrap_err();
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "low interrupted",
            "background interrupted",
            "high dropped",
            "low dropped",
            "background dropped",
        ]
    );
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(error.report().stragglers().len(), 3);
    assert!(alarms.are_all_taken());
}

async fn law_15_grace_of_duration_max_is_for_ever<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::MAX);
    group.add_actor(logged("low", &log));
    group.add_actor(logged("high", &log).stage(1));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.count("low exited"), 1);
}

/// The runtime's own clock rings too.
async fn law_15_grace_is_kept_by_the_clock_of_the_spawner<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::from_millis(1));
    group.add_actor(deaf("deaf", &log));
    group.handle().stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.to_string(), "1 actor did not stop: `deaf` (parked)");
}

/// "Every interrupt still due is called, in order", those of the stage at work not again.
async fn law_16_every_interrupt_still_due_is_called_in_order<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("0a", &log));
    group.add_actor(deaf("2a", &log).stage(2));
    group.add_actor(deaf("1a", &log).stage(1));
    group.add_actor(deaf("0b", &log));
    group.add_actor(deaf("2b", &log).stage(2));
    group.add_actor(deaf("1b", &log).stage(1));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["2a interrupted", "2b interrupted"]);
    handle.force();
    run.await.unwrap_err();
    let mut interrupts = log.entries();
    interrupts.retain(|entry| entry.ends_with("interrupted"));
    assert_eq!(
        interrupts,
        [
            "2a interrupted",
            "2b interrupted",
            "1a interrupted",
            "1b interrupted",
            "0a interrupted",
            "0b interrupted",
        ]
    );
}

/// "Every future not inside its own poll is dropped at once, on the spot, before `run` returns."
async fn law_16_what_a_parked_straggler_held_is_dropped_before_run_returns<R: Runtime>(rt: R) {
    let (log, parked) = (Log::new(), Event::new());
    let mut group = Group::new();
    for name in ["a", "b", "c"] {
        group.add_actor(deaf(name, &log));
    }
    let is_parked = parked.clone();
    group.add(
        async move {
            is_parked.set();
            pending().await
        },
        |_| {},
    );
    let handle = group.handle();
    let run = group.run(parking(rt.spawner()));
    let force = async {
        parked.wait().await;
        handle.force();
    };
    let (result, ()) = zip(run, force).await;
    for name in ["a", "b", "c"] {
        assert_eq!(log.count(&format!("{name} dropped")), 1);
    }
    drop(result);
}

type Run = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// An actor that runs its own group to the end, inside one poll of its own, and holds `held`.
fn polling(
    runs: Receiver<Run>,
    result: Sender<Result<(), Error>>,
    log: &Log,
    held: impl Send + 'static,
) -> Actor {
    let log = log.clone();
    let execute = async move {
        let _held = held;
        let run = runs.recv().await?;
        let _ = result.try_send(block_on(run));
        log.add("poll ends");
        pending().await
    };
    Actor::new(execute, |_| {}).name("spin")
}

/// Polls `run` once, so that its actors start, and leaves the rest to the actor that waits for it.
async fn run_inside(run: Run, runs: &Sender<Run>) {
    let mut run = run;
    assert!(poll_once(&mut run).await.is_none());
    runs.try_send(run).expect("an actor that waits for it");
}

/// "Every actor not finished is a straggler, named, with its state": inside its poll, here.
async fn law_16_an_actor_inside_its_poll_is_a_polling_straggler<R: Runtime>(rt: R) {
    let (runs, to_run) = async_channel::bounded(1);
    let (result, results) = async_channel::bounded(1);
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    group.add_actor(polling(to_run, result, &log, ()));
    run_inside(Box::pin(group.run(parking(rt.spawner()))), &runs).await;
    handle.force();

    let error = results.recv().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 actors did not stop: `deaf` (parked), `spin` (polling)"
    );
    let exits: Vec<_> = error
        .report()
        .exits()
        .iter()
        .map(|exit| exit.actor())
        .collect();
    assert_eq!(exits.len(), 1, "one that still polls has not exited");
    assert_eq!(exits[0].as_str(), Some("deaf"));
}

/// "A future inside its poll is dropped as soon as that poll returns."
async fn law_16_a_future_inside_its_poll_is_dropped_as_soon_as_that_returns<R: Runtime>(rt: R) {
    let (runs, to_run) = async_channel::bounded(1);
    let (result, _results) = async_channel::bounded(1);
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(polling(to_run, result, &log, log.on_drop("dropped")));
    let handle = group.handle();
    run_inside(Box::pin(group.run(rt.spawner())), &runs).await;
    handle.force();
    log.until("dropped").await;
    assert_eq!(log.entries(), ["poll ends", "dropped"]);
}

/// "A thread is left to itself."
async fn law_16_a_thread_is_left_to_itself<R: Runtime>(rt: R) {
    let (release, ended) = (Event::new(), Event::new());
    let report = force_a_thread(rt, &release, &ended).await;
    assert_eq!(stragglers(&report), [("thread", ActorState::Blocking)]);
    assert!(!ended.is_set());
    release.set();
    ended.wait().await;
}

/// What goes on after `run` returned has not exited.
async fn law_16_a_thread_that_goes_on_is_in_no_exit<R: Runtime>(rt: R) {
    let (release, ended) = (Event::new(), Event::new());
    let report = force_a_thread(rt, &release, &ended).await;
    release.set();
    assert_eq!(report.exits().len(), 0);
}

/// Forces a group whose one actor blocks a thread until `release`.
async fn force_a_thread<R: Runtime>(rt: R, release: &Event, ended: &Event) -> Report {
    let started = Event::new();
    let (starts, released, ends) = (started.clone(), release.clone(), ended.on_drop());
    let blocking = Actor::blocking(
        move || {
            let _ends = ends;
            starts.set();
            released.wait_blocking();
            Ok(())
        },
        |_| {},
    );
    let mut group = Group::new();
    group.add_actor(blocking.name("thread"));
    let handle = group.handle();
    let force = async {
        started.wait().await;
        handle.force();
    };
    zip(group.run_report(rt.spawner()), force).await.0
}

async fn law_16_a_forced_actor_that_was_never_polled_is_parked<R: Runtime>(rt: R) {
    let tasks = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = tasks.clone();
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("kept", &log));
    group.handle().force();
    let keep = rungroup::spawner::from_fn(move |task| kept.lock().unwrap().push(task));
    let error = group.run(keep).await.unwrap_err();
    assert_eq!(stragglers(error.report()), [("kept", ActorState::Parked)]);
    assert_eq!(log.entries(), ["kept interrupted", "kept dropped"]);

    // The task that comes too late finds nothing to run.
    let task = tasks.lock().unwrap().pop().unwrap();
    rt.spawn(task);
    assert_eq!(log.entries().len(), 2);
}

/// "An actor that finished is never listed as a straggler", in its turn or out of it.
async fn law_17_who_finished_is_no_straggler<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut group = Group::new();
    let seen = log.clone();
    let early = async move {
        seen.until("high interrupted").await;
        Ok(())
    };
    group.add_actor(Actor::new(early, |_| {}).name("early"));
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    group.add_actor(logged("in turn", &log).stage(1));
    let handle = group.handle();
    handle.stop(Ok(()));
    let run = group.run_report(parking(watched(&rt, &tasks)));
    let force = async {
        tasks.until("early done").await;
        tasks.until("in turn done").await;
        handle.force();
    };
    let (report, ()) = zip(run, force).await;
    assert_eq!(
        stragglers(&report),
        [("high", ActorState::Parked), ("low", ActorState::Parked)]
    );
    let returned = report
        .exits()
        .iter()
        .filter(|exit| matches!(exit.outcome(), Outcome::Returned));
    assert_eq!(returned.count(), 2);
}

/// "A straggler is listed once", whatever forced it, and how often.
async fn law_17_a_straggler_is_listed_once<R: Runtime>(rt: R) {
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let log = Log::new();
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(deaf("a", &log));
    group.add_actor(deaf("b", &log).stage(1));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = Box::pin(group.run_report(spawner));
    assert!(poll_once(&mut run).await.is_none());
    alarms.next().await.ring();
    handle.force();
    handle.force();
    let report = run.await;
    let listed = [("b", ActorState::Parked), ("a", ActorState::Parked)];
    assert_eq!(stragglers(&report), listed);
}

/// Each actor returns or is a straggler, never both and never neither, however the race ends.
async fn law_17_an_exit_and_a_force_at_once_count_once<R: Runtime>(rt: R) {
    const ACTORS: usize = 8;
    for _ in 0..100 {
        let mut group = Group::new();
        for _ in 0..ACTORS {
            group.add_actor(waiter());
        }
        let handle = group.handle();
        handle.stop(Ok(()));
        let mut run = Box::pin(group.run_report(rt.spawner()));
        let finished = poll_once(&mut run).await;
        let report = match finished {
            Some(report) => report,
            None => {
                rt.spawn(async move { handle.force() });
                run.await
            }
        };
        let returned = report
            .exits()
            .iter()
            .filter(|exit| matches!(exit.outcome(), Outcome::Returned));
        assert_eq!(returned.count() + report.stragglers().len(), ACTORS);
    }
}

/// "`force` twice is `force` once."
async fn law_18_force_twice_is_force_once<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    handle.force();
    handle.clone().force();
    let error = run.await.unwrap_err();
    handle.force();
    assert_eq!(error.report().stragglers().len(), 1);
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
}

async fn law_18_force_before_run_is_a_request_and_a_force<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    handle.force();
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
}

/// "`force` without a cause is a request and a force."
async fn law_18_force_without_a_cause_is_a_request_with_ok<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    handle.force();
    let report = run.await;
    let cause = report.cause().unwrap();
    assert_eq!(cause.to_string(), "stop requested");
    assert!(cause.actor().is_none() && cause.error().is_none());
    assert_eq!(stragglers(&report), [("deaf", ActorState::Parked)]);
}

/// The cause stays, and so does its error.
async fn law_18_force_during_the_stop_ends_it<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    let handle = group.handle();
    handle.stop(Err("the cause".into()));
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    handle.force();
    let error = run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(stragglers(error.report()), [("deaf", ActorState::Parked)]);
}

async fn law_18_force_after_the_end_does_nothing<R: Runtime>(rt: R) {
    let (execute, interrupt) = waiting();
    let mut group = Group::new();
    group.add(execute, interrupt);
    let handle = group.handle();
    handle.stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    handle.force();
    handle.stop(Err("too late".into()));
}
