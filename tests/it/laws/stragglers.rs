//! Law 17: which actors are named when the time is over, and how long each was waited for.

use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use futures_lite::future::{poll_once, zip};
use rungroup::{Actor, ActorState, Error, ErrorKind, Group, Outcome, Straggler};

use crate::runtime::Runtime;
use crate::support::{Event, Log, Tasks, deaf, logged, parking, poll_with};

on_every_runtime! {
    law_17_only_those_that_had_their_turn_are_named,
    law_17_all_are_named_if_none_had_its_turn,
    law_17_a_straggler_tells_how_long_it_was_waited_for,
    law_17_a_thread_was_waited_for_too,
    law_17_one_forced_alone_was_waited_for,
    law_17_the_turn_of_the_background_is_one_too,
}

/// A group of a culprit of stage 1 and `others` below, forced in the culprit's turn.
async fn cut_off<R: Runtime>(rt: &R, others: usize) -> Error {
    let log = Log::new();
    let mut group = Group::new();
    for _ in 0..others {
        group.add_actor(deaf("innocent", &log));
    }
    group.add_actor(deaf("http", &log).stage(1));
    let handle = group.handle();
    handle.stop(Ok(()));
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    assert!(poll_once(&mut run).await.is_none());
    assert_eq!(log.entries(), ["http interrupted"]);
    handle.force();
    let error = run.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(log.count("innocent interrupted"), others);
    error
}

/// "The error names those that were interrupted before the force and only counts the others."
async fn law_17_only_those_that_had_their_turn_are_named<R: Runtime>(rt: R) {
    let error = cut_off(&rt, 0).await;
    assert_eq!(error.to_string(), "1 actor did not stop: `http` (parked)");

    let error = cut_off(&rt, 4).await;
    assert_eq!(
        error.to_string(),
        "1 actor did not stop: `http` (parked); 4 more were forced before their turn"
    );
    let stragglers = error.report().stragglers();
    assert_eq!(stragglers.len(), 5);
    for straggler in stragglers {
        let is_culprit = straggler.actor().as_str() == Some("http");
        assert_eq!(straggler.waited_for().is_some(), is_culprit);
    }
}

/// "If there are none such, it names all."
async fn law_17_all_are_named_if_none_had_its_turn<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(deaf("low", &log));
    group.add_actor(deaf("high", &log).stage(1));
    group.handle().force();
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 actors did not stop: `high` (parked), `low` (parked)"
    );
    let stragglers = error.report().stragglers().iter();
    let waited: Vec<_> = stragglers.filter_map(Straggler::waited_for).collect();
    assert!(waited.is_empty(), "{waited:?}");
}

/// From its own interrupt, not from the cause.
async fn law_17_a_straggler_tells_how_long_it_was_waited_for<R: Runtime>(rt: R) {
    const TAKES: Duration = Duration::from_millis(50);
    let log = Log::new();
    let ended = Arc::new(Mutex::new(None));
    let (ends, clock) = (Arc::clone(&ended), rt.spawner());
    let slow = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        rungroup::Spawner::sleep(&clock, TAKES).await;
        *ends.lock().unwrap() = Some(Instant::now());
        Ok(())
    });
    let mut group = Group::new();
    group.add_actor(deaf("low", &log));
    group.add_actor(slow.stage(1));
    let handle = group.handle();
    handle.stop(Ok(()));
    let force = async {
        log.until("low interrupted").await;
        handle.force();
    };
    let run = group.run(parking(rt.spawner()));
    let error = zip(run, force).await.0.unwrap_err();
    let since_its_turn = ended.lock().unwrap().unwrap().elapsed();
    let waited_for = error.report().stragglers()[0].waited_for().unwrap();
    assert!(
        waited_for <= since_its_turn,
        "{waited_for:?} {since_its_turn:?}"
    );
}

async fn law_17_a_thread_was_waited_for_too<R: Runtime>(rt: R) {
    let (started, interrupted, release) = (Event::new(), Event::new(), Event::new());
    let (starts, is_interrupted, released) =
        (started.clone(), interrupted.clone(), release.clone());
    let work = move || {
        starts.set();
        released.wait_blocking();
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(Actor::blocking(work, move |_| is_interrupted.set()).name("thread"));
    let handle = group.handle();
    let force = async {
        started.wait().await;
        handle.stop(Ok(()));
        interrupted.wait().await;
        handle.force();
    };
    let error = zip(group.run(rt.spawner()), force).await.0.unwrap_err();
    release.set();
    let straggler = &error.report().stragglers()[0];
    assert_eq!(straggler.state(), ActorState::Blocking);
    assert!(straggler.waited_for().is_some());
    assert_eq!(
        error.to_string(),
        "1 actor did not stop: `thread` (blocking)"
    );
}

/// By its own grace: law 28. The others had theirs.
async fn law_17_one_forced_alone_was_waited_for<R: Runtime>(rt: R) {
    let log = Log::new();
    let hung = Actor::new(pending(), |_| {}).name("hung");
    let mut group = Group::new();
    group.add_actor(hung.stage(1).grace(Duration::from_millis(1)));
    group.add_actor(logged("low", &log));
    group.handle().stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.to_string(), "1 actor did not stop: `hung` (parked)");
    let stragglers = error.report().stragglers();
    assert_eq!(stragglers.len(), 1);
    assert!(stragglers[0].waited_for().is_some());
}

async fn law_17_the_turn_of_the_background_is_one_too<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("foreground", &log));
    group.add_actor(deaf("telemetry", &log).background());
    let handle = group.handle();
    handle.stop(Ok(()));
    let force = async {
        log.until("telemetry interrupted").await;
        handle.force();
    };
    let run = group.run(parking(rt.spawner()));
    let error = zip(run, force).await.0.unwrap_err();
    assert!(error.report().stragglers()[0].waited_for().is_some());
}

/// A force interrupts all stages before it ends anybody. Who exits meanwhile is no straggler, whichever
/// of the stages it is of. All by hand, because the exits must come from inside the last interrupt.
#[test]
fn law_17_one_that_exits_during_the_interrupts_of_a_force_is_no_straggler() {
    let (tasks, stop) = (Tasks::default(), Event::new());
    let mut group = Group::new();
    let names = ["high", "middle", "low"];
    for (name, stage) in names.into_iter().zip([3, 2, 1]) {
        let stopped = stop.clone();
        let execute = async move {
            stopped.wait().await;
            Err(name.into())
        };
        group.add_actor(Actor::new(execute, |_| {}).name(name).stage(stage));
    }
    let others = tasks.clone();
    let interrupt = move |_: &rungroup::Cause| {
        stop.set();
        others.poll();
    };
    group.add_actor(Actor::new(async { pending().await }, interrupt).name("deaf"));
    let handle = group.handle();
    let mut run = pin!(group.run_report(tasks.spawner()));
    let mut poll_run = || poll_with(Waker::noop(), &mut run);
    assert!(poll_run().is_pending());
    tasks.poll();

    handle.force();
    let Poll::Ready(report) = poll_run() else {
        panic!("a force waits for nobody");
    };
    for name in names {
        let outcome = report.exit(name).unwrap().outcome();
        assert!(matches!(outcome, Outcome::Failed(_)), "{name}: {outcome:?}");
    }
    let stragglers = report.stragglers().iter();
    let stragglers: Vec<_> = stragglers.map(|one| one.actor().as_str()).collect();
    assert_eq!(stragglers, [Some("deaf")]);
}
