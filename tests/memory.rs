//! Laws 7 and 24: a group that churns holds memory for its live actors only. A test binary of its
//! own, because the allocator counts what all of a process allocates.

#![allow(clippy::pedantic)] // nobody's API

use std::alloc::System;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use cap::Cap;
use rungroup::{Actor, Ends, Group, Handle, Spawner, Task, spawner};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const ACTORS: usize = 1_000_000;

static ENDED: AtomicUsize = AtomicUsize::new(0);

/// So many are alive at once, at most.
const BATCH: usize = 100;

/// A queue grows and shrinks in blocks. A leak of one byte per actor is more than this.
const SLACK: usize = 64 << 10;

/// Both in one test: two at once would measure one another.
#[test]
fn law_07_a_group_that_churns_holds_memory_for_the_live() {
    assert_flat("short actors", |_| {
        let execute = async {
            ENDED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        Actor::new(execute, |_| {}).ends_group(Ends::OnError)
    });
    assert_flat("of many stages, and ready or not", |nth| {
        let stage = u32::try_from(nth).unwrap();
        let actor = Actor::with(move |ctx| async move {
            if stage % 2 == 0 {
                ctx.announce_ready();
            }
            ENDED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        actor
            .announces_ready()
            .stage(stage)
            .ends_group(Ends::OnError)
    });
}

/// Runs a group that adds and loses `ACTORS`, and compares its memory to what it was early on.
fn assert_flat(what: &str, mut actor: impl FnMut(usize) -> Actor) {
    let kept = Mutex::new(Vec::new());
    let spawner = inline(&kept);
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Ok(())
    }));
    let handle = group.handle();
    let mut run = Box::pin(group.run(&spawner));
    let mut warm = 0;
    for nth in 0..ACTORS / BATCH {
        add_batch(&handle, nth * BATCH, &mut actor);
        // Often enough for all events of a batch.
        for _ in 0..3 {
            assert!(poll(&mut run).is_pending());
        }
        if nth == 10 {
            warm = ALLOCATOR.allocated();
        }
        if nth > 10 {
            let now = ALLOCATOR.allocated();
            assert!(now <= warm + SLACK, "{what}: {warm} B, {now} B at {nth}");
        }
    }
    assert_eq!(ENDED.swap(0, Ordering::Relaxed), ACTORS);
    handle.interrupt(Ok(()));
    assert!(poll(&mut run).is_pending());
    for mut task in kept.lock().unwrap().drain(..) {
        assert!(poll(&mut task).is_ready());
    }
    assert!(matches!(poll(&mut run), Poll::Ready(Ok(()))));
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
