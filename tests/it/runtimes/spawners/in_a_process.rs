//! Tests that need a process of their own. Each runs an `#[ignore]`d one in it.

use std::error::Error as _;
use std::fs;
use std::io;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rungroup::{Actor, ErrorKind, Group, Outcome, Spawner, Threads};

use crate::runtime::guard;
use crate::support::Log;

const IS_CHILD: &str = "RUNGROUP_TEST_CHILD";

/// Runs one ignored test of this module in a process of its own, which must pass it.
fn run(test: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            &format!("runtimes::spawners::in_a_process::{test}"),
            "--exact",
        ])
        .args(["--ignored", "--test-threads=1"])
        .env(IS_CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("1 passed"), "{text}");
}

fn is_child() -> bool {
    std::env::var_os(IS_CHILD).is_some()
}

#[test]
fn law_23_no_more_threads() {
    // Nearly the whole address space, on 32 bits as on 64: no system gives that to one stack.
    let stack = (usize::MAX / 16 * 15).to_string();
    run("child_no_more_threads", &[("RUST_MIN_STACK", &stack)]);
}

#[test]
#[ignore = "run by `law_23_no_more_threads`"]
fn child_no_more_threads() {
    if !is_child() {
        return;
    }
    let refused = thread::Builder::new().spawn(|| {}).unwrap_err();

    let log = Log::new();
    let interrupts = log.clone();
    let mut group = Group::new();
    let actor = Actor::new(async { Ok(()) }, move |cause| {
        interrupts.add(cause.to_string());
    });
    group.add_actor(actor.name("unlucky"));
    let error = group.run_blocking(Threads).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(error.to_string(), "actor `unlucky` was lost by its spawner");
    let source = error.source().unwrap().downcast_ref::<io::Error>();
    assert_eq!(source.unwrap().kind(), refused.kind());
    assert_eq!(log.entries().len(), 1);

    // An actor that blocks has no thread either; on a spawner that needs none, it fails.
    let mut group = Group::new();
    group.add_actor(Actor::blocking(|| Ok(()), |_| {}));
    let inline = rungroup::spawner::from_fn(futures_lite::future::block_on);
    let report = futures_lite::future::block_on(group.run_report(inline));
    let outcome = report.cause().unwrap().outcome();
    assert!(matches!(outcome, Some(Outcome::Failed(_))), "{outcome:?}");

    // A clock that cannot start rings at once.
    futures_lite::future::block_on(Threads.sleep(Duration::MAX));
}

#[test]
fn a_dropped_sleep_ends_its_thread() {
    run("child_a_dropped_sleep_ends_its_thread", &[]);
}

#[test]
#[ignore = "run by `a_dropped_sleep_ends_its_thread`"]
fn child_a_dropped_sleep_ends_its_thread() {
    if !is_child() {
        return;
    }
    guard("a_dropped_sleep_ends_its_thread", || {
        let sleeps: Vec<_> = (0..5).map(|_| Threads.sleep(Duration::MAX)).collect();
        // A thread bears its name from its own first step on.
        until_sleepers_are(5);
        drop(sleeps);
        until_sleepers_are(0);
    });
}

fn until_sleepers_are(count: usize) {
    while sleepers() != count {
        thread::yield_now();
    }
}

/// How many threads of this process sleep for a spawner.
fn sleepers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim_end() == "rungroup-sleep")
        .count()
}
