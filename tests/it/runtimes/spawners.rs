//! Each spawner: what it runs, how it sleeps, what becomes of a group when it dies.
//!
//! Like `runtime.rs`, it and its modules name runtimes.

#[cfg(target_os = "linux")]
mod in_a_process;
#[cfg(feature = "smol")]
mod on_smol;
#[cfg(feature = "tokio")]
mod on_tokio;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, ErrorKind, Group, Spawner, Task, Threads, spawner};

use crate::runtime::Runtime;
use crate::support::{Count, Held, Log, during, kaboom, poll_with, waiter, waiting};

on_every_runtime! {
    many_actors_run_and_end,
    every_forwarding_impl_spawns_and_sleeps,
    a_spawner_may_poll_inline,
    sleep_ends,
    sleep_for_ever_waits,
    grace_is_by_the_spawner_s_clock,
}

/// All alive at once, then one exits.
async fn many_actors_run_and_end<R: Runtime>(rt: R) {
    let ends = Count::new();
    let mut group = Group::new();
    for _ in 0..R::MANY {
        let ends = ends.clone();
        let (execute, interrupt) = waiting();
        let execute = async move {
            execute.await?;
            ends.add();
            Ok(())
        };
        group.add(execute, interrupt);
    }
    group.add(async { Ok(()) }, |_| {});
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(ends.get(), R::MANY);
}

/// Logs what is asked of it.
struct Logging<S>(S, Log);

impl<S: Spawner> Spawner for Logging<S> {
    fn spawn_task(&self, task: Task) {
        self.1.add("spawn");
        self.0.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.1.add("sleep");
        self.0.sleep(duration)
    }
}

async fn every_forwarding_impl_spawns_and_sleeps<R: Runtime>(rt: R) {
    let log = Log::new();
    let logging = || Logging(rt.spawner(), log.clone());
    assert_forwards(&log, &logging()).await;
    assert_forwards(&log, &&logging()).await;
    assert_forwards(&log, Arc::new(logging())).await;
    assert_forwards(&log, Box::new(logging())).await;
    assert_forwards(&log, Arc::new(logging()) as Arc<dyn Spawner>).await;
    assert_forwards(&log, Box::new(logging()) as Box<dyn Spawner>).await;
    assert_forwards(&log, &logging() as &dyn Spawner).await;
    assert_forwards(&log, Box::new(&Arc::new(logging()))).await;
}

async fn assert_forwards(log: &Log, spawner: impl Spawner) {
    let before = log.entries().len();
    let mut group = Group::new();
    group.grace(Duration::MAX);
    group.add_actor(waiter());
    group.add(async { Ok(()) }, |_| {});
    group.run(spawner).await.unwrap();
    assert_eq!(log.entries()[before..], ["spawn", "spawn", "sleep"]);
}

/// A spawner may poll a task inside `spawn`, where it may end, and leave the rest to the runtime.
async fn a_spawner_may_poll_inline<R: Runtime>(rt: R) {
    for late in [false, true] {
        let log = Log::new();
        let mut group = Group::new();
        let handle = group.handle();
        for nth in 0..10 {
            let log = log.clone();
            let (execute, interrupt) = waiting();
            let execute = async move {
                log.add("polled");
                if nth == 5 {
                    return Err("inline".into());
                }
                execute.await
            };
            let actor = Actor::new(execute, interrupt);
            if late {
                handle.add_actor(actor).unwrap();
            } else {
                group.add_actor(actor);
            }
        }
        let inner = rt.spawner();
        let spawner = spawner::from_fn(move |mut task| {
            if poll_with(Waker::noop(), &mut task).is_pending() {
                inner.spawn_task(task);
            }
        });
        let error = group.run(spawner).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "inline");
        assert_eq!(log.count("polled"), 10);
    }
}

async fn sleep_ends<R: Runtime>(rt: R) {
    rt.spawner().sleep(Duration::ZERO).await;
    rt.spawner().sleep(Duration::from_millis(1)).await;
}

async fn sleep_for_ever_waits<R: Runtime>(rt: R) {
    let mut sleep = rt.spawner().sleep(Duration::MAX);
    assert!(poll_once(&mut sleep).await.is_none());
    // A short one, from the same clock, ends first.
    let short = rt.spawner().sleep(Duration::from_millis(1));
    during(&mut sleep, short).await;
}

async fn grace_is_by_the_spawner_s_clock<R: Runtime>(rt: R) {
    let error = cut_off(rt.spawner()).await;
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(error.report().stragglers().len(), 1);
}

/// Runs a group that only its grace ends.
async fn cut_off(spawner: impl Spawner) -> rungroup::Error {
    let mut group = Group::new();
    group.grace(Duration::from_millis(1));
    group.add(pending(), |_| {});
    group.add(async { Ok(()) }, |_| {});
    group.run(spawner).await.unwrap_err()
}

/// Has a clock that panics: in `sleep`, or when it is polled. A thread does its work then.
struct BrokenClock {
    when_polled: bool,
}

impl Spawner for BrokenClock {
    fn spawn_task(&self, task: Task) {
        Threads.spawn_task(task);
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if self.when_polled {
            return Box::pin(async { kaboom("clock") });
        }
        kaboom("clock")
    }
}

#[test]
fn a_clock_that_panics_is_replaced() {
    for when_polled in [false, true] {
        let error = block_on(cut_off(BrokenClock { when_polled }));
        assert_eq!(error.kind(), ErrorKind::Stragglers);
    }
}

/// `from_fn` has the default clock.
#[test]
fn from_fn_sleeps_on_a_thread() {
    let error = block_on(cut_off(spawner::from_fn(|task| Threads.spawn_task(task))));
    assert_eq!(error.kind(), ErrorKind::Stragglers);
}

#[test]
fn a_thread_bears_the_name_of_its_actor() {
    for (name, thread) in [("http", "http"), ("a\0b", "ab")] {
        let mut group = Group::new();
        let execute = async move {
            assert_eq!(std::thread::current().name(), Some(thread));
            Ok(())
        };
        group.add_actor(Actor::new(execute, |_| {}).name(name));
        group.run_blocking(Threads).unwrap();
    }
}

/// A task that is kept and never polled is waited for until the grace ends.
#[test]
fn a_task_that_is_never_polled_is_a_straggler() {
    let held = Held::new();
    let mut group = Group::new();
    group.grace(Duration::from_millis(1));
    group.add_actor(waiter().name("kept"));
    group.handle().stop(Ok(()));
    let error = group.run_blocking(&held).unwrap_err();
    assert_eq!(error.to_string(), "1 actor did not stop: `kept` (parked)");
}
