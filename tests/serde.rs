//! The form in JSON of what can be serialized.

#![allow(clippy::pedantic)] // nobody's API

use std::future::pending;
use std::sync::mpsc;

use futures_lite::future::{block_on, poll_once};
use rungroup::{
    Actor, ActorState, Ends, ErrorKind, ForcedBy, Group, Name, Outcome, Phase, Report, Status,
    Threads, spawner,
};
use serde_json::{Value, json};

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

/// The value of that field, which is a number of milliseconds, and 0 from now on.
fn take_ms(value: &mut Value, field: &str) {
    let field = &mut value[field];
    assert!(field.is_u64(), "{field}");
    *field = json!(0);
}

fn failed() -> Report {
    let mut group = Group::new();
    group.add_actor(Actor::new(async { Err("disk\nfull".into()) }, |_| {}).name("db"));
    block_on(group.run_report(Threads))
}

#[test]
fn a_report() {
    let mut value = json(&failed());
    take_ms(&mut value, "took_ms");
    take_ms(&mut value["exits"][0], "ran_for_ms");
    let failed = json!({ "kind": "failed", "error": "disk full" });
    let expected = json!({
        "error": "actor `db` failed: disk full",
        "cause": {
            "text": "actor `db` failed: disk full",
            "kind": "exit",
            "actor": "db",
            "outcome": failed,
            "error": "disk full",
            "signal": null,
        },
        "took_ms": 0,
        "exits": [{ "actor": "db", "outcome": failed, "ran_for_ms": 0, "stopped_in_ms": null }],
        "omitted": 0,
        "stragglers": [],
        "never_started": [],
        "interrupt_panics": [],
    });
    assert_eq!(value, expected);
}

#[test]
fn stragglers_and_interrupts_that_panicked() {
    let mut group = Group::new();
    let deaf = Actor::new(pending(), |_| std::panic::resume_unwind(Box::new("kaboom")));
    group.add_actor(deaf.name("deaf"));
    group.handle().force();
    // Nobody polls it.
    let tasks = std::sync::Mutex::new(Vec::new());
    let keeping = spawner::from_fn(|task| tasks.lock().unwrap().push(task));
    let mut value = json(&block_on(group.run_report(&keeping)));
    take_ms(&mut value["exits"][0], "ran_for_ms");
    take_ms(&mut value["exits"][0], "stopped_in_ms");
    let straggler = json!({
        "actor": "deaf", "state": "parked", "waited_for_ms": null, "reason": "request",
    });
    assert_eq!(value["stragglers"], json!([straggler]));
    let exit = json!({
        "actor": "deaf",
        "outcome": { "kind": "forced", "error": null },
        "ran_for_ms": 0,
        "stopped_in_ms": 0,
    });
    assert_eq!(value["exits"], json!([exit]));
    let panicked = json!([{ "actor": "deaf", "message": "kaboom" }]);
    assert_eq!(value["interrupt_panics"], panicked);
    assert_eq!(
        value["error"],
        "the interrupt of actor `deaf` panicked: kaboom"
    );
}

#[test]
fn a_status() {
    let (tell, told) = mpsc::channel::<Status>();
    let mut group = Group::new();
    let asks = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        tell.send(ctx.handle().status())?;
        Ok(())
    });
    group.add_actor(asks.name("http").stage(2));
    group.handle().stop(Ok(()));
    group.run_blocking(Threads).unwrap();

    let mut value = json(&told.recv().unwrap());
    take_ms(&mut value, "since_ms");
    take_ms(&mut value["actors"][0], "since_ms");
    take_ms(&mut value["waiting_for"][0], "since_ms");
    let actor = json!({
        "actor": "http", "stage": 2, "background": false, "state": "polling", "since_ms": 0,
    });
    let expected = json!({
        "phase": "stopping",
        "since_ms": 0,
        "remaining_ms": null,
        "cause": {
            "text": "stop requested",
            "kind": "request",
            "actor": null,
            "outcome": null,
            "error": null,
            "signal": null,
        },
        "requested_ms": null,
        "forcing": false,
        "force_requested_ms": null,
        "waiting_for": [actor],
        "actors": [actor],
    });
    assert_eq!(value, expected);
}

#[test]
fn a_status_of_what_run_has_not_taken() {
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(pending()));
    let handle = group.handle();
    handle.force();
    let mut value = json(&handle.status());
    take_ms(&mut value, "requested_ms");
    take_ms(&mut value, "force_requested_ms");
    assert_eq!(value["phase"], "not_started");
    assert_eq!(value["forcing"], true);
}

#[test]
fn causes() {
    let report = block_on(Group::new().run_report(Threads));
    assert_eq!(json(report.cause().unwrap())["kind"], "no_actor_left");

    let mut group = Group::new();
    group.add_actor(Actor::cancellable(pending()));
    let handle = group.handle();
    let mut run = Box::pin(group.run(Threads));
    assert!(block_on(poll_once(&mut run)).is_none());
    drop(run);
    let cause = handle.status();
    assert_eq!(json(cause.cause().unwrap())["kind"], "dropped");
}

#[cfg(all(unix, feature = "signal"))]
#[test]
fn a_cause_that_is_a_signal() {
    use rungroup::signal::{Signal, handler};

    let mut group = Group::new();
    group.add_actor(handler([Signal::Usr2]).unwrap());
    let us = rustix::process::getpid();
    rustix::process::kill_process(us, rustix::process::Signal::USR2).unwrap();
    let report = block_on(group.run_report(Threads));
    assert_eq!(report.cause().unwrap().signal(), Some(Signal::Usr2));
    assert_eq!(json(&report)["cause"]["signal"], "SIGUSR2");
}

#[test]
fn outcomes() {
    let outcome = |kind: &str, error: Option<&str>| json!({ "kind": kind, "error": error });
    assert_eq!(json(&Outcome::Returned), outcome("returned", None));
    assert_eq!(json(&Outcome::Forced), outcome("forced", None));
    assert_eq!(json(&Outcome::Lost(None)), outcome("lost", None));
    let refused = Outcome::Lost(Some("no threads".into()));
    assert_eq!(json(&refused), outcome("lost", Some("no threads")));

    let mut group = Group::new();
    group.add(
        async { std::panic::resume_unwind(Box::new("kaboom")) },
        |_| {},
    );
    let report = block_on(group.run_report(Threads));
    let panicked = report.cause().unwrap().outcome().unwrap();
    assert_eq!(json(panicked), outcome("panicked", Some("kaboom")));
}

#[test]
fn names() {
    let name = |report: &Report| -> Name { report.exits()[0].actor().clone() };
    assert_eq!(json(&name(&failed())), "db");
    let mut group = Group::new();
    group.add(async { Ok(()) }, |_| {});
    let unnamed = name(&block_on(group.run_report(Threads)));
    assert_eq!(json(&unnamed), unnamed.location().to_string());
}

#[test]
fn enums() {
    let phases = [
        Phase::NotStarted,
        Phase::Starting,
        Phase::Running,
        Phase::Draining,
        Phase::Stopping,
        Phase::Ended,
    ];
    let names = [
        "not_started",
        "starting",
        "running",
        "draining",
        "stopping",
        "ended",
    ];
    assert_eq!(json(&phases), json!(names));
    let states = [
        ActorState::Parked,
        ActorState::Polling,
        ActorState::Blocking,
        ActorState::Interrupting,
    ];
    assert_eq!(
        json(&states),
        json!(["parked", "polling", "blocking", "interrupting"])
    );
    let reasons = [
        ForcedBy::Request,
        ForcedBy::Grace,
        ForcedBy::OwnGrace,
        ForcedBy::Drop,
    ];
    assert_eq!(
        json(&reasons),
        json!(["request", "grace", "own_grace", "drop"])
    );
    let kinds = [
        ErrorKind::Failed,
        ErrorKind::Panicked,
        ErrorKind::Lost,
        ErrorKind::Stragglers,
    ];
    assert_eq!(
        json(&kinds),
        json!(["failed", "panicked", "lost", "stragglers"])
    );
    let ends = [Ends::OnExit, Ends::OnError, Ends::Never];
    assert_eq!(json(&ends), json!(["on_exit", "on_error", "never"]));
}
