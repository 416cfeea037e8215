//! Law 25, and what law 24 says about wakers. Futures are polled by hand, with wakers that do all
//! they may.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use futures_lite::future::block_on;
use rungroup::{Actor, ActorState, ErrorKind, Group, Handle};

use crate::runtime::{Runtime, guard};
use crate::support::{
    Count, Held, counting, counting_waker, holding, kaboom, on_drop, poll_with, waiter, waiting,
    waker_fn,
};

on_every_runtime! {
    law_25_when_everything_waits_nothing_is_polled,
}

/// A future that a waker may poll, or drop, while it is polled elsewhere.
type Shared = Arc<Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>>;

fn shared(future: impl Future<Output = ()> + Send + 'static) -> Shared {
    Arc::new(Mutex::new(Some(Box::pin(future))))
}

/// Every method of a handle, but `force`.
fn call_all(handle: &Handle) {
    let _ = handle.is_ready();
    let _ = handle.add_actor(waiter());
    let _ = poll_with(Waker::noop(), &mut Box::pin(handle.ready()));
    let _ = poll_with(Waker::noop(), &mut Box::pin(handle.stopping()));
    handle.skip_drain();
    handle.clone().stop(Ok(()));
    let _ = format!("{handle:?} {}", handle.status());
}

/// Runs `test` under the harness that fails it when it hangs.
fn by_hand(name: &'static str, test: fn()) {
    guard(name, test);
}

/// "The newest waker is used": by `run`, while it runs and while it stops.
#[test]
fn law_25_run_wakes_its_newest_waker() {
    by_hand("law_25_run_wakes_its_newest_waker", || {
        let held = Held::new();
        let mut group = Group::new();
        group.add_actor(waiter()).add_actor(waiter());
        let handle = group.handle();
        let mut run = Box::pin(group.run(&held));
        let (old, new) = (Count::new(), Count::new());
        assert!(poll_with(&counting_waker(&old), &mut run).is_pending());
        assert!(poll_with(&counting_waker(&new), &mut run).is_pending());
        handle.stop(Ok(()));
        assert_eq!((old.get(), new.get()), (0, 1));

        assert!(poll_with(&counting_waker(&new), &mut run).is_pending());
        let newest = Count::new();
        assert!(poll_with(&counting_waker(&newest), &mut run).is_pending());
        for mut task in held.take() {
            assert!(poll_with(Waker::noop(), &mut task).is_ready());
        }
        assert_eq!((old.get(), new.get(), newest.get()), (0, 1, 1));
        assert!(poll_with(Waker::noop(), &mut run).is_ready());
    });
}

/// By a task that is forced.
#[test]
fn law_25_a_force_wakes_the_newest_waker_of_a_task() {
    let held = Held::new();
    let mut group = Group::new();
    group.add(pending(), |_| {});
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut task = held.take().remove(0);
    let (old, new) = (Count::new(), Count::new());
    assert!(poll_with(&counting_waker(&old), &mut task).is_pending());
    assert!(poll_with(&counting_waker(&new), &mut task).is_pending());
    handle.force();
    assert!(poll_with(Waker::noop(), &mut run).is_ready());
    assert_eq!((old.get(), new.get()), (0, 1));
    assert!(poll_with(Waker::noop(), &mut task).is_ready());
}

/// By what waits for readiness, and for an interrupt.
#[test]
fn law_25_ready_and_interrupted_wake_their_newest_waker() {
    let held = Held::new();
    let (contexts, context) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        contexts.send(ctx.clone()).await?;
        ctx.interrupted().await;
        Ok(())
    }));
    let handle = group.handle();
    let mut ready = Box::pin(handle.ready());
    let (old, new) = (Count::new(), Count::new());
    assert!(poll_with(&counting_waker(&old), &mut ready).is_pending());
    assert!(poll_with(&counting_waker(&new), &mut ready).is_pending());
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    assert_eq!((old.get(), new.get()), (0, 1));
    assert_eq!(poll_with(Waker::noop(), &mut ready), Poll::Ready(Ok(())));

    let mut task = held.take().remove(0);
    assert!(poll_with(Waker::noop(), &mut task).is_pending());
    let mut interrupted = context.try_recv().unwrap().interrupted();
    let (old, new) = (Count::new(), Count::new());
    assert!(poll_with(&counting_waker(&old), &mut interrupted).is_pending());
    assert!(poll_with(&counting_waker(&new), &mut interrupted).is_pending());
    handle.stop(Ok(()));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    assert_eq!((old.get(), new.get()), (0, 1));
}

/// "… spurious wakes change nothing": polls without a reason, of all there is, in each phase.
#[test]
fn law_25_spurious_polls_change_nothing() {
    by_hand("law_25_spurious_polls_change_nothing", || {
        let held = Held::new();
        let interrupts = Count::new();
        let mut group = Group::new();
        for _ in 0..3 {
            let interrupted = interrupts.clone();
            let (execute, interrupt) = waiting();
            group.add(execute, move |cause| {
                interrupted.add();
                interrupt(cause);
            });
        }
        let handle = group.handle();
        let wakes = Count::new();
        let waker = counting_waker(&wakes);
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(&waker, &mut run).is_pending());
        let mut tasks = held.take();
        for _ in 0..1000 {
            assert!(poll_with(&waker, &mut run).is_pending());
            for task in &mut tasks {
                assert!(poll_with(Waker::noop(), task).is_pending());
            }
        }
        assert_eq!((wakes.get(), interrupts.get()), (0, 0));
        assert!(held.take().is_empty());

        handle.stop(Ok(()));
        for _ in 0..1000 {
            assert!(poll_with(&waker, &mut run).is_pending());
        }
        assert_eq!((wakes.get(), interrupts.get()), (1, 3));
        for task in &mut tasks {
            for _ in 0..3 {
                assert!(poll_with(Waker::noop(), task).is_ready());
            }
        }
        assert!(matches!(poll_with(&waker, &mut run), Poll::Ready(Ok(()))));
        assert_eq!((wakes.get(), interrupts.get()), (2, 3));
    });
}

/// "… when everything waits, nothing is polled": counted over the whole life of the group.
async fn law_25_when_everything_waits_nothing_is_polled<R: Runtime>(rt: R) {
    let (actor_polls, run_polls) = (Count::new(), Count::new());
    let (starts, started) = async_channel::unbounded();
    let mut group = Group::new();
    for _ in 0..100 {
        let (execute, interrupt) = waiting();
        let (mut execute, starts) = (Box::pin(execute), starts.clone());
        // Told only once it waits: before, the interrupt would be there at its first poll.
        let execute = poll_fn(move |cx| {
            let polled = execute.as_mut().poll(cx);
            if polled.is_pending() {
                starts.try_send(()).unwrap();
            }
            polled
        });
        group.add(counting(&actor_polls, execute), interrupt);
    }
    let handle = group.handle();
    let (ends, ended) = async_channel::bounded(1);
    let run = counting(&run_polls, group.run(rt.spawner()));
    rt.spawn(async move {
        run.await.unwrap();
        let _ = ends.send(()).await;
    });
    for _ in 0..100 {
        started.recv().await.unwrap();
    }
    // Others keep the runtime busy meanwhile.
    for _ in 0..100 {
        let (trips, trip) = async_channel::bounded(1);
        rt.spawn(async move { trips.send(()).await.unwrap() });
        trip.recv().await.unwrap();
    }
    assert_eq!((actor_polls.get(), run_polls.get()), (100, 1));
    handle.stop(Ok(()));
    ended.recv().await.unwrap();
    assert_eq!(actor_polls.get(), 200);
    // For the request, and for the last exit.
    assert!(run_polls.get() <= 3, "{}", run_polls.get());
}

/// "Any thread may call any handle method at any time, from inside … a waker": that of `run`.
#[test]
fn law_24_from_inside_the_waker_of_run() {
    by_hand("law_24_from_inside_the_waker_of_run", || {
        let held = Held::new();
        let mut group = Group::new();
        group.add_actor(waiter());
        let handle = group.handle();
        let calls = Count::new();
        let (inside, counts) = (handle.clone(), calls.clone());
        let waker = waker_fn(move || {
            counts.add();
            call_all(&inside);
        });
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(&waker, &mut run).is_pending());
        handle.add_actor(waiter()).unwrap();
        assert_eq!(calls.get(), 1);
        assert!(poll_with(&waker, &mut run).is_pending());
        // One from the start, one from here, one from inside the waker.
        let tasks = held.take();
        assert_eq!(tasks.len(), 3);
        for mut task in tasks {
            assert!(poll_with(Waker::noop(), &mut task).is_ready());
        }
        assert_eq!(calls.get(), 2);
        assert!(poll_with(&waker, &mut run).is_ready());
    });
}

/// That of a task, which a force wakes.
#[test]
fn law_24_from_inside_the_waker_of_a_task() {
    by_hand("law_24_from_inside_the_waker_of_a_task", || {
        let held = Held::new();
        let mut group = Group::new();
        for _ in 0..3 {
            group.add(pending(), |_| {});
        }
        let handle = group.handle();
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        let tasks = Arc::new(Mutex::new(held.take()));
        // Each waker calls the handle and polls all the tasks, its own too, inline.
        let (inside, others, calls) = (handle.clone(), Arc::clone(&tasks), Count::new());
        let counts = calls.clone();
        let waker = waker_fn(move || {
            counts.add();
            inside.force();
            call_all(&inside);
            for task in &mut *others.lock().unwrap() {
                let _ = poll_with(Waker::noop(), task);
            }
        });
        for task in &mut *tasks.lock().unwrap() {
            assert!(poll_with(&waker, task).is_pending());
        }
        handle.force();
        let Poll::Ready(Err(error)) = poll_with(Waker::noop(), &mut run) else {
            panic!("forced, and not ready")
        };
        assert_eq!(error.report().stragglers().len(), 3);
        assert!(calls.get() >= 1);
    });
}

/// Those of futures that wait for readiness, or for an interrupt: they poll and drop one another.
#[test]
fn law_24_from_inside_the_wakers_of_those_who_wait() {
    by_hand("law_24_from_inside_the_wakers_of_those_who_wait", || {
        let held = Held::new();
        let (contexts, context) = async_channel::bounded(1);
        let mut group = Group::new();
        group.add_actor(Actor::with(|ctx| async move {
            contexts.send(ctx.clone()).await?;
            ctx.interrupted().await;
            Ok(())
        }));
        let handle = group.handle();
        let ready: Vec<_> = (0..4)
            .map(|_| {
                let ready = handle.ready();
                shared(async move { assert!(ready.await.is_ok()) })
            })
            .collect();
        let woken = meddle(&ready, &handle, false);
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        assert!(woken.get() >= 1);
        assert!(ready.iter().all(|one| one.lock().unwrap().is_none()));

        let mut task = held.take().remove(0);
        assert!(poll_with(Waker::noop(), &mut task).is_pending());
        let context = context.try_recv().unwrap();
        let waiting: Vec<_> = (0..4).map(|_| shared(context.interrupted())).collect();
        let woken = meddle(&waiting, &handle, true);
        handle.stop(Ok(()));
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        assert!(woken.get() >= 1);
        assert!(waiting.iter().all(|one| one.lock().unwrap().is_none()));
        assert!(poll_with(Waker::noop(), &mut task).is_ready());
        assert!(poll_with(Waker::noop(), &mut run).is_ready());
    });
}

/// Polls each future with a waker that polls the first two and drops them all.
fn meddle(futures: &[Shared], handle: &Handle, with_calls: bool) -> Count {
    let woken = Count::new();
    for future in futures {
        let (all, handle, counts) = (futures.to_vec(), handle.clone(), woken.clone());
        let waker = waker_fn(move || {
            counts.add();
            if with_calls {
                call_all(&handle);
            }
            for (nth, one) in all.iter().enumerate() {
                let mut taken = one.lock().unwrap().take();
                if let Some(future) = taken.as_mut().filter(|_| nth < 2) {
                    assert!(poll_with(Waker::noop(), future).is_ready());
                }
            }
        });
        let mut slot = future.lock().unwrap();
        assert!(poll_with(&waker, slot.as_mut().unwrap()).is_pending());
    }
    woken
}

/// A lost task has a waker, which is not woken.
#[test]
fn law_24_a_loss_outlives_the_wakers() {
    let held = Held::new();
    let drops = Count::new();
    let mut group = Group::new();
    for _ in 0..3 {
        let drops = drops.clone();
        let kept = on_drop(move || drops.add());
        group.add(holding(pending(), kept), |_| {});
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    for task in &mut tasks {
        assert!(poll_with(&waker_fn(|| kaboom("waker")), task).is_pending());
    }
    drop(tasks);
    assert_eq!(drops.get(), 3);
    handle.force();
    let error = block_on(run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
}

/// A waker of a task that panics does not end a force half-way.
#[test]
fn law_24_a_force_outlives_the_wakers() {
    let held = Held::new();
    let mut group = Group::new();
    for _ in 0..3 {
        group.add(pending(), |_| {});
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    for task in &mut tasks {
        assert!(poll_with(&waker_fn(|| kaboom("waker")), task).is_pending());
    }
    handle.force();
    let error = block_on(run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    let stragglers = error.report().stragglers();
    assert!(
        stragglers
            .iter()
            .all(|one| one.state() == ActorState::Parked)
    );
    assert_eq!(stragglers.len(), 3);
}

/// A waker of `run` that panics is not the task's fault: "a task never panics", and the exit that
/// it told is not forgotten.
#[test]
fn law_24_a_waker_of_run_that_panics() {
    let held = Held::new();
    let mut group = Group::new();
    group.add(async { Err("exit".into()) }, |_| {});
    group.add(pending(), |_| {});
    let mut run = Box::pin(group.run(&held));
    let waker = waker_fn(|| kaboom("waker"));
    assert!(poll_with(&waker, &mut run).is_pending());
    let mut tasks = held.take();
    assert!(poll_with(Waker::noop(), &mut tasks[0]).is_ready());
    assert!(poll_with(&waker, &mut run).is_pending());
    // Of a task that is dropped neither.
    drop(tasks);
    let Poll::Ready(Err(error)) = poll_with(Waker::noop(), &mut run) else {
        panic!("the exits were forgotten")
    };
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "exit"
    );
}

/// A request is made, and no lock is poisoned, whatever the waker does.
#[test]
fn law_24_a_request_outlives_the_waker_of_run() {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    let waker = waker_fn(|| kaboom("waker"));
    assert!(poll_with(&waker, &mut run).is_pending());
    let _ = catch_unwind(AssertUnwindSafe(|| {
        assert!(handle.add_actor(waiter()).is_ok());
    }));
    assert!(poll_with(&waker, &mut run).is_pending());
    let _ = catch_unwind(AssertUnwindSafe(|| handle.stop(Err("no".into()))));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    assert_eq!(tasks.len(), 2);
    for task in &mut tasks {
        assert!(poll_with(Waker::noop(), task).is_ready());
    }
    let Poll::Ready(Err(error)) = poll_with(Waker::noop(), &mut run) else {
        panic!("the request was forgotten")
    };
    assert_eq!(error.kind(), ErrorKind::Failed);
}

/// A waker whose drop panics is as foreign as one whose wake does: the exit is told all the same,
/// and `run` is woken.
#[test]
fn law_24_a_waker_that_panics_when_it_is_dropped() {
    struct Bomb;

    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            kaboom("waker")
        }
    }

    let held = Held::new();
    let mut polls = 0;
    let mut group = Group::new();
    // Keeps no waker itself, so that the group's is the last.
    let execute = poll_fn(move |_| {
        polls += 1;
        if polls == 1 {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    });
    group.add(execute, |_| {});
    let mut run = Box::pin(group.run(&held));
    let wakes = Count::new();
    assert!(poll_with(&counting_waker(&wakes), &mut run).is_pending());
    let mut task = held.take().remove(0);
    let bomb = Waker::from(Arc::new(Bomb));
    assert!(poll_with(&bomb, &mut task).is_pending());
    drop(bomb);
    assert!(poll_with(Waker::noop(), &mut task).is_ready());
    assert_eq!(wakes.get(), 1);
    assert!(poll_with(Waker::noop(), &mut run).is_ready());
}
