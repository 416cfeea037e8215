//! However much there is to do, `run` lets others have its thread in between.

use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use rungroup::{Actor, Ends, Group, Handle, Spawner, Task, spawner};

use crate::support::{Count, Held, counting_waker, poll_with, waiter};

const MANY: usize = 20_000;

/// Polls `run` until it is ready, for which it must wake itself; returns how often.
fn polls_until_ready(run: &mut (impl Future + Unpin)) -> usize {
    let wakes = Count::new();
    let waker = counting_waker(&wakes);
    let mut polls = 1;
    while poll_with(&waker, run).is_pending() {
        assert_eq!(wakes.get(), polls, "it is pending, and was not woken");
        polls += 1;
    }
    polls
}

/// All failures of a stop are there at once.
#[test]
fn a_stop_yields_between_many_exits() {
    let held = Held::new();
    let mut group = Group::new();
    for _ in 0..MANY {
        group.add(async { Err("late".into()) }, |_| {});
    }
    group.handle().stop(Err("the cause".into()));
    let mut run = Box::pin(group.run(&held));
    let mut tasks = Vec::new();
    while tasks.len() < MANY {
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        tasks.extend(held.take());
    }
    for task in &mut tasks {
        assert!(poll_with(Waker::noop(), task).is_ready());
    }
    assert!(polls_until_ready(&mut run) > 10);
}

/// A producer that is faster than the group: each start adds another actor.
#[test]
fn a_start_yields_between_many_that_are_added() {
    let (spawned, held) = (AtomicUsize::new(0), Held::new());
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let producing = spawner::from_fn(|task| {
        if spawned.fetch_add(1, Ordering::Relaxed) < MANY {
            let next = Actor::new(pending(), |_| {}).ends_group(Ends::Never);
            handle.add_actor(next).unwrap();
        }
        rungroup::Spawner::spawn_task(&held, task);
    });
    let mut run = Box::pin(group.run(producing));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    assert!(spawned.load(Ordering::Relaxed) < MANY / 10);
}

/// The same before the group runs, while another thread goes on adding.
#[test]
fn a_first_poll_ends_although_more_are_added() {
    let group = Group::new();
    let handle = group.handle();
    let stop = Count::new();
    let (stopped, added) = (stop.clone(), Count::new());
    let counted = added.clone();
    let producer = std::thread::spawn(move || {
        while stopped.get() == 0 {
            if handle.add_actor(waiter().ends_group(Ends::Never)).is_err() {
                break;
            }
            counted.add();
        }
    });
    while added.get() < 100 {
        std::thread::yield_now();
    }
    let held = Held::new();
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    stop.add();
    producer.join().unwrap();
    drop(run);
}

/// Many are added before the force: it does not wait for them to start.
#[test]
fn a_force_comes_before_many_that_were_added_have_started() {
    let (spawned, held) = (AtomicUsize::new(0), Held::new());
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let counting = spawner::from_fn(|task| {
        spawned.fetch_add(1, Ordering::Relaxed);
        rungroup::Spawner::spawn_task(&held, task);
    });
    let mut run = Box::pin(group.run_report(counting));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    for _ in 0..MANY {
        let late = Actor::new(pending(), |_| {}).ends_group(Ends::Never);
        handle.add_actor(late).unwrap();
    }
    handle.force();
    polls_until_ready(&mut run);
    assert!(spawned.load(Ordering::Relaxed) < MANY / 10);
}

/// "When it ends, the group is forced", although each start during the drain adds another actor.
#[test]
fn law_15_the_grace_ends_although_more_are_added() {
    const GRACE: Duration = Duration::from_secs(60);

    struct Producing {
        handle: Handle,
        spawned: AtomicUsize,
        held: Held,
    }

    impl Spawner for Producing {
        fn spawn_task(&self, task: Task) {
            let has_begun = self.handle.status().cause().is_some();
            if has_begun && self.spawned.fetch_add(1, Ordering::Relaxed) < MANY {
                let next = Actor::new(pending(), |_| {}).ends_group(Ends::Never);
                self.handle.add_actor(next).unwrap();
            }
            self.held.spawn_task(task);
        }

        /// The grace is over as soon as somebody looks at the clock.
        fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            if duration <= GRACE {
                Box::pin(ready(()))
            } else {
                Box::pin(pending())
            }
        }
    }

    let mut group = Group::new();
    group.add_actor(waiter()).grace(GRACE).drain(Duration::MAX);
    let producing = Producing {
        handle: group.handle(),
        spawned: AtomicUsize::new(0),
        held: Held::new(),
    };
    let handle = group.handle();
    let mut run = Box::pin(group.run_report(&producing));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    handle.stop(Ok(()));
    let first = Actor::new(pending(), |_| {}).ends_group(Ends::Never);
    handle.add_actor(first).unwrap();
    while poll_with(Waker::noop(), &mut run).is_pending() {}
    let spawned = producing.spawned.load(Ordering::Relaxed);
    assert!(0 < spawned && spawned < MANY / 10, "{spawned}");
}
