//! What a run leaves behind: its report and its error.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_lite::future::{poll_once, zip};
use rungroup::{
    Actor, BoxError, Cause, Ends, Error, ErrorKind, Exit, Group, Name, Outcome, Report, Result,
    Straggler,
};

use crate::runtime::Runtime;
use crate::support::cause::losing;
use crate::support::{Log, deaf, during, logged, parking, waiter, watched};

on_every_runtime! {
    the_cause_is_among_the_exits,
    exits_are_in_their_order,
    exits_tell_how_long_they_took,
    an_exit_tells_how_long_its_actor_ran,
    an_exit_before_the_stop_stopped_in_no_time_at_all,
    an_exit_before_its_turn_stopped_in_zero,
    run_keeps_only_what_is_not_ok,
    run_report_keeps_all,
    a_forced_actor_has_an_forced_exit,
    a_name_is_the_text_or_the_place,
    each_kind_of_error_is_one_line,
    stragglers_are_one_line,
    the_error_of_a_request_is_of_no_actor,
    a_loss_has_its_reason_as_source,
    a_panic_has_no_source_but_a_payload,
    only_the_panic_it_failed_with_is_taken,
    a_later_panic_is_the_error_of_an_ok_cause,
    a_panic_of_an_interrupt_is_the_error_of_an_ok_cause,
    a_later_failure_is_no_error_but_is_reported,
    stragglers_are_an_error_only_if_nothing_else_is,
    debug_tells_the_chain_and_the_later_faults,
    into_result_of_an_ok_run_is_ok,
}

#[test]
fn what_a_run_leaves_is_sent_and_shared() {
    fn is_plain<T: Send + Sync + std::fmt::Debug + 'static>() {}
    is_plain::<Report>();
    is_plain::<Error>();
    is_plain::<Cause>();
    is_plain::<Exit>();
    is_plain::<Straggler>();
    is_plain::<Outcome>();
    is_plain::<Name>();
    let _: fn(Error) -> BoxError = Into::into;
}

async fn ok() -> Result {
    Ok(())
}

async fn fail(with: &'static str) -> Result {
    Err(with.into())
}

async fn bomb() -> Result {
    std::panic::panic_any(String::from("kaboom 7"))
}

fn named(execute: impl Future<Output = Result> + Send + 'static, name: &'static str) -> Actor {
    Actor::new(execute, |_| {}).name(name)
}

/// An actor that waits for its interrupt and then does what `end` does.
fn ending(end: impl Future<Output = Result> + Send + 'static, name: &'static str) -> Actor {
    let actor = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        end.await
    });
    actor.name(name)
}

fn names(report: &Report) -> Vec<&str> {
    let exits = report.exits().iter();
    exits.map(|exit| exit.actor().as_str().unwrap()).collect()
}

async fn the_cause_is_among_the_exits<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(named(fail("no more disk"), "writer"));
    group.add_actor(waiter().name("other"));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(names(&report), ["writer", "other"]);
    let cause = report.cause().unwrap();
    assert_eq!(cause.actor().unwrap().as_str(), Some("writer"));
    assert_eq!(cause.error().unwrap().to_string(), "no more disk");
    let error = report.into_result().unwrap_err();
    assert!(error.report().cause().is_some());
}

/// In the order in which they came, which is not the order of adding.
async fn exits_are_in_their_order<R: Runtime>(rt: R) {
    let mut group = Group::new();
    for (name, stage) in [("b", 1), ("d", 3), ("a", 0), ("c", 2)] {
        group.add_actor(waiter().name(name).stage(stage));
    }
    group.add_actor(waiter().name("background").background());
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(names(&report), ["d", "c", "b", "a", "background"]);
}

async fn exits_tell_how_long_they_took<R: Runtime>(rt: R) {
    let began = Instant::now();
    let mut group = Group::new();
    for stage in 0..3 {
        group.add_actor(waiter().stage(stage));
    }
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    let all = began.elapsed();
    for exit in report.exits() {
        let stopped_in = exit.stopped_in().expect("it exited during the stop");
        assert!(stopped_in <= exit.ran_for() && exit.ran_for() <= all);
    }
    // One after the other, so their sum is within the whole.
    let stops = report.exits().iter().filter_map(Exit::stopped_in);
    assert!(stops.sum::<Duration>() <= all);
}

/// From when it was added at the earliest, and from its first poll at the latest, to its exit.
async fn an_exit_tells_how_long_its_actor_ran<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let handle = group.handle();
    group.add_actor(waiter().name("early"));
    let mut run = Box::pin(group.run_report(rt.spawner()));
    during(&mut run, handle.ready()).await.unwrap();
    // Long against what follows, so that a count from the birth of the group would be too long.
    pass(Duration::from_millis(20));

    let (added, inner, told) = (Instant::now(), handle.clone(), log.clone());
    let execute = async move {
        told.add(pass(Duration::from_micros(1)).as_nanos().to_string());
        inner.stop(Ok(()));
        Err("over".into())
    };
    let late = Actor::new(execute, |_| {}).ends_group(Ends::Never);
    handle.add_actor(late.name("late")).unwrap();
    let report = run.await;
    let at_most = added.elapsed();
    let at_least = Duration::from_nanos(log.entries()[0].parse().unwrap());
    let exits = report.exits().iter();
    let late = exits
        .clone()
        .find(|exit| exit.actor().as_str() == Some("late"));
    let ran_for = late.unwrap().ran_for();
    assert!(at_least <= ran_for && ran_for <= at_most, "{ran_for:?}");
    assert!(
        exits.map(Exit::ran_for).max() > Some(ran_for),
        "the other ran longer"
    );
}

/// Returns after that time, and says how long it really took.
fn pass(time: Duration) -> Duration {
    let began = Instant::now();
    while began.elapsed() < time {
        std::thread::yield_now();
    }
    began.elapsed()
}

async fn an_exit_before_the_stop_stopped_in_no_time_at_all<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(named(fail("reset"), "early").ends_group(Ends::Never));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(names(&report), ["early"]);
    assert!(report.exits()[0].stopped_in().is_none());
}

async fn an_exit_before_its_turn_stopped_in_zero<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut group = Group::new();
    let (seen, done) = (log.clone(), tasks.clone());
    group.add_actor(named(
        async move {
            seen.until("high interrupted").await;
            Ok(())
        },
        "low",
    ));
    let high = Actor::new(
        async move {
            done.until("low done").await;
            Ok(())
        },
        move |_| log.add("high interrupted"),
    );
    group.add_actor(high.stage(1).name("high"));
    group.handle().stop(Ok(()));
    let report = group.run_report(watched(&rt, &tasks)).await;
    assert_eq!(names(&report), ["low", "high"]);
    assert_eq!(
        report.exits()[0].stopped_in(),
        Some(std::time::Duration::ZERO)
    );
}

/// Before the stop and during it.
async fn run_keeps_only_what_is_not_ok<R: Runtime>(rt: R) {
    let log = Log::new();
    let error = many(&log).run(rt.spawner()).await.unwrap_err();
    let mut kept = names(error.report());
    kept.sort_unstable();
    assert_eq!(kept, ["cause", "early failure", "late failure"]);
}

async fn run_report_keeps_all<R: Runtime>(rt: R) {
    let log = Log::new();
    let report = many(&log).run_report(rt.spawner()).await;
    let mut kept = names(&report);
    kept.sort_unstable();
    let all = ["cause", "early failure", "late", "late failure", "later"];
    assert_eq!(kept, all);
    assert_eq!(report.omitted(), 1, "one returned before the stop");
}

/// A group with exits of each kind before and after its cause.
fn many(log: &Log) -> Group {
    let mut group = Group::new();
    let (one, two) = (log.on_drop("one gone"), log.on_drop("two gone"));
    let early = Actor::new(ok(), move |_| drop(one));
    group.add_actor(early.name("early").ends_group(Ends::OnError));
    let early = Actor::new(fail("early"), move |_| drop(two));
    group.add_actor(early.name("early failure").ends_group(Ends::Never));
    group.add_actor(ending(fail("late"), "late failure"));
    group.add_actor(waiter().name("late"));
    group.add_actor(waiter().name("later").stage(1));
    let seen = log.clone();
    let cause = async move {
        seen.until("one gone").await;
        seen.until("two gone").await;
        Err("the cause".into())
    };
    group.add_actor(named(cause, "cause"));
    group
}

/// Its future has ended before `run` returned.
async fn a_forced_actor_has_an_forced_exit<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    group.handle().force();
    let report = group.run_report(parking(rt.spawner())).await;
    assert_eq!(names(&report), ["deaf"]);
    assert!(matches!(report.exits()[0].outcome(), Outcome::Forced));
    assert_eq!(report.stragglers()[0].to_string(), "`deaf` (parked)");
}

async fn a_name_is_the_text_or_the_place<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(fail("unnamed"), |_| {});
    let line = line!() - 1;
    let error = group.run(rt.spawner()).await.unwrap_err();
    let name = error.actor().unwrap();
    assert_eq!(name.as_str(), None);
    assert_eq!(name.location().line(), line);
    assert!(name.location().file().ends_with("report.rs"));
    assert_eq!(name.to_string(), name.location().to_string());
    assert_eq!(error.to_string(), format!("actor at {name} failed"));

    let made = [
        Actor::with(|_| ok()),
        Actor::blocking_with(|_| Ok(())),
        Actor::cancellable(ok()),
        Actor::blocking(|| Ok(()), |_| {}),
        Group::new().into_actor(rungroup::Threads),
    ];
    for actor in made {
        assert!(format!("{actor:?}").contains("report.rs"), "{actor:?}");
    }
}

/// The error of a group in which this actor ends first.
async fn first<R: Runtime>(rt: &R, actor: Actor) -> Error {
    let mut group = Group::new();
    group.add_actor(actor);
    group.add_actor(waiter());
    let result = group.run(losing(rt.spawner())).await;
    result.unwrap_err()
}

async fn each_kind_of_error_is_one_line<R: Runtime>(rt: R) {
    let error = first(&rt, named(fail("port taken"), "http")).await;
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.to_string(), "actor `http` failed");
    assert_eq!(error.source().unwrap().to_string(), "port taken");
    assert_eq!(error.actor().unwrap().to_string(), "http");

    let error = first(&rt, named(bomb(), "bomb")).await;
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.to_string(), "actor `bomb` panicked: kaboom 7");
    assert_eq!(error.actor().unwrap().to_string(), "bomb");

    let error = first(&rt, named(ok(), "lost")).await;
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(error.to_string(), "actor `lost` was lost by its spawner");
    assert!(error.source().is_none());
    assert_eq!(error.actor().unwrap().to_string(), "lost");
}

/// One of them, and a crowd of which the first are named.
async fn stragglers_are_one_line<R: Runtime>(rt: R) {
    for (count, line) in [
        (1, "1 actor did not stop: `"),
        (12, "12 actors did not stop: `"),
    ] {
        let log = Log::new();
        let mut group = Group::new();
        for _ in 0..count {
            group.add_actor(deaf("deaf", &log));
        }
        group.handle().force();
        let error = group.run(parking(rt.spawner())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stragglers);
        assert!(error.to_string().starts_with(line), "{error}");
        assert!(!error.to_string().contains('\n'));
        assert!(error.source().is_none() && error.actor().is_none());
        assert_eq!(error.report().stragglers().len(), count);
        assert!(error.into_panic().is_none());
    }
}

async fn the_error_of_a_request_is_of_no_actor<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    group.handle().stop(Err("out of coffee".into()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.actor().is_none());
    assert_eq!(error.source().unwrap().to_string(), "out of coffee");
    let cause = error.report().cause().unwrap();
    assert!(cause.actor().is_none() && cause.outcome().is_none());
    assert_eq!(cause.to_string(), "stop requested: out of coffee");
}

async fn a_loss_has_its_reason_as_source<R: Runtime>(_: R) {
    let mut group = Group::new();
    group.add_actor(named(ok(), "refused"));
    let refusing = rungroup::spawner::from_fn(|task: rungroup::Task| task.refuse("closed"));
    let error = group.run(refusing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(error.to_string(), "actor `refused` was lost by its spawner");
    assert_eq!(error.source().unwrap().to_string(), "closed");
    let cause = error.report().cause().unwrap();
    assert!(matches!(cause.outcome(), Some(Outcome::Lost(Some(_)))));
    assert_eq!(cause.error().unwrap().to_string(), "closed");
}

async fn a_panic_has_no_source_but_a_payload<R: Runtime>(rt: R) {
    let error = first(&rt, named(bomb(), "bomb")).await;
    assert!(error.source().is_none());
    let Some(Outcome::Panicked(panic)) = error.report().cause().unwrap().outcome() else {
        panic!("{error:?}");
    };
    assert_eq!(panic.message(), "kaboom 7");
    let payload = error.into_panic().unwrap();
    assert_eq!(*payload.downcast::<String>().unwrap(), "kaboom 7");
}

/// The payload of another panic is not the one of the error.
async fn only_the_panic_it_failed_with_is_taken<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(named(fail("cause"), "cause"));
    group.add_actor(ending(bomb(), "bomb"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(names(error.report()), ["cause", "bomb"]);
    assert!(error.into_panic().is_none());
}

async fn a_later_panic_is_the_error_of_an_ok_cause<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(named(ok(), "cause"));
    group.add_actor(ending(fail("later"), "later").stage(1));
    group.add_actor(ending(bomb(), "bomb"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.to_string(), "actor `bomb` panicked: kaboom 7");
    let cause = error.report().cause().unwrap();
    assert_eq!(cause.actor().unwrap().as_str(), Some("cause"));
    assert!(error.into_panic().is_some());
}

async fn a_panic_of_an_interrupt_is_the_error_of_an_ok_cause<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::new(ok(), |_| panic!("in the interrupt")).name("a"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(
        error.to_string(),
        "the interrupt of actor `a` panicked: in the interrupt"
    );
    assert_eq!(error.actor().unwrap().as_str(), Some("a"));
    let payload = error.into_panic().unwrap();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "in the interrupt");
}

async fn a_later_failure_is_no_error_but_is_reported<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.handle().stop(Ok(()));
    group.add_actor(ending(fail("later"), "later"));
    let report = group.run_report(rt.spawner()).await;
    assert!(matches!(report.exits()[0].outcome(), Outcome::Failed(_)));
    report.into_result().unwrap();
}

async fn stragglers_are_an_error_only_if_nothing_else_is<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("deaf", &log));
    group.add_actor(named(fail("cause"), "cause"));
    group.grace(std::time::Duration::ZERO);
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `cause` failed");
    assert_eq!(error.report().stragglers().len(), 1);
}

/// "That line, the chain of causes, then the later faults."
async fn debug_tells_the_chain_and_the_later_faults<R: Runtime>(rt: R) {
    let (log, tasks) = (Log::new(), Log::new());
    let mut inner = Group::new();
    inner.add_actor(named(fail("no more disk"), "writer"));
    let mut group = Group::new();
    group.add_actor(inner.into_actor(rt.spawner()).name("storage"));
    group.add_actor(ending(fail("connection reset"), "http").stage(1));
    group.add_actor(logged("fine", &log).stage(1));
    group.add_actor(Actor::new(Box::pin(std::future::pending()), |_| panic!("oops")).name("deaf"));
    let handle = group.handle();
    let run = group.run(watched(&rt, &tasks));
    let force = async {
        tasks.until("http done").await;
        tasks.until("fine done").await;
        handle.force();
    };
    let (result, ()) = zip(run, force).await;
    let mut debug = String::new();
    write!(debug, "{:?}", result.unwrap_err()).unwrap();
    let lines: Vec<_> = debug.lines().map(str::trim).collect();
    assert_eq!(
        lines[0],
        "actor `storage` failed: actor `writer` failed: no more disk"
    );
    for later in ["`http`", "connection reset", "oops", "`deaf` (parked)"] {
        assert!(
            lines[1..].iter().any(|line| line.contains(later)),
            "{later} is not in {lines:#?}"
        );
    }
    assert!(!debug.contains("`fine`"));
}

async fn into_result_of_an_ok_run_is_ok<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    handle.stop(Ok(()));
    let report = run.await;
    assert_eq!(report.stragglers().len(), 0);
    report.into_result().unwrap();
}
