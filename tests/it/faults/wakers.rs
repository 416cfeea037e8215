//! Law 32: wakers that fail are contained wherever they are kept.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};

use cooked_waker::{IntoWaker, Wake, WakeRef};
use rungroup::{Actor, Context, Error, ErrorKind, Group};

use crate::support::{Count, Held, counting_waker, kaboom, poll_with};

/// Where a waker may fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fails {
    Clone,
    Wake,
    Drop,
}

impl Fails {
    const ALL: [Fails; 3] = [Fails::Clone, Fails::Wake, Fails::Drop];
}

/// std makes a waker of an `Arc`, whose clone cannot fail.
struct Cursed(Fails, Count);

impl Clone for Cursed {
    fn clone(&self) -> Cursed {
        if self.0 == Fails::Clone {
            kaboom("clone of a waker");
        }
        Cursed(self.0, self.1.clone())
    }
}

impl WakeRef for Cursed {
    fn wake_by_ref(&self) {
        self.1.add();
        if self.0 == Fails::Wake {
            kaboom("wake of a waker");
        }
    }
}

impl Wake for Cursed {
    fn wake(self) {
        self.wake_by_ref();
    }
}

impl Drop for Cursed {
    fn drop(&mut self) {
        if self.0 == Fails::Drop {
            kaboom("drop of a waker");
        }
    }
}

/// Polls `future` with a waker that fails, and leaves the last one of it to `future`. One that
/// cannot be kept is called: better a poll too many than none.
fn poll_cursed<F: Future + ?Sized>(fails: Fails, future: Pin<&mut F>) -> Poll<F::Output> {
    let wakes = Count::new();
    let waker = Box::new(Cursed(fails, wakes.clone())).into_waker();
    let polled = future.poll(&mut std::task::Context::from_waker(&waker));
    assert!(fails != Fails::Clone || polled.is_ready() || wakes.get() > 0);
    // That its drop panics here is the test's own doing.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
    polled
}

/// Polls with a cursed waker, then with one that counts: the first is let go without a panic, and
/// the second is woken by `event`.
fn outlives_a_waker<F: Future>(fails: Fails, future: F, event: impl FnOnce()) {
    let mut future = pin!(future);
    assert!(poll_cursed(fails, future.as_mut()).is_pending());
    let wakes = Count::new();
    let waker = counting_waker(&wakes);
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    event();
    assert_eq!(wakes.get(), 1, "{fails:?}");
    assert!(future.as_mut().poll(&mut cx).is_ready());
}

/// A group of one, by hand, whose context the test has.
struct ByHand {
    context: Context,
    handle: rungroup::Handle,
    run: Pin<Box<dyn Future<Output = Result<(), Error>>>>,
    task: rungroup::Task,
}

impl ByHand {
    fn new() -> ByHand {
        let (give, given) = async_channel::bounded(1);
        let held = Held::new();
        let mut group = Group::new();
        let actor = Actor::with(|ctx| async move {
            give.try_send(ctx.clone())?;
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(actor.announces_ready());
        let handle = group.handle();
        let mut run: Pin<Box<dyn Future<Output = _>>> = Box::pin(group.run(held.clone()));
        assert!(poll_with(Waker::noop(), &mut run).is_pending());
        let mut task = held.take().remove(0);
        assert!(poll_with(Waker::noop(), &mut task).is_pending());
        ByHand {
            context: given.try_recv().unwrap(),
            handle,
            run,
            task,
        }
    }

    fn stop(&mut self) {
        self.handle.stop(Ok(()));
        assert!(poll_with(Waker::noop(), &mut self.run).is_pending());
    }

    fn end(&mut self) {
        assert!(poll_with(Waker::noop(), &mut self.task).is_ready());
        let ended = poll_with(Waker::noop(), &mut self.run);
        assert!(matches!(ended, Poll::Ready(Ok(()))));
    }
}

/// Dropped half-way, with the last waker of all.
#[test]
fn law_32_interrupted_is_dropped_with_its_waker() {
    let mut group = ByHand::new();
    let mut interrupted = Box::pin(group.context.interrupted());
    assert!(poll_cursed(Fails::Drop, interrupted.as_mut()).is_pending());
    drop(interrupted);
    group.stop();
    group.end();
}

/// What waits: for an interrupt, for readiness, for the stop.
#[derive(Clone, Copy)]
enum Waits {
    Interrupted,
    Ready,
    Stopping,
}

#[test]
fn law_32_whoever_waits_outlives_its_wakers() {
    for fails in Fails::ALL {
        for waits in [Waits::Interrupted, Waits::Ready, Waits::Stopping] {
            let mut group = ByHand::new();
            match waits {
                Waits::Interrupted => {
                    outlives_a_waker(fails, group.context.interrupted(), || group.stop());
                }
                Waits::Ready => outlives_a_waker(fails, group.handle.ready(), || {
                    group.context.announce_ready();
                    assert!(poll_with(Waker::noop(), &mut group.run).is_pending());
                }),
                Waits::Stopping => {
                    outlives_a_waker(fails, group.handle.stopping(), || group.stop());
                }
            }
        }
    }
}

/// One that fails must not leave the others asleep.
#[test]
fn law_32_all_are_woken_although_one_waker_fails() {
    let mut group = ByHand::new();
    let wakes = Count::new();
    let mut waiting: Vec<_> = (0..5).map(|_| group.context.interrupted()).collect();
    for (nth, one) in waiting.iter_mut().enumerate() {
        if nth % 2 == 0 {
            assert!(poll_cursed(Fails::Wake, Pin::new(one)).is_pending());
        } else {
            assert!(poll_with(&counting_waker(&wakes), one).is_pending());
        }
    }
    group.stop();
    assert_eq!(wakes.get(), 2);
    group.end();
}

#[test]
fn law_32_a_task_outlives_its_wakers() {
    for fails in Fails::ALL {
        let mut group = ByHand::new();
        assert!(poll_cursed(fails, Pin::new(&mut group.task)).is_pending());
        group.handle.force();
        let Poll::Ready(Err(error)) = poll_with(Waker::noop(), &mut group.run) else {
            panic!("it has not ended")
        };
        assert_eq!(error.kind(), ErrorKind::Stragglers);
        assert!(poll_with(Waker::noop(), &mut group.task).is_ready());
    }
}

#[test]
fn law_32_a_run_outlives_its_wakers() {
    for fails in Fails::ALL {
        let mut group = ByHand::new();
        assert!(poll_cursed(fails, group.run.as_mut()).is_pending());
        let wakes = Count::new();
        assert!(poll_with(&counting_waker(&wakes), &mut group.run).is_pending());
        group.handle.stop(Ok(()));
        assert_eq!(wakes.get(), 1);

        assert!(poll_cursed(fails, group.run.as_mut()).is_pending());
        group.end();
    }
}

/// Dropped with the last waker of its own.
#[test]
fn law_32_a_run_is_dropped_with_its_waker() {
    let mut group = ByHand::new();
    assert!(poll_cursed(Fails::Drop, group.run.as_mut()).is_pending());
    drop(group.run);
    assert!(group.context.is_interrupted());
}
