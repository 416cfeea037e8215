//! Laws 7 and 24: a group holds memory for its live actors only, however many there were before. It
//! is a test binary of its own, because the allocator counts for the whole process.

#![allow(clippy::pedantic)] // nobody's API

use std::alloc::System;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cap::Cap;
use rungroup::{Actor, Ends, Group, Handle, Phase, Spawner, Task, spawner};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const ACTORS: usize = 1_000_000;

static ENDED: AtomicUsize = AtomicUsize::new(0);

/// At most this many are alive in a group whose actors come and go.
const BATCH: usize = 100;

/// A queue grows and shrinks in blocks. A leak of one byte per actor is more than this.
const SLACK: usize = 64 << 10;

/// Whether those that wait may end.
static RELEASED: AtomicBool = AtomicBool::new(false);

/// All in one test, because two that run together would measure each other.
#[test]
fn law_07_memory_is_for_the_live() {
    let short = |_| {
        let execute = async {
            ENDED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        Actor::new(execute, |_| {}).ends_group(Ends::OnError)
    };
    assert_flat("short actors", Phase::Running, ACTORS, short);
    for phase in [Phase::Draining, Phase::Stopping] {
        assert_flat("short actors", phase, ACTORS / 10, short);
    }
    assert_nothing_is_left_of_a_burst(ACTORS, |_| held());
    assert_nothing_is_left_of_a_burst(ACTORS / 10, |nth| held().stage(stage(nth)));
    let what = "of many stages, and ready or not";
    assert_flat(what, Phase::Running, ACTORS, |nth| {
        let stage = stage(nth);
        let actor = Actor::with(move |ctx| async move {
            if stage % 2 == 0 {
                ctx.announce_ready();
            }
            ENDED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let actor = actor.announces_ready().stage(stage);
        actor.ends_group(Ends::OnError)
    });
}

/// A stage of its own for each.
fn stage(nth: usize) -> u32 {
    u32::try_from(nth).unwrap()
}

/// Waits until all are released, whatever it is told.
fn held() -> Actor {
    let execute = poll_fn(|_| match RELEASED.load(Ordering::Relaxed) {
        true => Poll::Ready(Ok(())),
        false => Poll::Pending,
    });
    Actor::new(execute, |_| {}).ends_group(Ends::OnError)
}

/// Brings a group into `phase`, in which `work` adds actors to its stage 0, and then ends it.
fn in_phase<S: Spawner>(
    phase: Phase,
    spawner: S,
    kept: &Mutex<Vec<Task>>,
    work: impl FnOnce(&Handle, &mut dyn FnMut()),
) {
    RELEASED.store(false, Ordering::Relaxed);
    let mut group = Group::new();
    group.add_actor(held().stage(1));
    if phase == Phase::Draining {
        group.drain(Duration::MAX);
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(spawner));
    assert!(poll(&mut run).is_pending());
    if phase != Phase::Running {
        handle.stop(Ok(()));
        assert!(poll(&mut run).is_pending());
    }
    assert_eq!(handle.status().phase(), phase);
    work(&handle, &mut || assert!(poll(&mut run).is_pending()));
    assert_eq!(handle.status().phase(), phase);

    RELEASED.store(true, Ordering::Relaxed);
    handle.stop(Ok(()));
    for mut task in kept.lock().unwrap().drain(..) {
        assert!(poll(&mut task).is_ready());
    }
    while poll(&mut run).is_pending() {}
}

/// Runs a group that adds and loses actors, and compares its memory to what it was early on.
fn assert_flat(what: &str, phase: Phase, actors: usize, mut actor: impl FnMut(usize) -> Actor) {
    let kept = Mutex::new(Vec::new());
    in_phase(phase, inline(&kept), &kept, |handle, poll_run| {
        let mut warm = 0;
        for nth in 0..actors / BATCH {
            add_batch(handle, nth * BATCH, &mut actor);
            // Often enough for all events of a batch.
            for _ in 0..3 {
                poll_run();
            }
            if nth == 10 {
                warm = ALLOCATOR.allocated();
            }
            if nth > 10 {
                let now = ALLOCATOR.allocated();
                let told = || format!("{what}, {phase}: {warm} B, {now} B at {nth}");
                assert!(now <= warm + SLACK, "{}", told());
            }
        }
        assert_eq!(ENDED.swap(0, Ordering::Relaxed), actors);
    });
}

/// All are alive at once, then all leave. What is left is less than a byte for each of them: queues
/// keep a small part of what they had.
fn assert_nothing_is_left_of_a_burst(actors: usize, mut actor: impl FnMut(usize) -> Actor) {
    let kept = Mutex::new(Vec::new());
    in_phase(Phase::Running, inline(&kept), &kept, |handle, poll_run| {
        let before = ALLOCATOR.allocated();
        for nth in 0..actors {
            handle.add_actor(actor(nth)).unwrap();
        }
        while kept.lock().unwrap().len() < actors {
            poll_run();
        }
        let peak = ALLOCATOR.allocated() - before;
        RELEASED.store(true, Ordering::Relaxed);
        // The first is the one that stays.
        let burst = kept.lock().unwrap().split_off(1);
        for mut task in burst {
            assert!(poll(&mut task).is_ready());
        }
        kept.lock().unwrap().shrink_to_fit();
        // Often enough for all their events.
        for _ in 0..actors / 100 {
            poll_run();
        }
        let left = ALLOCATOR.allocated().saturating_sub(before);
        assert!(left < actors / 2, "{left} B are left of {peak} B");
    });
}

fn add_batch(handle: &Handle, first: usize, actor: &mut impl FnMut(usize) -> Actor) {
    for nth in first..first + BATCH {
        handle.add_actor(actor(nth)).unwrap();
    }
}

/// Polls each task once, where it is spawned, and keeps those that are not done.
fn inline(kept: &Mutex<Vec<Task>>) -> impl Spawner {
    spawner::from_fn(|mut task| {
        if poll(&mut task).is_pending() {
            kept.lock().unwrap().push(task);
        }
    })
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
