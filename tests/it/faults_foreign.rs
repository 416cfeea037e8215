//! Law 32: formatters, destructors and wakers that fail are contained wherever they are met.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Cause, Context, Ends, Error, ErrorKind, Group, Outcome, Report, Threads};

use crate::errors::{Fragile, Unspeakable, because};
use crate::runtime::Runtime;
use crate::support::{
    Count, Held, Log, counting_waker, ending, kaboom, logged, poll_with, survives, waiter,
};

on_every_runtime! {
    law_32_an_unspeakable_error_stops_an_inner_group,
    law_32_an_unspeakable_error_of_a_request_stops_an_inner_group,
    law_32_an_unspeakable_error_is_an_exit_like_any_other,
    law_32_what_is_unspeakable_leaves_the_rest_of_the_text,
}

/// An actor that fails at once.
fn failing(error: impl Into<rungroup::BoxError>) -> Actor {
    let error = error.into();
    Actor::new(async { Err(error) }, |_| {})
}

/// The inner actors are told the outer cause, as well as can be.
async fn law_32_an_unspeakable_error_stops_an_inner_group<R: Runtime>(rt: R) {
    for error in Unspeakable::ALL {
        let log = Log::new();
        let mut inner = Group::new();
        inner.add_actor(logged("inner", &log));
        let mut outer = Group::new();
        outer.add_actor(inner.into_actor(rt.spawner()));
        outer.add_actor(failing(error).name("mute"));
        let error = outer.run(rt.spawner()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(error.actor().unwrap().as_str(), Some("mute"));
        assert_eq!(log.entries(), ["inner interrupted", "inner exited"]);
    }
}

async fn law_32_an_unspeakable_error_of_a_request_stops_an_inner_group<R: Runtime>(rt: R) {
    for error in Unspeakable::ALL {
        let log = Log::new();
        let mut inner = Group::new();
        inner.add_actor(logged("inner", &log));
        let mut outer = Group::new();
        outer.add_actor(inner.into_actor(rt.spawner()));
        outer.handle().interrupt(Err(because("outermost", error)));
        let error = outer.run(rt.spawner()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(log.entries(), ["inner interrupted", "inner exited"]);
    }
}

/// As the cause, before the stop and during it.
async fn law_32_an_unspeakable_error_is_an_exit_like_any_other<R: Runtime>(rt: R) {
    for error in Unspeakable::ALL {
        let mut group = Group::new();
        group.add_actor(failing(error).ends_group(Ends::Never));
        group.add_actor(failing(error));
        group.add_actor(ending(move || Err(error.into())));
        let report = group.run_report(rt.spawner()).await;
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        assert!(report.cause().unwrap().outcome().is_some_and(failed));
        let exits = report.exits().iter();
        assert_eq!(exits.filter(|exit| failed(exit.outcome())).count(), 2);
    }
}

/// All texts that people are shown, with `error` in each place where an error may be.
async fn texts<R: Runtime>(rt: &R, error: Unspeakable) -> Vec<String> {
    let mut group = Group::new();
    group.add_actor(failing(because("told", error)).name("culprit"));
    group.add_actor(ending(move || Err(because("later", error))).name("later"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    let report: &Report = error.report();
    let cause: &Cause = report.cause().unwrap();
    vec![
        format!("{error}"),
        format!("{error:#}"),
        format!("{error:?}"),
        format!("{error:#?}"),
        format!("{cause}"),
        format!("{cause:#}"),
        format!("{cause:?}"),
        format!("{report}"),
        format!("{report:#}"),
        format!("{report:?}"),
    ]
}

async fn law_32_what_is_unspeakable_leaves_the_rest_of_the_text<R: Runtime>(rt: R) {
    for error in Unspeakable::ALL {
        for text in texts(&rt, error).await {
            assert!(text.contains("culprit"), "{text}");
        }
    }
}

/// Runs a group of two by hand: one that fails with a fragile error, and one that keeps the cause.
/// Returns the error, and the task of the second.
fn fragile_cause(keeper: Actor) -> (Error, rungroup::Task) {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(failing(Fragile));
    group.add_actor(keeper);
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(&mut run)).is_none());
    let mut tasks = held.take();
    for (task, ready) in tasks.iter_mut().zip([true, false]) {
        assert_eq!(poll_with(Waker::noop(), task).is_ready(), ready);
    }
    assert!(block_on(poll_once(&mut run)).is_none());
    assert!(poll_with(Waker::noop(), &mut tasks[1]).is_ready());
    let Poll::Ready(Err(error)) = poll_with(Waker::noop(), &mut run) else {
        panic!("it has not ended")
    };
    (error, tasks.remove(1))
}

/// The last cause may live in a task, which its executor drops.
#[test]
fn law_32_a_fragile_error_in_a_finished_task_spares_its_executor() {
    let (error, task) = fragile_cause(waiter_with_context());
    drop(error);
    drop(task);
}

fn waiter_with_context() -> Actor {
    ending(|| Ok(()))
}

/// Or in an actor's own hands, which it takes from its context.
#[test]
fn law_32_a_fragile_error_in_a_cause_spares_its_owner() {
    let (give, given) = async_channel::bounded::<Context>(1);
    let keeper = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        give.try_send(ctx)?;
        Ok(())
    });
    let (error, task) = fragile_cause(keeper);
    drop(task);
    drop(error);
    let context = given.try_recv().unwrap();
    let cause = context.cause().unwrap();
    drop(context);
    assert_eq!(cause.error().unwrap().to_string(), "fragile");
    drop(cause);
}

/// A report drops many errors: the second panic must not meet the first.
#[test]
fn law_32_a_report_of_fragile_errors_is_dropped() {
    survives("faults_foreign::abort_report");
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_report() {
    let report = || {
        let mut group = Group::new();
        for _ in 0..3 {
            group.add_actor(ending(|| Err(Fragile.into())));
        }
        group.add_actor(failing(Fragile));
        block_on(group.run_report(Threads))
    };
    drop(report());
    drop(report().into_result().unwrap_err());
    drop(report().into_result().unwrap_err().into_panic());
}

/// What a request brings along and nobody takes.
#[test]
fn law_32_a_fragile_error_of_a_request_spares_the_others() {
    for runs in [false, true] {
        let mut group = Group::new();
        group.add_actor(waiter());
        let handle = group.handle();
        handle.interrupt(Err(Fragile.into()));
        handle.interrupt(Err(Fragile.into()));
        if runs {
            drop(group.run_blocking(Threads).unwrap_err());
        } else {
            drop(group);
        }
        handle.interrupt(Err(Fragile.into()));
    }
}

/// Where a waker may fail that a test can make without `unsafe`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fails {
    InWake,
    InDrop,
}

struct Cursed(Fails);

impl Wake for Cursed {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.0 == Fails::InWake {
            kaboom("wake of a waker");
        }
    }
}

impl Drop for Cursed {
    fn drop(&mut self) {
        if self.0 == Fails::InDrop {
            kaboom("drop of a waker");
        }
    }
}

/// Polls `future` with a waker that fails, and leaves the last one of it to `future`.
fn poll_cursed<F: Future + ?Sized>(fails: Fails, future: Pin<&mut F>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::new(Cursed(fails)));
    let polled = future.poll(&mut std::task::Context::from_waker(&waker));
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
        group.add_actor(Actor::with(|ctx| async move {
            give.try_send(ctx.clone())?;
            ctx.interrupted().await;
            Ok(())
        }));
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
        self.handle.interrupt(Ok(()));
        assert!(poll_with(Waker::noop(), &mut self.run).is_pending());
    }

    fn end(&mut self) {
        assert!(poll_with(Waker::noop(), &mut self.task).is_ready());
        let ended = poll_with(Waker::noop(), &mut self.run);
        assert!(matches!(ended, Poll::Ready(Ok(()))));
    }
}

#[test]
fn law_32_interrupted_outlives_its_wakers() {
    for fails in [Fails::InWake, Fails::InDrop] {
        let mut group = ByHand::new();
        outlives_a_waker(fails, group.context.interrupted(), || group.stop());
        group.end();
    }
}

/// Dropped half-way, with the last waker of all.
#[test]
fn law_32_interrupted_is_dropped_with_its_waker() {
    let mut group = ByHand::new();
    let mut interrupted = Box::pin(group.context.interrupted());
    assert!(poll_cursed(Fails::InDrop, interrupted.as_mut()).is_pending());
    drop(interrupted);
    group.stop();
    group.end();
}

#[test]
fn law_32_ready_outlives_its_wakers() {
    for fails in [Fails::InWake, Fails::InDrop] {
        let held = Held::new();
        let mut group = Group::new();
        group.add_actor(waiter());
        let ready = group.handle().ready();
        let mut run = Box::pin(group.run(&held));
        outlives_a_waker(fails, ready, || {
            assert!(poll_with(Waker::noop(), &mut run).is_pending());
        });
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
            assert!(poll_cursed(Fails::InWake, Pin::new(one)).is_pending());
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
    for fails in [Fails::InWake, Fails::InDrop] {
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
    for fails in [Fails::InWake, Fails::InDrop] {
        let mut group = ByHand::new();
        assert!(poll_cursed(fails, group.run.as_mut()).is_pending());
        let wakes = Count::new();
        assert!(poll_with(&counting_waker(&wakes), &mut group.run).is_pending());
        group.handle.interrupt(Ok(()));
        assert_eq!(wakes.get(), 1);

        assert!(poll_cursed(fails, group.run.as_mut()).is_pending());
        group.end();
    }
}

/// Dropped with the last waker of its own.
#[test]
fn law_32_a_run_is_dropped_with_its_waker() {
    let mut group = ByHand::new();
    assert!(poll_cursed(Fails::InDrop, group.run.as_mut()).is_pending());
    drop(group.run);
    assert!(group.context.is_interrupted());
}
