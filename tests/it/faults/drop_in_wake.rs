//! Law 24 on an executor whose receiver is gone: it drops a task inside the wake, and the task's
//! destructors come back to what wakes it. Channels and events that wake inside their lock deadlock
//! here.

use std::future::{Future, pending};
use std::task::Waker;

use futures_lite::future::block_on;
use rungroup::{Actor, ErrorKind, Group, Handle};

use crate::faults::grid::scenario::assert_gone;
use crate::faults::grid::stepped::{Queue, Stepped};
use crate::runtime::guard;
use crate::support::{Count, Held, on_drop, poll_with, waiter};

/// How many wait.
const WAITING: usize = 3;

/// Who waits on the executor.
const CASES: [fn(&Queue); 4] = [
    actors_wait,
    |executor| futures_wait(executor, Handle::ready),
    |executor| futures_wait(executor, Handle::stopping),
    run_waits,
];

#[test]
fn law_24_an_executor_whose_receiver_is_gone() {
    for case in CASES {
        for panics in [false, true] {
            guard("law_24_an_executor_whose_receiver_is_gone", move || {
                case(&if panics {
                    Queue::panicking()
                } else {
                    Queue::new()
                });
            });
        }
    }
}

/// Counts its drop, inside which it uses the handle.
fn meddler(handle: &Handle, drops: &Count) -> impl Send + 'static {
    let (handle, drops) = (handle.clone(), drops.clone());
    on_drop(move || {
        let _ = handle.is_ready();
        let _ = handle.add_actor(waiter());
        let _ = poll_with(Waker::noop(), &mut Box::pin(handle.ready()));
        let _ = poll_with(Waker::noop(), &mut Box::pin(handle.stopping()));
        handle.stop(Ok(()));
        let _ = handle.status().to_string();
        drops.add();
    })
}

/// Polls those that wait, and takes the receiver away.
fn leave(executor: &Queue, drops: &Count) {
    for _ in 0..WAITING {
        executor.step();
    }
    executor.shut_down();
    assert_eq!(drops.get(), 0, "they wait");
}

/// The interrupts wake them.
fn actors_wait(executor: &Queue) {
    let drops = Count::new();
    let mut group = Group::new();
    let handle = group.handle();
    for _ in 0..WAITING {
        let kept = meddler(&handle, &drops);
        group.add_actor(Actor::with(|ctx| async move {
            let mut other = ctx.interrupted();
            let _ = poll_with(Waker::noop(), &mut other);
            let _kept = (kept, other);
            ctx.interrupted().await;
            Ok(())
        }));
    }
    let mut run = Box::pin(group.run(executor.clone()));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    leave(executor, &drops);
    handle.stop(Ok(()));
    let error = block_on(run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(drops.get(), WAITING);
    assert_gone(&handle);
}

/// The group is ready, and stops; either wakes those that wait for it.
fn futures_wait<F>(executor: &Queue, wait: fn(&Handle) -> F)
where
    F: Future + Send + 'static,
{
    let (held, drops) = (Held::new(), Count::new());
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    for _ in 0..WAITING {
        let kept = meddler(&handle, &drops);
        let (waiting, mut other) = (wait(&handle), Box::pin(wait(&handle)));
        executor.spawn_any(async move {
            let _ = poll_with(Waker::noop(), &mut other);
            let _kept = (kept, other);
            waiting.await;
        });
    }
    leave(executor, &drops);
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    handle.stop(Ok(()));
    assert_eq!(drops.get(), WAITING);
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    for mut task in held.take() {
        assert!(poll_with(Waker::noop(), &mut task).is_ready());
    }
    block_on(run).unwrap();
    assert_gone(&handle);
}

/// A request wakes it, and drops it.
fn run_waits(executor: &Queue) {
    let (drops, interrupts) = (Count::new(), Count::new());
    let mut group = Group::new();
    let handle = group.handle();
    for _ in 0..WAITING {
        let (kept, interrupts) = (meddler(&handle, &drops), interrupts.clone());
        let execute = async move {
            let _kept = kept;
            pending().await
        };
        group.add(execute, move |_| interrupts.add());
    }
    executor.spawn_any(async move { drop(group.run(Held::new()).await) });
    leave(executor, &drops);
    handle.stop(Ok(()));
    assert_eq!((interrupts.get(), drops.get()), (WAITING, WAITING));
    assert_gone(&handle);
}
