//! What is special about Tokio: its context, its clock, its shutdown.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::{ErrorKind, Group, Spawner, Tokio};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::cut_off;
use crate::runtime::guard;
use crate::support::{Count, holding, on_drop, waiter};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

/// "`run` on `Tokio` outside a runtime": it says what to do, and hangs nothing.
#[test]
fn outside_of_a_runtime_it_says_what_to_do() {
    let (interrupts, drops) = (Count::new(), Count::new());
    let mut group = Group::new();
    for _ in 0..3 {
        let (interrupts, drops) = (interrupts.clone(), drops.clone());
        group.add(
            holding(pending(), on_drop(move || drops.add())),
            move |_| {
                interrupts.add();
            },
        );
    }
    let handle = group.handle();
    let payload = catch_unwind(AssertUnwindSafe(|| group.run_blocking(Tokio))).unwrap_err();
    let message = payload.downcast_ref::<&str>().unwrap();
    for part in [
        "`rungroup::Tokio`",
        "#[tokio::main]",
        "tokio::runtime::Handle",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!((interrupts.get(), drops.get()), (3, 3));
    assert!(handle.add_actor(waiter()).is_err());
    assert!(block_on(handle.ready()).is_err());
}

/// A handle is a spawner from outside of its runtime, with its clock.
#[test]
fn a_handle_runs_from_outside() {
    let [_, runtime] = runtimes();
    let mut group = Group::new();
    group.grace(Duration::from_millis(1));
    group.add(pending(), |_| {});
    group.add(
        async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(())
        },
        |_| {},
    );
    let error = group.run_blocking(runtime.handle().clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
}

/// Tokio's virtual time is the clock of the grace: an hour passes immediately, and to the second.
#[test]
fn grace_is_in_virtual_time() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let hour = Duration::from_secs(3600);
    let run = async |spawner: &dyn Spawner| {
        let begin = Instant::now();
        let mut group = Group::new();
        group.grace(hour);
        group.add(pending(), |_| {});
        group.handle().stop(Ok(()));
        let error = group.run(spawner).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stragglers);
        begin.elapsed()
    };
    runtime.block_on(async {
        // Tokio's timer rounds up to the next millisecond.
        let late = Duration::from_millis(1);
        assert!((hour..=hour + late).contains(&run(&Tokio).await));
        let handle = runtime.handle().clone();
        assert!((hour..=hour + late).contains(&run(&handle).await));
    });
}

#[test]
fn a_runtime_without_a_clock_has_a_grace_all_the_same() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(cut_off(Tokio));
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    let handle = runtime.handle().clone();
    let error = runtime.block_on(cut_off(handle));
    assert_eq!(error.kind(), ErrorKind::Stragglers);
}

/// "No run ever hangs …: not when the runtime is shut down before … the run."
#[test]
fn law_23_a_runtime_shut_down_before_the_run() {
    for runtime in runtimes() {
        guard("law_23_a_runtime_shut_down_before_the_run", move || {
            let handle = runtime.handle().clone();
            runtime.shutdown_background();
            let interrupts = Count::new();
            let mut group = Group::new();
            group.grace(Duration::from_secs(3600));
            for _ in 0..3 {
                let interrupts = interrupts.clone();
                group.add(pending(), move |_| interrupts.add());
            }
            let error = group.run_blocking(handle).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Lost);
            assert_eq!(interrupts.get(), 3);
        });
    }
}

/// "… or during the run."
#[test]
fn law_23_a_runtime_shut_down_during_the_run() {
    for runtime in runtimes() {
        guard("law_23_a_runtime_shut_down_during_the_run", move || {
            let (starts, started) = async_channel::unbounded();
            let (interrupts, drops) = (Count::new(), Count::new());
            let mut group = Group::new();
            for _ in 0..3 {
                let starts = starts.clone();
                let (interrupts, drops) = (interrupts.clone(), drops.clone());
                let execute = async move {
                    starts.send(()).await?;
                    pending().await
                };
                let kept = on_drop(move || drops.add());
                group.add(holding(execute, kept), move |_| interrupts.add());
            }
            let handle = runtime.handle().clone();
            let running = thread::spawn(move || group.run_blocking(handle));
            runtime.block_on(async {
                for _ in 0..3 {
                    started.recv().await.unwrap();
                }
            });
            drop(runtime);
            let error = running.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Lost);
            assert_eq!((interrupts.get(), drops.get()), (3, 3));
        });
    }
}

/// During the stop, with a grace: its clock dies with the runtime.
#[test]
fn law_23_a_runtime_shut_down_during_the_stop() {
    for runtime in runtimes() {
        guard("law_23_a_runtime_shut_down_during_the_stop", move || {
            let mut group = Group::new();
            group.grace(Duration::from_secs(3600));
            let (interrupts, interrupted) = async_channel::bounded(1);
            group.add(pending(), move |_| interrupts.try_send(()).unwrap());
            group.add_actor(waiter().stage(1));
            group.handle().stop(Ok(()));
            let handle = runtime.handle().clone();
            let running = thread::spawn(move || group.run_blocking(handle));
            runtime.block_on(interrupted.recv()).unwrap();
            drop(runtime);
            let error = running.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Lost);
        });
    }
}

/// Together with the runtime that polls it, `run` is dropped: a force.
#[test]
fn law_19_a_runtime_dropped_with_its_run() {
    for runtime in runtimes() {
        guard("law_19_a_runtime_dropped_with_its_run", move || {
            let (starts, started) = async_channel::bounded(1);
            let interrupts = Count::new();
            let calls = interrupts.clone();
            let mut group = Group::new();
            let execute = async move {
                starts.send(()).await?;
                pending().await
            };
            group.add(execute, move |_| calls.add());
            runtime.spawn(group.run(Tokio));
            runtime.block_on(started.recv()).unwrap();
            drop(runtime);
            assert_eq!(interrupts.get(), 1);
        });
    }
}
