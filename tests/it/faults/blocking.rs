//! What the thread of an actor must not do to the others: hold them up, or end the process.

use std::any::Any;
use std::cell::RefCell;
use std::sync::mpsc;
use std::task::Waker;

use futures_lite::future::{block_on, poll_once, zip};
use rungroup::{Actor, Group, Result};

use crate::runtime::{Runtime, guard};
use crate::support::errors::Fragile;
use crate::support::{Event, Held, Inline, kaboom, on_drop, parking, poll_with, survives};

on_every_runtime! {
    a_thread_that_lingers_after_its_result_holds_nobody_up,
}

thread_local! {
    static KEPT: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Calls `f` in a destructor of this thread, after what runs on it has returned.
fn at_the_end_of_this_thread(f: impl FnOnce() + 'static) {
    KEPT.with(|kept| *kept.borrow_mut() = Some(Box::new(on_drop(f))));
}

/// An executor may poll inside a wake, as async-task's `schedule = run`: here on the actor's own
/// thread, which cannot wait for its own end.
#[test]
fn a_blocking_actor_ends_where_its_waker_polls() {
    guard("a_blocking_actor_ends_where_its_waker_polls", || {
        for fails in [false, true] {
            let mut group = Group::new();
            let ready = group.handle().ready();
            let work = move || {
                // Its task waits by then.
                block_on(ready)?;
                if fails { Err("no".into()) } else { Ok(()) }
            };
            group.add_actor(Actor::blocking(work, |_| {}).name("work"));
            let told = group
                .run_blocking(Inline)
                .map_err(|error| format!("{error:?}"));
            match told {
                Ok(()) => assert!(!fails),
                Err(told) => assert!(fails && told.contains("failed: no"), "{told}"),
            }
        }
    });
}

/// The result of the thread is there before its destructors have ended.
async fn a_thread_that_lingers_after_its_result_holds_nobody_up<R: Runtime>(rt: R) {
    let (release, released) = mpsc::channel::<()>();
    let work = move || {
        at_the_end_of_this_thread(move || {
            let _ = released.recv();
        });
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(Actor::blocking(work, |_| {}));
    group.run(rt.spawner()).await.unwrap();
    drop(release);
}

/// Nobody waits for the result of a thread that was forced, or lost: its drop panics alone.
#[test]
fn a_late_result_that_panics_in_its_drop_is_contained() {
    survives("faults::blocking::abort_late_error");
    survives("faults::blocking::abort_late_payload");
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_late_error() {
    end_late(|| Err(Fragile.into()));
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_late_payload() {
    end_late(|| kaboom(on_drop(|| kaboom("drop of a payload"))));
}

/// Ends threads with `end` after their actors were forced and lost.
fn end_late(end: fn() -> Result) {
    let late = Late::new(end);
    let mut group = Group::new();
    group.add_actor(late.actor());
    let handle = group.handle();
    let force = async {
        late.started.wait().await;
        handle.force();
    };
    let forced = zip(group.run(parking(rungroup::Threads)), force);
    block_on(forced).0.unwrap_err();
    late.end();

    let late = Late::new(end);
    let mut group = Group::new();
    group.add_actor(late.actor());
    let held = Held::new();
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    let mut task = held.take().remove(0);
    assert!(poll_with(Waker::noop(), &mut task).is_pending());
    late.started.wait_blocking();
    drop(task);
    block_on(run).unwrap_err();
    late.end();
}

/// A thread that ends when the test says so.
struct Late {
    end: fn() -> Result,
    started: Event,
    release: Event,
    ended: Event,
}

impl Late {
    fn new(end: fn() -> Result) -> Late {
        let (started, release, ended) = (Event::new(), Event::new(), Event::new());
        Late {
            end,
            started,
            release,
            ended,
        }
    }

    fn actor(&self) -> Actor {
        let (end, started, release) = (self.end, self.started.clone(), self.release.clone());
        let ended = self.ended.on_drop();
        let work = move || {
            at_the_end_of_this_thread(move || drop(ended));
            started.set();
            release.wait_blocking();
            end()
        };
        Actor::blocking(work, |_| {})
    }

    fn end(&self) {
        self.release.set();
        self.ended.wait_blocking();
    }
}
