//! What is special about smol: executors that are run by hand, and dropped.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::thread;

use futures_lite::future::block_on;
use rungroup::{Actor, ErrorKind, Group, Outcome, Spawner, spawner};
use smol::Executor;

use super::cut_off;
use crate::runtime::guard;
use crate::support::{Count, waiter};

/// An executor of one's own is a spawner, with smol's clock; it runs while somebody runs it.
#[test]
fn an_executor_is_a_spawner() {
    guard("an_executor_is_a_spawner", || {
        let executor = Executor::new();
        let error = block_on(executor.run(cut_off(&executor)));
        assert_eq!(error.kind(), ErrorKind::Stragglers);

        let ends = Count::new();
        let mut group = Group::new();
        for _ in 0..100 {
            let ends = ends.clone();
            group.add_actor(Actor::with(|ctx| async move {
                ctx.interrupted().await;
                ends.add();
                Ok(())
            }));
        }
        group.add(async { Ok(()) }, |_| {});
        block_on(executor.run(group.run(&executor))).unwrap();
        assert_eq!(ends.get(), 100);
    });
}

/// A feature changes no code that compiles without it: `Spawner` is imported here, and an `Arc` of an
/// executor is a spawner too.
#[test]
fn a_shared_executor_keeps_its_own_spawn() {
    let executor = Arc::new(Executor::new());
    let task: smol::Task<u8> = executor.spawn(async { 7 });
    assert_eq!(block_on(executor.run(task)), 7);
}

/// "No run ever hangs on it": an executor that is dropped while the group runs on it.
#[test]
fn law_23_an_executor_dropped_midway() {
    guard("law_23_an_executor_dropped_midway", || {
        let executor = Arc::new(Mutex::new(Some(Arc::new(Executor::new()))));
        let (starts, started) = async_channel::unbounded();
        let mut group = Group::new();
        for _ in 0..3 {
            let starts = starts.clone();
            let execute = async move {
                starts.send(()).await?;
                pending().await
            };
            group.add(execute, |_| {});
        }
        let current = Arc::clone(&executor);
        let spawner = spawner::from_fn(move |task| match &*current.lock().unwrap() {
            Some(executor) => Spawner::spawn_task(executor, task),
            None => task.refuse("no executor"),
        });
        let handle = group.handle();
        let running = thread::spawn(move || group.run_blocking(spawner));
        block_on(handle.ready()).unwrap();
        let taken = executor.lock().unwrap().take().unwrap();
        block_on(taken.run(async {
            for _ in 0..3 {
                started.recv().await.unwrap();
            }
        }));
        drop(taken);
        let error = running.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
    });
}

/// Nor on one that is dropped before it was ever run.
#[test]
fn law_23_an_executor_never_run() {
    guard("law_23_an_executor_never_run", || {
        let mut group = Group::new();
        group.add_actor(waiter()).add_actor(waiter());
        let spawner = spawner::from_fn(|task| Spawner::spawn_task(&Executor::new(), task));
        let error = group.run_blocking(spawner).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
        let cause = error.report().cause().unwrap();
        assert!(matches!(cause.outcome(), Some(Outcome::Lost(None))));
    });
}
