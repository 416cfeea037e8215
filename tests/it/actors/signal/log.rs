//! What `signal::termination` logs.

use std::future::pending;
use std::io::{self, Write, stderr};

use rungroup::ErrorKind as Kind;
use rungroup::signal;
use rungroup::{Actor, Group};
use rustix::process::Signal as Number;

use super::HOUR;
use super::child::{Child, hear, is_parent, live_on, say};
use crate::runtime::Runtime;

on_every_runtime! {
    the_status_is_logged_at_the_force_and_the_third_sigint_kills,
    law_31_a_repeated_sigterm_logs_the_status,
    law_31_a_sigterm_after_another_request_logs_the_status,
    law_31_a_stuck_log_does_not_delay_a_force,
}

/// The third, not the second: the log tells when the second was taken.
async fn the_status_is_logged_at_the_force_and_the_third_sigint_kills<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start(module_path!());
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("stuck");
        child.press_again();
        let line = child.wait_for_line_with("waiting for");
        assert!(line.contains(" WARN rungroup: forcing the group"), "{line}");
        assert!(line.contains("stopping for "), "{line}");
        assert!(line.contains("stop requested: SIGINT"), "{line}");
        assert!(line.contains("`stuck` (interrupting)"), "{line}");
        child.press_until_it_ends();
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

async fn law_31_a_repeated_sigterm_logs_the_status<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start(module_path!());
        child.wait_for("up");
        child.send(Number::TERM);
        return logs_the_status(child, "stop requested: SIGTERM");
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(stderr)
        .init();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(finishes_when_told());
    group.run(rt.spawner()).await.unwrap();
}

async fn law_31_a_sigterm_after_another_request_logs_the_status<R: Runtime>(rt: R) {
    if is_parent() {
        return logs_the_status(Child::start(module_path!()), "stop requested");
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(stderr)
        .init();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(finishes_when_told());
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
}

/// The parent's part, once the child stops or does so without being told.
fn logs_the_status(mut child: Child, cause: &str) {
    child.wait_for("interrupted");
    child.send(Number::TERM);
    let line = child.wait_for_line_with("group is still stopping");
    assert!(line.contains(" INFO rungroup: "), "{line}");
    assert!(line.contains("stopping for "), "{line}");
    assert!(line.contains(cause), "{line}");
    // Blocking, or still interrupting.
    assert!(line.contains("`slow` ("), "{line}");
    child.tell("finish");
    child.ends_well();
}

/// It goes on after its interrupt.
fn finishes_when_told() -> Actor {
    let execute = || {
        say("up");
        hear("finish");
        Ok(())
    };
    Actor::blocking(execute, |_| say("interrupted")).name("slow")
}

/// Neither the line of a repeated SIGTERM nor that of the force.
async fn law_31_a_stuck_log_does_not_delay_a_force<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start(module_path!());
        child.wait_for("ready");
        child.send(Number::TERM);
        child.wait_for("draining");
        child.send(Number::TERM);
        child.wait_for("the log is stuck");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.press_again();
        return child.ends_well();
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(|| StuckAtAStatus)
        .init();
    let mut group = Group::new();
    group.drain(HOUR);
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(Actor::new(pending(), |_| say("interrupted")));
    let handle = group.handle();
    rt.spawn(async move {
        handle.ready().await.unwrap();
        say("ready");
        handle.stopping().await;
        say("draining");
    });
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

/// A terminal that was stopped, but only for the lines with a status.
struct StuckAtAStatus;

impl Write for StuckAtAStatus {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if text.contains("still stopping") || text.contains("forcing the group") {
            say("the log is stuck");
            live_on();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
