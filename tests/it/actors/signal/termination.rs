//! `signal::termination`, and `SIGTERM`. What `SIGINT` does is in `press`.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_lite::future::{block_on, yield_now, zip};
use rungroup::signal::{self, Signal};
use rungroup::{Actor, ErrorKind as Kind, Group, Threads};
use rustix::process::Signal as Number;

use super::child::{Child, hear, is_parent, say};
use super::{HOUR, says_when_ready, says_when_up};
use crate::runtime::Runtime;
use crate::support::{waiter, waiting};

on_every_runtime! {
    law_31_termination_stops_with_ok_and_names_the_signal,
    law_31_a_signal_before_the_run_is_not_lost,
    law_31_a_repeated_sigterm_changes_nothing,
    law_31_a_sigterm_after_another_request_drains,
    law_31_nested_groups_drain_whoever_watches_and_however_often,
    law_31_termination_does_not_keep_the_group_alive,
    law_31_termination_watches_until_the_end,
    law_31_termination_watches_after_its_own_exit,
    law_31_two_terminations_both_see_the_signal,
    law_31_a_sigterm_that_the_parent_blocked_is_heard,
}

async fn law_31_termination_stops_with_ok_and_names_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        for (number, name) in [(Number::TERM, "SIGTERM"), (Number::INT, "SIGINT")] {
            let mut child = start();
            child.wait_for("up");
            child.send(number);
            child.wait_for(&format!("stop requested: {name}"));
            child.ends_well();
        }
        return;
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_when_up());
    let report = group.run_report(rt.spawner()).await;
    let cause = report.cause().unwrap();
    let signal = cause.signal().unwrap();
    assert!(matches!(signal, Signal::Term | Signal::Int));
    assert!(cause.to_string().ends_with(&signal.to_string()));
    say(&cause.to_string());
    report.into_result().unwrap();
}

async fn law_31_a_signal_before_the_run_is_not_lost<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("made");
        child.send(Number::TERM);
        child.tell("sent");
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    say("made");
    hear("sent");
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(
        report.cause().unwrap().to_string(),
        "stop requested: SIGTERM"
    );
    report.into_result().unwrap();
}

/// No force, and not even the end of the drain.
async fn law_31_a_repeated_sigterm_changes_nothing<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::TERM);
        child.wait_for("stopping");
        child.send(Number::TERM);
        child.wait_for("seen again");
        child.tell("finish");
        return child.ends_well();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    let handle = group.handle();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let finished = Arc::new(AtomicBool::new(false));
    let finish = Arc::clone(&finished);
    let execute = move || {
        block_on(handle.ready()).unwrap();
        say("up");
        while handle.is_ready() {
            std::thread::yield_now();
        }
        let mut probe = Group::new();
        probe.add_actor(signal::handler([Signal::Term]).unwrap());
        say("stopping");
        probe.run_blocking(Threads).unwrap_err();
        say("seen again");
        hear("finish");
        finish.store(true, Ordering::SeqCst);
        Ok(())
    };
    group.add_actor(Actor::blocking(execute, move |_| {
        assert!(
            finished.load(Ordering::SeqCst),
            "interrupted before its end"
        );
    }));
    group.run(rt.spawner()).await.unwrap();
}

/// As when Kubernetes runs a preStop hook first.
async fn law_31_a_sigterm_after_another_request_drains<R: Runtime>(rt: R) {
    if is_parent() {
        return sends_two_sigterms_and_then_a_sigint();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    let handle = group.handle();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_what_arrives());
    group.add_actor(interrupted_only_after(&told("go on")));
    rt.spawn(async move {
        handle.ready().await.unwrap();
        handle.stop(Ok(()));
        say("ready");
    });
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.cause().unwrap().to_string(), "stop requested");
    report.into_result().unwrap();
}

async fn law_31_nested_groups_drain_whoever_watches_and_however_often<R: Runtime>(rt: R) {
    if is_parent() {
        return sends_two_sigterms_and_then_a_sigint();
    }
    let allowed = told("go on");
    let mut outer = Group::new();
    let mut inner = Group::new();
    for group in [&mut outer, &mut inner] {
        group.drain(HOUR);
        group.add_actor(signal::termination(group.handle()).unwrap());
        group.add_actor(interrupted_only_after(&allowed));
    }
    outer.add_actor(says_what_arrives());
    let handles = [outer.handle(), inner.handle()];
    outer.add_actor(inner.into_actor(rt.spawner()));
    rt.spawn(says_when_ready(handles));
    outer.run(rt.spawner()).await.unwrap();
}

fn sends_two_sigterms_and_then_a_sigint() {
    let mut child = start();
    child.wait_for("ready");
    for _ in 0..2 {
        child.send(Number::TERM);
        child.wait_for("SIGTERM");
    }
    child.tell("go on");
    child.wait_for("go on");
    child.send(Number::INT);
    child.ends_well();
}

fn says_what_arrives() -> Actor {
    signal::each([Signal::Term], |signal| say(&signal.to_string())).unwrap()
}

/// Whether the parent has said `word` yet.
fn told(word: &'static str) -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&told);
    std::thread::spawn(move || {
        hear(word);
        hears.store(true, Ordering::SeqCst);
        say(word);
    });
    told
}

fn interrupted_only_after(allowed: &Arc<AtomicBool>) -> Actor {
    let (execute, interrupt) = waiting();
    let allowed = Arc::clone(allowed);
    Actor::new(execute, move |cause| {
        assert!(allowed.load(Ordering::SeqCst), "the drain ended too early");
        interrupt(cause);
    })
}

async fn law_31_termination_does_not_keep_the_group_alive<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("returned");
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.run(rt.spawner()).await.unwrap();
    say("returned");
}

/// A signal too many must not kill, until the very end of the process.
fn survive_sigint() {
    std::mem::forget(signal::handler([Signal::Int]).unwrap());
}

/// Whatever its stage: `deaf` ends only if it still takes signals.
async fn law_31_termination_watches_until_the_end<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("interrupted");
        child.press_until_it_ends();
        return child.ends_well();
    }
    survive_sigint();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap().stage(9));
    group.add_actor(Actor::new(pending(), |_| say("interrupted")).name("deaf"));
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}).stage(9));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

/// `deaf`, which is in the background as well, ends only if signals are still taken.
async fn law_31_termination_watches_after_its_own_exit<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("alone");
        child.press_until_it_ends();
        return child.ends_well();
    }
    survive_sigint();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let handle = group.handle();
    let deaf = async move {
        while handle.status().actors().len() > 1 {
            yield_now().await;
        }
        say("alone");
        pending().await
    };
    group.add_actor(Actor::new(deaf, |_| {}).name("deaf").background());
    group.add(async { Ok(()) }, |_| {});
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

async fn law_31_two_terminations_both_see_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.wait_for("up");
        child.send(Number::TERM);
        return child.ends_well();
    }
    let mut groups = Vec::new();
    for _ in 0..2 {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        group.add_actor(says_when_up());
        groups.push(group.run(rt.spawner()));
    }
    let (one, other) = (groups.remove(0), groups.remove(0));
    let (one, other) = zip(one, other).await;
    one.unwrap();
    other.unwrap();
}

async fn law_31_a_sigterm_that_the_parent_blocked_is_heard<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start_blocked(module_path!());
        child.wait_for("up");
        child.send(Number::TERM);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_when_up());
    group.run(rt.spawner()).await.unwrap();
}

fn start() -> Child {
    Child::start(module_path!())
}
