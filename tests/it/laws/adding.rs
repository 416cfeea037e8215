//! Law 24: until when an actor is accepted, and what becomes of it.

use std::pin::Pin;

use futures_lite::future::poll_once;
use rungroup::{Actor, Context, Group, Handle, Report};

use crate::runtime::Runtime;
use crate::support::{Event, Log, during, logged, waiter, waiting};

on_every_runtime! {
    law_24_a_stage_below_is_open_while_a_higher_one_stops,
    law_24_the_background_is_open_while_the_others_stop,
    law_24_a_stage_between_is_open_although_it_was_empty,
    law_24_nothing_is_accepted_after_the_last_interrupts,
    law_24_work_in_flight_is_handed_to_a_stage_below,
    law_24_an_interrupt_adds_to_a_stage_below_its_own,
    law_24_one_given_back_is_whole,
    law_24_one_held_back_by_readiness_is_named,
    law_24_one_added_and_held_back_is_named,
    law_24_one_added_to_an_open_stage_and_held_back_never_starts,
    law_24_one_added_to_an_open_stage_starts_when_that_may,
    law_24_those_held_back_are_given_up_in_their_turns,
    law_24_one_that_never_starts_holds_nobody_back,
}

type Run = Pin<Box<dyn Future<Output = Report> + Send>>;

/// An actor that logs its interrupt, and ends once it is interrupted and `release` is there.
fn held(name: &'static str, log: &Log, release: &Event) -> Actor {
    let (log, release) = (log.clone(), release.clone());
    let (execute, stop) = waiting();
    let execute = async move {
        execute.await?;
        release.wait().await;
        Ok(())
    };
    let interrupt = move |cause: &rungroup::Cause| {
        log.add(format!("{name} interrupted"));
        stop(cause);
    };
    Actor::new(execute, interrupt).name(name)
}

/// Runs `group` until `entry` is there.
async fn run_until<R: Runtime>(rt: &R, group: Group, log: &Log, entry: &str) -> Run {
    let mut run: Run = Box::pin(group.run_report(rt.spawner()));
    during(&mut run, log.until(entry)).await;
    run
}

/// As `logged`, and logs "`name` works" when it is first polled.
fn working(name: &'static str, log: &Log) -> Actor {
    let works = log.clone();
    let (exited, interrupted) = (log.on_drop(format!("{name} exited")), log.clone());
    let (execute, stop) = waiting();
    let execute = async move {
        let _exited = exited;
        works.add(format!("{name} works"));
        execute.await
    };
    let interrupt = move |cause: &rungroup::Cause| {
        interrupted.add(format!("{name} interrupted"));
        stop(cause);
    };
    Actor::new(execute, interrupt).name(name)
}

/// "A stage that has not been told to stop still works … during the stop of the stages above it."
async fn law_24_a_stage_below_is_open_while_a_higher_one_stops<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let mut group = Group::new();
    group.add_actor(logged("low", &log));
    group.add_actor(held("high", &log, &release).stage(2));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = run_until(&rt, group, &log, "high interrupted").await;

    for stage in [2, 3, u32::MAX] {
        let late = waiter().stage(stage);
        assert!(handle.add_actor(late).is_err(), "its stage was interrupted");
    }
    handle.add_actor(working("late low", &log)).unwrap();
    handle
        .add_actor(working("late middle", &log).stage(1))
        .unwrap();
    for works in ["late low works", "late middle works"] {
        during(&mut run, log.until(works)).await;
    }
    release.set();
    run.await.into_result().unwrap();
    let mut entries = log.entries();
    entries.retain(|entry| !entry.ends_with("works"));
    assert_eq!(
        entries[..3],
        [
            "high interrupted",
            "late middle interrupted",
            "late middle exited"
        ]
    );
    entries.retain(|entry| entry.contains("low interrupted"));
    assert_eq!(entries, ["low interrupted", "late low interrupted"]);
    assert_eq!(log.count("late low exited"), 1);
}

async fn law_24_the_background_is_open_while_the_others_stop<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let mut group = Group::new();
    group.add_actor(held("foreground", &log, &release));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = run_until(&rt, group, &log, "foreground interrupted").await;
    let late = working("late", &log).stage(9).background();
    handle.add_actor(late).unwrap();
    during(&mut run, log.until("late works")).await;
    assert_eq!(log.count("late interrupted"), 0);
    release.set();
    run.await.into_result().unwrap();
    assert_eq!(log.count("late exited"), 1);
}

/// Only the order of the stages counts, not which were there at the cause.
async fn law_24_a_stage_between_is_open_although_it_was_empty<R: Runtime>(rt: R) {
    let (log, high, low) = (Log::new(), Event::new(), Event::new());
    let mut group = Group::new();
    group.add_actor(held("low", &log, &low));
    group.add_actor(held("high", &log, &high).stage(9));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = run_until(&rt, group, &log, "high interrupted").await;
    handle.add_actor(logged("between", &log).stage(5)).unwrap();
    high.set();
    during(&mut run, log.until("low interrupted")).await;
    assert_eq!(
        log.entries(),
        [
            "high interrupted",
            "between interrupted",
            "between exited",
            "low interrupted"
        ]
    );
    assert!(handle.add_actor(waiter().stage(5)).is_err());
    assert!(handle.add_actor(waiter()).is_err());
    handle
        .add_actor(logged("background", &log).background())
        .unwrap();
    low.set();
    run.await.into_result().unwrap();
    assert_eq!(log.count("background exited"), 1);
}

async fn law_24_nothing_is_accepted_after_the_last_interrupts<R: Runtime>(rt: R) {
    let (log, release) = (Log::new(), Event::new());
    let mut group = Group::new();
    group.add_actor(waiter());
    group.add_actor(held("background", &log, &release).background());
    let handle = group.handle();
    handle.stop(Ok(()));
    let run = run_until(&rt, group, &log, "background interrupted").await;
    assert!(handle.add_actor(waiter()).is_err());
    assert!(handle.add_actor(waiter().background()).is_err());
    release.set();
    run.await.into_result().unwrap();
    assert!(handle.add_actor(waiter().background()).is_err());
}

/// From inside an execute that is being stopped.
async fn law_24_work_in_flight_is_handed_to_a_stage_below<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let (handle, job) = (group.handle(), working("job", &log));
    group.add_actor(waiter());
    let request = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        assert!(handle.add_actor(job).is_ok());
        assert!(handle.add_actor(waiter().stage(1)).is_err());
        Ok(())
    });
    group.add_actor(request.stage(1));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    let entries = log.entries();
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert_eq!(log.count("job works"), 1);
    assert_eq!(log.count("job interrupted"), 1);
    assert_eq!(log.count("job exited"), 1);
}

async fn law_24_an_interrupt_adds_to_a_stage_below_its_own<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for stage in [2, 1, 0] {
        let (handle, told) = (group.handle(), log.clone());
        let (execute, stop) = waiting();
        let adds = Actor::new(execute, move |cause| {
            let accepted = [0, 1, 2].map(|stage| handle.add_actor(waiter().stage(stage)).is_ok());
            told.add(format!("{stage}: {accepted:?}"));
            stop(cause);
        });
        group.add_actor(adds.stage(stage));
    }
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(
        log.entries(),
        [
            "2: [true, true, false]",
            "1: [true, false, false]",
            "0: [false, false, false]"
        ]
    );
    assert_eq!(report.exits().len(), 6);
}

/// "… or given back", as it was.
async fn law_24_one_given_back_is_whole<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add(async { Ok(()) }, |_| {});
    let handle = group.handle();
    group.run(rt.spawner()).await.unwrap();
    let back = handle.add_actor(working("late", &log).stage(4711));
    let back = back.unwrap_err();
    assert!(format!("{back:?}").contains("4711"), "{back:?}");
    assert_eq!(log.entries().len(), 0);

    let mut other = Group::new();
    other.add_actor(back);
    other.handle().stop(Ok(()));
    other.run(rt.spawner()).await.unwrap();
    assert_eq!(log.count("late works"), 1);
    assert_eq!(log.count("late exited"), 1);
}

fn never_started(report: &Report) -> Vec<&str> {
    let names = report.never_started().iter();
    names.map(|name| name.as_str().unwrap()).collect()
}

/// "One that is held back by readiness until the stop is named in `never_started`."
async fn law_24_one_held_back_by_readiness_is_named<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter().name("slow").announces_ready());
    group.add_actor(waiter().name("http").stage(2));
    group.add_actor(waiter().name("workers").stage(1));
    group.add_actor(waiter().name("beside"));
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    let mut names = never_started(&report);
    names.sort_unstable();
    assert_eq!(names, ["http", "workers"]);
    assert_eq!(report.exits().len(), 2);
    assert!(report.stragglers().is_empty());
    let table = report.to_string();
    assert!(
        table.contains("http") && table.contains("workers"),
        "{table}"
    );
    report.into_result().unwrap();

    // It is no fault, and an error tells it too.
    let mut group = Group::new();
    group.add_actor(waiter().name("slow").announces_ready());
    group.add_actor(waiter().name("http").stage(2));
    group.handle().stop(Err("the cause".into()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(never_started(error.report()), ["http"]);
}

async fn law_24_one_added_and_held_back_is_named<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter().name("slow").announces_ready());
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    handle.add_actor(waiter().name("late").stage(1)).unwrap();
    assert!(poll_once(&mut run).await.is_none());
    handle.stop(Ok(()));
    let report = run.await;
    assert_eq!(never_started(&report), ["late"]);
}

/// A group in the stop of its stage 2, to which an actor of stage 0 was added that has yet to
/// announce, and one of stage 1, which waits for it.
struct Waits {
    run: Run,
    handle: Handle,
    release: Event,
    lowest: Context,
    log: Log,
}

impl Waits {
    async fn new<R: Runtime>(rt: &R) -> Waits {
        Waits::announcing_late(rt, false).await
    }

    /// If `announces`, the actor of stage 0 announces once it is interrupted.
    async fn announcing_late<R: Runtime>(rt: &R, announces: bool) -> Waits {
        let (log, release) = (Log::new(), Event::new());
        let mut group = Group::new();
        group.add_actor(held("high", &log, &release).stage(2));
        let handle = group.handle();
        let mut run: Run = Box::pin(group.run_report(rt.spawner()));
        during(&mut run, handle.ready()).await.unwrap();
        handle.stop(Ok(()));
        during(&mut run, log.until("high interrupted")).await;

        let (give, given) = async_channel::bounded(1);
        let lowest = Actor::with(move |ctx| async move {
            give.try_send(ctx.clone())?;
            ctx.interrupted().await;
            if announces {
                ctx.announce_ready();
            }
            Ok(())
        });
        handle.add_actor(lowest.announces_ready()).unwrap();
        let lowest = during(&mut run, given.recv()).await.unwrap();
        handle.add_actor(working("middle", &log).stage(1)).unwrap();
        assert!(poll_once(&mut run).await.is_none());
        assert_eq!(log.count("middle works"), 0);
        Waits {
            run,
            handle,
            release,
            lowest,
            log,
        }
    }
}

async fn law_24_one_added_to_an_open_stage_and_held_back_never_starts<R: Runtime>(rt: R) {
    let group = Waits::new(&rt).await;
    group.release.set();
    let report = group.run.await;
    assert_eq!(never_started(&report), ["middle"]);
    assert_eq!(group.log.count("middle works"), 0);
    assert_eq!(group.log.count("middle interrupted"), 0);
    assert!(group.handle.add_actor(waiter()).is_err());
}

async fn law_24_one_added_to_an_open_stage_starts_when_that_may<R: Runtime>(rt: R) {
    let mut group = Waits::new(&rt).await;
    group.lowest.announce_ready();
    during(&mut group.run, group.log.until("middle works")).await;
    group.release.set();
    let report = group.run.await;
    assert!(report.never_started().is_empty());
    assert_eq!(group.log.count("middle interrupted"), 1);
    assert_eq!(group.log.count("middle exited"), 1);
}

/// The turn of the one leaves the other held back until its own.
async fn law_24_those_held_back_are_given_up_in_their_turns<R: Runtime>(rt: R) {
    let group = Waits::new(&rt).await;
    let last = working("last", &group.log).stage(1).background();
    group.handle.add_actor(last).unwrap();
    group.release.set();
    let report = group.run.await;
    assert_eq!(never_started(&report), ["middle", "last"]);
    assert_eq!(group.log.count("last works"), 0);
    assert_eq!(group.log.count("last interrupted"), 0);
}

/// What waits for the announcement of an actor that never starts need not wait.
async fn law_24_one_that_never_starts_holds_nobody_back<R: Runtime>(rt: R) {
    let group = Waits::announcing_late(&rt, true).await;
    let log = &group.log;
    for announcer in ["one", "two"].map(|name| working(name, log).stage(1).announces_ready()) {
        group.handle.add_actor(announcer).unwrap();
    }
    let last = working("last", log).stage(2).background();
    group.handle.add_actor(last).unwrap();
    group.release.set();
    let report = group.run.await;
    assert_eq!(never_started(&report), ["middle", "one", "two"]);
    assert_eq!(group.log.count("last interrupted"), 1);
    assert_eq!(group.log.count("last exited"), 1);
}
