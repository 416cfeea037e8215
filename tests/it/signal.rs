//! Signals, sent from outside: each test runs itself once more as a child process, and sends them
//! there, for a signal reaches all that run in a process.

mod child;

use std::error::Error as _;
use std::future::pending;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_lite::future::{block_on, yield_now, zip};
use rungroup::signal::{self, Signal, SignalError};
use rungroup::{Actor, ErrorKind as Kind, Group, Threads};
use rustix::process::Signal as Number;

use crate::runtime::Runtime;
use crate::support::waiter;
use child::{Child, hear, is_parent, live_on, say};

on_every_runtime! {
    termination_stops_with_ok_and_names_the_signal,
    a_signal_before_the_run_is_not_lost,
    a_second_sigint_forces,
    a_repeated_sigterm_changes_nothing,
    a_sigint_after_sigterm_skips_the_drain,
    termination_does_not_keep_the_group_alive,
    termination_watches_until_the_end,
    two_terminations_both_see_the_signal,
    handler_exits_with_the_signal,
    handler_that_is_interrupted_exits_with_ok,
    forbidden_signals_are_errors,
    dropped_unrun_the_signal_kills_again,
    after_the_run_the_signal_kills_again,
    watched_until_the_last_is_gone,
    watched_again_after_all_were_gone,
    a_signal_that_was_ignored_is_ignored_again,
    a_signal_that_had_a_handler_is_left_to_it,
    no_thread_is_left,
}

const HOUR: Duration = Duration::from_secs(3600);

async fn termination_stops_with_ok_and_names_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        for (number, name) in [(Number::TERM, "SIGTERM"), (Number::INT, "SIGINT")] {
            let mut child = Child::start();
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
    say(&report.cause().unwrap().to_string());
    report.into_result().unwrap();
}

async fn a_signal_before_the_run_is_not_lost<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
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

async fn a_second_sigint_forces<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.send(Number::INT);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let deaf = async {
        say("up");
        pending().await
    };
    group.add_actor(Actor::new(deaf, |_| say("interrupted")).name("deaf"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
    assert_eq!(
        error.report().stragglers()[0].actor().as_str(),
        Some("deaf")
    );
}

/// No force, and not even the end of the drain.
async fn a_repeated_sigterm_changes_nothing<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
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

async fn a_sigint_after_sigterm_skips_the_drain<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("up");
        child.send(Number::TERM);
        child.wait_for("draining");
        child.send(Number::INT);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    let handle = group.handle();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_when_up());
    rt.spawn(async move {
        while handle.ready().await.is_ok() {
            yield_now().await;
        }
        say("draining");
    });
    group.run(rt.spawner()).await.unwrap();
}

async fn termination_does_not_keep_the_group_alive<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("returned");
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.run(rt.spawner()).await.unwrap();
    say("returned");
}

/// Whatever its stage: `deaf` ends only if it still takes signals.
async fn termination_watches_until_the_end<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("interrupted");
        while child.process.try_wait().unwrap().is_none() {
            child.send(Number::INT);
            std::thread::yield_now();
        }
        return child.ends_well();
    }
    // A signal too many must not kill, until the very end of the process.
    std::mem::forget(signal::handler([Signal::Int]).unwrap());
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap().stage(9));
    group.add_actor(Actor::new(pending(), |_| say("interrupted")).name("deaf"));
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}).stage(9));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

async fn two_terminations_both_see_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
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

async fn handler_exits_with_the_signal<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("up");
        child.send(Number::USR2);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::handler([Signal::Usr1, Signal::Usr2]).unwrap());
    group.add_actor(says_when_up());
    let error = group.run(rt.spawner()).await.unwrap_err();
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

async fn forbidden_signals_are_errors<R: Runtime>(_: R) {
    for forbidden in [
        Signal::Kill,
        Signal::Stop,
        Signal::Ill,
        Signal::Fpe,
        Signal::Segv,
    ] {
        let error = signal::handler([Signal::Winch, forbidden]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            format!("the signal {forbidden} cannot be handled")
        );
    }
}

async fn dropped_unrun_the_signal_kills_again<R: Runtime>(_: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("gone");
        child.send(Number::TERM);
        return child.is_killed_by(Number::TERM);
    }
    let group = Group::new();
    drop(signal::termination(group.handle()).unwrap());
    say("gone");
    live_on();
}

async fn after_the_run_the_signal_kills_again<R: Runtime>(rt: R) {
    if is_parent() {
        for number in [Number::TERM, Number::INT, Number::USR1] {
            let mut child = Child::start();
            child.wait_for("gone");
            child.send(number);
            child.is_killed_by(number);
        }
        return;
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(signal::handler([Signal::Usr1]).unwrap());
    group.add(async { Ok(()) }, |_| {});
    group.run(rt.spawner()).await.unwrap();
    say("gone");
    live_on();
}

async fn watched_until_the_last_is_gone<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("up");
        child.send(Number::TERM);
        child.wait_for("all gone");
        child.send(Number::TERM);
        return child.is_killed_by(Number::TERM);
    }
    let mut group = Group::new();
    drop(signal::termination(group.handle()).unwrap());
    let early = signal::termination(group.handle()).unwrap();
    group.add_actor(signal::termination(group.handle()).unwrap());
    drop(early);
    group.add_actor(says_when_up());
    group.run(rt.spawner()).await.unwrap();
    say("all gone");
    live_on();
}

async fn watched_again_after_all_were_gone<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start();
        for _ in 0..3 {
            child.wait_for("up");
            child.send(Number::TERM);
        }
        return child.ends_well();
    }
    for _ in 0..3 {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        group.add_actor(says_when_up());
        group.run(rt.spawner()).await.unwrap();
    }
}

async fn a_signal_that_was_ignored_is_ignored_again<R: Runtime>(rt: R) {
    if !cfg!(target_os = "linux") {
        return; // /proc is needed
    }
    if is_parent() {
        let mut child = Child::start_under("trap '' USR1");
        child.wait_for("up");
        child.send(Number::USR1);
        child.wait_for("gone");
        child.send(Number::USR1);
        child.tell("sent");
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::handler([Signal::Usr1]).unwrap());
    group.add_actor(says_when_up());
    group.run(rt.spawner()).await.unwrap_err();
    say("gone");
    hear("sent");
}

async fn a_signal_that_had_a_handler_is_left_to_it<R: Runtime>(_: R) {
    if !cfg!(target_os = "linux") {
        return; // /proc is needed
    }
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("gone");
        child.send(Number::USR1);
        child.tell("sent");
        return child.ends_well();
    }
    let seen = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&seen)).unwrap();
    drop(signal::handler([Signal::Usr1]).unwrap());
    say("gone");
    hear("sent");
    while !seen.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
}

async fn no_thread_is_left<R: Runtime>(_: R) {
    if !cfg!(target_os = "linux") {
        return; // /proc is needed
    }
    if is_parent() {
        let mut child = Child::start();
        child.wait_for("no thread");
        return child.ends_well();
    }
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names
            .filter(|name| name.trim() == "rungroup-signal")
            .count()
    };
    let actor = signal::handler([Signal::Usr1]).unwrap();
    while threads() != 1 {
        std::thread::yield_now();
    }
    drop(actor);
    while threads() != 0 {
        std::thread::yield_now();
    }
    say("no thread");
}

fn says_when_up() -> Actor {
    Actor::with(|ctx| async move {
        say("up");
        ctx.interrupted().await;
        Ok(())
    })
}
