//! `signal::handler`.

use std::error::Error as _;

use rungroup::Group;
use rungroup::signal::{self, Signal, SignalError};
use rustix::process::Signal as Number;

use super::child::{Child, is_parent};
use super::says_when_up;
use crate::runtime::Runtime;

on_every_runtime! {
    handler_exits_with_the_signal,
    handler_that_is_interrupted_exits_with_ok,
}

async fn handler_exits_with_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::USR2);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::handler([Signal::Usr1, Signal::Usr2]).unwrap());
    group.add_actor(says_when_up());
    let error = group.run(rt.spawner()).await.unwrap_err();
    let cause = error.report().cause().unwrap();
    assert_eq!(cause.signal(), Some(Signal::Usr2));
    let source = error.source().unwrap();
    assert_eq!(source.to_string(), "received signal SIGUSR2");
    let by = source.downcast_ref::<SignalError>().unwrap();
    assert_eq!(by.signal(), Signal::Usr2);
}

async fn handler_that_is_interrupted_exits_with_ok<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(signal::handler([Signal::Winch]).unwrap());
    group.add(async { Ok(()) }, |_| {});
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.exits()[0].outcome().to_string(), "returned");
}

fn start() -> Child {
    Child::start(module_path!())
}
