//! The delay before a stop that was asked for. Law 27.

use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use rungroup::{Actor, Ends, Error, ErrorKind, Group, Handle, Spawner};

use crate::causes::{Kind, losing};
use crate::clock::{self, Alarm, Alarms};
use crate::runtime::Runtime;
use crate::support::{Event, Log, deaf, logged, parking, waiter};

on_every_runtime! {
    law_27_an_ok_request_delays_the_first_interrupt,
    law_27_all_are_still_at_work_during_the_drain,
    law_27_nothing_is_added_during_the_drain,
    law_27_a_failure_skips_the_rest,
    law_27_a_force_skips_the_rest,
    law_27_a_second_request_skips_the_rest,
    law_27_the_last_exit_skips_the_rest,
    law_27_an_ok_exit_that_is_not_the_last_skips_nothing,
    law_27_no_other_cause_is_delayed,
    law_27_grace_includes_the_drain,
    law_27_a_drain_longer_than_the_grace_loses,
    law_27_a_zero_grace_skips_the_drain,
    law_27_a_request_before_run_is_delayed_too,
    law_27_the_clock_of_the_spawner_ends_the_drain,
}

const DRAIN: Duration = Duration::from_secs(5);

/// A group in the middle of its drain.
struct Draining {
    run: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
    handle: Handle,
    alarm: Alarm,
}

impl Draining {
    /// Runs the group, and asks it to stop.
    async fn begin(mut group: Group, spawner: impl Spawner + 'static) -> Draining {
        let (spawner, alarms) = clock::manual(spawner);
        group.drain(DRAIN);
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        assert!(poll_once(&mut run).await.is_none());
        handle.interrupt(Ok(()));
        assert!(poll_once(&mut run).await.is_none());
        let alarm = alarms.next().await;
        assert_eq!(alarm.duration, DRAIN);
        Draining { run, handle, alarm }
    }
}

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
    assert!(poll_once(&mut run).await.is_none());
    assert!(handle.is_ready());
    assert!(alarms.are_all_taken());

    handle.interrupt(Ok(()));
    assert!(!handle.is_ready());
    assert!(poll_once(&mut run).await.is_none());
    let alarm = alarms.next().await;
    assert_eq!(alarm.duration, DRAIN);
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

async fn law_27_nothing_is_added_during_the_drain<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let draining = Draining::begin(group, rt.spawner()).await;
    assert!(draining.handle.add_actor(waiter()).is_err());
    draining.alarm.ring();
    draining.run.await.unwrap();
}

/// "A failure skips what is left of it": any exit that ends the group and is not Ok.
async fn law_27_a_failure_skips_the_rest<R: Runtime>(rt: R) {
    for how in [Kind::Failure, Kind::Panic, Kind::Loss] {
        let log = Log::new();
        let fail = Event::new();
        let failing = fail.clone();
        let mut group = Group::new();
        group.add_actor(logged("a", &log));
        let execute = async move {
            failing.wait().await;
            match how {
                Kind::Panic => panic!("kaboom"),
                _ => Err("failure".into()),
            }
        };
        group.add_actor(Actor::new(execute, |_| {}).ends_group(Ends::OnError));
        let run = match how {
            Kind::Loss => {
                let rt = rt.clone();
                let until = fail.clone();
                let losing = rungroup::spawner::from_fn(move |task: rungroup::Task| {
                    let until = until.clone();
                    rt.spawn(async move {
                        if task.name().as_str().is_none() {
                            until.wait().await;
                            drop(task);
                        } else {
                            task.await;
                        }
                    });
                });
                Draining::begin(group, losing).await
            }
            _ => Draining::begin(group, rt.spawner()).await,
        };
        assert_eq!(log.entries().len(), 0);
        fail.set();
        let _ = run.run.await;
        assert_eq!(log.entries(), ["a interrupted", "a exited"], "{how:?}");
        assert!(run.alarm.is_let_go());
    }
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

/// Whatever its outcome; the first request stays the cause.
async fn law_27_a_second_request_skips_the_rest<R: Runtime>(rt: R) {
    for fails in [false, true] {
        let log = Log::new();
        let mut group = Group::new();
        group.add_actor(logged("a", &log));
        let draining = Draining::begin(group, rt.spawner()).await;
        let outcome = if fails { Err("second".into()) } else { Ok(()) };
        draining.handle.interrupt(outcome);
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
    for cause in crate::causes::ALL {
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

/// The alarms of the grace and of the drain.
async fn both(alarms: &Alarms) -> (Alarm, Alarm) {
    let (one, two) = (alarms.next().await, alarms.next().await);
    if one.duration == DRAIN {
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
    group.handle().interrupt(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    let (grace, drain) = both(&alarms).await;
    assert_eq!((grace.duration, drain.duration), (4 * DRAIN, DRAIN));
    drain.ring();
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["deaf interrupted"]);
    grace.ring();
    run.await.unwrap_err();
    assert!(alarms.are_all_taken());
}

/// "A drain longer than the grace: the grace wins."
async fn law_27_a_drain_longer_than_the_grace_loses<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut group = Group::new();
    group.drain(DRAIN).grace(DRAIN / 5);
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    group.handle().interrupt(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    let (grace, drain) = both(&alarms).await;
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

async fn law_27_a_zero_grace_skips_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(parking(rt.spawner()));
    let mut group = Group::new();
    group.drain(DRAIN).grace(Duration::ZERO);
    group.add_actor(deaf("deaf", &log));
    group.handle().interrupt(Ok(()));
    group.run(spawner).await.unwrap_err();
    assert_eq!(log.entries(), ["deaf interrupted", "deaf dropped"]);
    assert!(alarms.are_all_taken());
}

async fn law_27_a_request_before_run_is_delayed_too<R: Runtime>(rt: R) {
    let log = Log::new();
    let (spawner, alarms) = clock::manual(rt.spawner());
    let mut group = Group::new();
    group.drain(Duration::MAX);
    group.add_actor(logged("a", &log));
    group.handle().interrupt(Ok(()));
    let mut run = Box::pin(group.run(spawner));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries().len(), 0);
    let alarm = alarms.next().await;
    assert_eq!(alarm.duration, Duration::MAX);
    alarm.ring();
    run.await.unwrap();
}

async fn law_27_the_clock_of_the_spawner_ends_the_drain<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.drain(Duration::from_millis(1));
    group.add_actor(logged("a", &log));
    group.handle().interrupt(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["a interrupted", "a exited"]);
}
