//! `{:?}` says which thing it is, and no more than is known without asking an actor.

use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::{Actor, BoxError, Group, Outcome, Threads, spawner};

use crate::support::{Held, Log};

#[test]
fn what_runs_says_what_it_is() {
    let mut group = Group::new();
    group.grace(Duration::from_secs(1));
    let limits = "Limits { grace: Some(1s), drain: 0ns }";
    assert_eq!(
        format!("{group:?}"),
        format!("Group {{ limits: {limits}, .. }}")
    );
    assert_eq!(
        format!("{:?}", group.handle()),
        "Handle { is_ready: false, .. }"
    );
    assert_eq!(format!("{:?}", spawner::from_fn(drop)), "FromFn { .. }");
}

#[test]
fn a_context_says_whether_it_is_interrupted() {
    let log = Log::new();
    let said = log.clone();
    let mut group = Group::new();
    let handle = group.handle();
    group.add_actor(Actor::with(|ctx| async move {
        said.add(format!("{ctx:?}"));
        let interrupted = ctx.interrupted();
        said.add(format!("{interrupted:?}"));
        handle.stop(Ok(()));
        interrupted.await;
        said.add(format!("{ctx:?}"));
        Ok(())
    }));
    group.run_blocking(Threads).unwrap();
    let expected = [
        "Context { is_interrupted: false, .. }",
        "Interrupted { .. }",
        "Context { is_interrupted: true, .. }",
    ];
    assert_eq!(log.entries(), expected);
}

#[test]
fn a_name_is_shown_as_text() {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(std::future::pending()).name("db"));
    group.handle().stop(Err("full".into()));
    let run = group.run(&held);
    block_on(async {
        let mut run = Box::pin(run);
        assert!(futures_lite::future::poll_once(&mut run).await.is_none());
        let task = held.take().pop().unwrap();
        assert_eq!(format!("{task:?}"), "Task { name: Name(db), .. }");
        drop(task);
        let error = run.await.unwrap_err();
        let cause = format!("{:?}", error.report().cause().unwrap());
        assert_eq!(
            cause,
            "Cause(Request { outcome: Failed(\"full\"), reason: None })"
        );
    });
}

#[test]
fn an_outcome_shows_what_it_holds() {
    let error = |text: &str| -> BoxError { text.into() };
    let show = |outcome: Outcome| format!("{outcome:?}");
    assert_eq!(show(Outcome::Returned), "Returned");
    assert_eq!(show(Outcome::Failed(error("full"))), "Failed(\"full\")");
    assert_eq!(show(Outcome::Lost(None)), "Lost(None)");
    assert_eq!(
        show(Outcome::Lost(Some(error("gone")))),
        "Lost(Some(\"gone\"))"
    );
    assert_eq!(show(Outcome::Forced), "Forced");

    let mut group = Group::new();
    group.add(
        async { std::panic::resume_unwind(Box::new("kaboom")) },
        |_| {},
    );
    let error = group.run_blocking(Threads).unwrap_err();
    let cause = error.report().cause().unwrap();
    let shown = format!("{:?}", cause.outcome().unwrap());
    assert_eq!(shown, "Panicked(Panic(\"kaboom\"))");
    let exit = format!("{cause:?}");
    assert!(exit.contains(&format!("outcome: {shown}")), "{exit}");
}
