//! What a signal does when nobody watches it any longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_lite::future::poll_once;
use rungroup::signal::{self, Signal};
use rungroup::{Group, Spawner};
use rustix::process::Signal as Number;

use super::child::{Child, hear, is_parent, live_on, say};
use super::{HOUR, says_when_up};
use crate::runtime::Runtime;

on_every_runtime! {
    dropped_unrun_the_signal_kills_again,
    after_the_run_the_signal_kills_again,
    watched_until_the_last_is_gone,
    watched_again_after_all_were_gone,
    a_signal_that_was_ignored_is_ignored_again,
    a_signal_that_had_a_handler_is_left_to_it,
    an_actor_that_cannot_be_made_leaves_a_signal_ignored,
    no_thread_is_left,
}

async fn dropped_unrun_the_signal_kills_again<R: Runtime>(_: R) {
    if is_parent() {
        let mut child = start();
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
            let mut child = start();
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
        let mut child = start();
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
        let mut child = start();
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
        let mut child = Child::start_under("trap '' USR1", module_path!());
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
        let mut child = start();
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

/// There are not enough file descriptors to receive signals, or else to read what the signal does.
async fn an_actor_that_cannot_be_made_leaves_a_signal_ignored<R: Runtime>(rt: R) {
    if !cfg!(target_os = "linux") {
        return; // /proc is needed
    }
    if is_parent() {
        let prelude = "ulimit -n 100; trap '' HUP";
        let mut child = Child::start_under(prelude, module_path!());
        for _ in 0..2 {
            child.wait_for("not watched");
            child.send(Number::HUP);
            child.tell("sent");
        }
        return child.ends_well();
    }
    // A runtime opens what its threads need with its first timer, and panics if it cannot.
    let timer = rt.spawner().sleep(HOUR);
    assert!(poll_once(timer).await.is_none());
    let open = || std::fs::File::open("/dev/null");
    let mut files: Vec<_> = std::iter::from_fn(|| open().ok()).collect();
    // Two descriptors are enough to receive, the third one is for reading.
    for _ in 0..3 {
        signal::each([Signal::Hup], |_| {}).unwrap_err();
        files.pop();
    }
    drop(files);
    say("not watched");
    hear("sent");
    drop(signal::each([Signal::Hup], |_| {}).unwrap());
    say("not watched");
    hear("sent");
}

async fn no_thread_is_left<R: Runtime>(_: R) {
    if !cfg!(target_os = "linux") {
        return; // /proc is needed
    }
    if is_parent() {
        let mut child = start();
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

fn start() -> Child {
    Child::start(module_path!())
}
