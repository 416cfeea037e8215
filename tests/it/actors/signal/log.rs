//! What `signal::termination` logs.

use std::future::pending;
use std::io::stderr;

use rungroup::signal;
use rungroup::{Actor, Group};
use rustix::process::Signal as Number;

use super::child::{Child, is_parent, live_on, say};
use crate::runtime::Runtime;

on_every_runtime! {
    the_status_is_logged_at_the_force_and_the_third_sigint_kills,
}

/// The third, not the second: the log tells when the second was taken.
async fn the_status_is_logged_at_the_force_and_the_third_sigint_kills<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start(module_path!());
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("stuck");
        child.send(Number::INT);
        let line = child.wait_for_line_with("waiting for");
        assert!(line.contains(" WARN rungroup: forcing the group"), "{line}");
        assert!(line.contains("stopping for "), "{line}");
        assert!(line.contains("stop requested: SIGINT"), "{line}");
        assert!(line.contains("`stuck` (interrupting)"), "{line}");
        child.send(Number::INT);
        return child.is_killed_by(Number::INT);
    }
    let log = tracing_subscriber::fmt().with_ansi(false);
    log.with_writer(stderr).init();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let execute = async {
        say("up");
        pending().await
    };
    let interrupt = |_: &_| {
        say("stuck");
        live_on();
    };
    group.add_actor(Actor::new(execute, interrupt).name("stuck"));
    let _ = group.run(rt.spawner()).await;
}
