//! The kit does not hang, whatever the program does.

use std::process::Command;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use futures_lite::future::block_on;
use rungroup::testing::every_stop;
use rungroup::{Actor, Group, Threads};

use super::SHORT;
use crate::runtime::guard;

#[test]
fn law_36_an_actor_that_never_leaves_its_poll_ends_the_test() {
    guard("an actor that never leaves its poll", || {
        let (free, freed) = mpsc::channel::<()>();
        let freed = Arc::new(Mutex::new(freed));
        let build = async || {
            let freed = Arc::clone(&freed);
            let execute = async move {
                let _ = freed.lock().unwrap().recv();
                Ok(())
            };
            let mut group = Group::new();
            group.add_actor(Actor::new(execute, |_| {}).name("stuck"));
            group
        };
        let findings = block_on(every_stop(build).limit(SHORT).run(Threads));
        drop(free);
        assert_eq!((findings.trials(), findings.iter().count()), (1, 1));
        let text = findings.to_string();
        let what = "undisturbed: `stuck` is inside its poll 300ms after the run ended";
        assert!(text.contains(what), "{text}");
        let end = "The last trial cannot be ended, so no other followed.";
        assert!(text.ends_with(end), "{text}");
    });
}

/// A paused clock moves only while everything waits, so real time must end the stop.
#[cfg(feature = "tokio")]
#[test]
fn a_clock_that_stands_still_ends_the_test() {
    guard("a clock that stands still", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let build = async || {
            let execute = async {
                loop {
                    tokio::task::yield_now().await;
                }
            };
            let mut group = Group::new();
            group.add_actor(Actor::new(execute, |_| {}).name("spins"));
            group
        };
        let test = every_stop(build).limit(SHORT).run(rungroup::Tokio);
        let findings = runtime.block_on(test);
        assert_eq!(findings.trials(), 1);
        let text = findings.to_string();
        assert!(
            text.contains("undisturbed: the stop outlasted 300ms"),
            "{text}"
        );
        assert!(text.contains("\n     spins "), "{text}");
    });
}

/// With a paused clock, a limit of hours costs nothing.
#[cfg(feature = "tokio")]
#[test]
fn a_paused_clock_costs_nothing() {
    guard("a paused clock", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let build = async || {
            let mut group = Group::new();
            group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
            group
        };
        let limit = std::time::Duration::from_secs(3600);
        let findings = runtime.block_on(every_stop(build).limit(limit).run(rungroup::Tokio));
        assert!(!findings.is_empty());
    });
}

#[test]
fn an_interrupt_that_does_not_return_aborts_the_process() {
    guard("an interrupt that does not return", || {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("testing::stuck::has_an_interrupt_that_does_not_return")
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        for part in [
            "the thread that polls `run` is stuck, so the process is aborted",
            "waiting for `writer` (interrupting)",
            "to run this trial alone: RUNGROUP_TRIAL='stop:0:'",
        ] {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    });
}

#[test]
#[ignore = "a process of its own"]
fn has_an_interrupt_that_does_not_return() {
    let build = async || {
        // Full, and nobody reads it: the interrupt waits for ever.
        let (stop, reader) = mpsc::sync_channel(1);
        stop.send(()).unwrap();
        let execute = async move {
            let _reader = reader;
            std::future::pending().await
        };
        let mut group = Group::new();
        let interrupt = move |_: &_| stop.send(()).unwrap_or(());
        group.add_actor(Actor::new(execute, interrupt).name("writer"));
        group
    };
    let findings = block_on(every_stop(build).limit(SHORT).run(Threads));
    unreachable!("{findings}");
}
