//! Law 35: foreign code that `run` calls is called inside the spawner's runtime.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::{Actor, Cause, Group, Spawner, Task};

use crate::runtime::Runtime;
use crate::support::{Count, Held, Log, holding, parking, waiting};

on_every_runtime! {
    law_35_interrupts_are_called_inside_the_runtime,
    law_35_what_a_forced_actor_held_is_dropped_inside_the_runtime,
    law_35_clocks_are_made_inside_the_runtime,
}

thread_local! {
    /// Whether this thread is inside [`Entered::enter`].
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

fn note(log: &Log) {
    log.add(if IS_INSIDE.get() { "inside" } else { "outside" });
}

/// Notes on its thread that it was entered.
#[derive(Clone)]
struct Entered<S> {
    spawner: S,
    times: Count,
    clocks: Log,
}

impl<S> Entered<S> {
    fn new(spawner: S) -> Entered<S> {
        Entered {
            spawner,
            times: Count::new(),
            clocks: Log::new(),
        }
    }
}

impl<S: Spawner> Spawner for Entered<S> {
    fn spawn_task(&self, task: Task) {
        self.spawner.spawn_task(task);
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        self.times.add();
        IS_INSIDE.set(true);
        self.spawner.enter(call);
        IS_INSIDE.set(false);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        note(&self.clocks);
        self.spawner.sleep(duration)
    }
}

/// Waits for its interrupt, which notes where it was called.
fn noting(log: &Log) -> Actor {
    let (log, (execute, stop)) = (log.clone(), waiting());
    Actor::new(execute, move |cause: &Cause| {
        note(&log);
        stop(cause);
    })
}

/// Never ends, and notes where it is dropped.
fn stuck(log: &Log) -> Actor {
    let log = log.clone();
    let dropped = crate::support::on_drop(move || note(&log));
    Actor::new(holding(std::future::pending(), dropped), |_| {})
}

async fn law_35_interrupts_are_called_inside_the_runtime<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(noting(&log));
    group.add_actor(noting(&log).stage(1));
    group.add_actor(noting(&log).background());
    group.handle().stop(Ok(()));
    group.run(Entered::new(rt.spawner())).await.unwrap();
    assert_eq!(log.entries(), ["inside"; 3]);
}

async fn law_35_what_a_forced_actor_held_is_dropped_inside_the_runtime<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(stuck(&log));
    group.add_actor(stuck(&log).stage(1));
    group.handle().force();
    // Parked, so that `run` drops it, and not its own task.
    group
        .run(Entered::new(parking(rt.spawner())))
        .await
        .unwrap_err();
    assert_eq!(log.entries(), ["inside"; 2]);
}

async fn law_35_clocks_are_made_inside_the_runtime<R: Runtime>(rt: R) {
    let spawner = Entered::new(rt.spawner());
    let mut group = Group::new();
    group.grace(Duration::MAX);
    group.add_actor(noting(&Log::new()).grace(Duration::MAX));
    group.handle().stop(Ok(()));
    group.run(spawner.clone()).await.unwrap();
    let made = spawner.clocks.entries();
    assert!(!made.is_empty());
    assert!(made.iter().all(|place| place == "inside"), "{made:?}");
}

#[test]
fn law_35_the_runtime_is_entered_once_for_a_batch() {
    const ACTORS: usize = 100;
    let log = Log::new();
    let mut group = Group::new();
    for _ in 0..ACTORS {
        group.add_actor(stuck(&log));
    }
    group.handle().force();
    let spawner = Entered::new(Held::new());
    block_on(group.run(spawner.clone())).unwrap_err();
    assert_eq!(log.count("inside"), ACTORS);
    // Once for the interrupts, once for the drops, and for what is done once in a stop.
    assert!(spawner.times.get() < ACTORS / 4, "{}", spawner.times.get());
}
