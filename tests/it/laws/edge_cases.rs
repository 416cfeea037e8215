//! The laws in their corners: where two of them meet, or two panics.

use std::future::pending;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Waker;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, ActorState, Ends, Group, Outcome, Threads};

use crate::runtime::Runtime;
use crate::support::errors::Fragile;
use crate::support::{
    Count, Held, OnDrop, holding, kaboom, on_drop, poll_with, survives, waiter, waker_fn,
};

on_every_runtime! {
    law_01_zero_actors_drain_nothing,
    law_27_nobody_in_the_foreground_drains_nothing,
    law_22_the_drop_of_a_later_error_panics,
    law_22_the_drops_of_an_error_and_of_an_uncalled_interrupt_panic,
}

const LONG: Duration = Duration::from_secs(3600);

/// "Zero actors: `run` is Ok on its first poll."
async fn law_01_zero_actors_drain_nothing<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.drain(LONG);
    group.handle().stop(Ok(()));
    let ended = poll_once(pin!(group.run(rt.spawner()))).await;
    ended.expect("nobody is there to be drained").unwrap();
}

/// The drain is over with the last exit; so it is if that came before the request.
async fn law_27_nobody_in_the_foreground_drains_nothing<R: Runtime>(rt: R) {
    let interrupts = Count::new();
    let interrupted = interrupts.clone();
    let mut group = Group::new();
    group.drain(LONG);
    group.add_actor(Actor::new(pending(), move |_| interrupted.add()).background());
    group.handle().stop(Ok(()));
    let mut run = pin!(group.run(rt.spawner()));
    assert!(poll_once(run.as_mut()).await.is_none());
    assert_eq!(interrupts.get(), 1);
}

/// `run` drops the report when it returns Ok, and with it errors that are not its own.
async fn law_22_the_drop_of_a_later_error_panics<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Err(Fragile.into())
    }));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
}

/// The panic of the interrupt takes the place of the error, whose drop panics too.
async fn law_22_the_drops_of_an_error_and_of_an_uncalled_interrupt_panic<R: Runtime>(rt: R) {
    let interrupt = bomb();
    let fails = Actor::new(async { Err(Fragile.into()) }, move |_| drop(interrupt));
    let mut group = Group::new();
    group.add_actor(fails.ends_group(Ends::Never));
    group.run(rt.spawner()).await.unwrap();
}

/// Law 16: the state `Blocking` is for a thread that runs. Here none was ever started.
#[test]
fn law_16_a_blocking_actor_that_never_began_is_parked() {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(Actor::blocking(|| Ok(()), |_| {}).name("unbegun"));
    group.handle().force();
    let report = block_on(group.run_report(&held));
    assert_eq!(report.stragglers()[0].state(), ActorState::Parked);
    assert_eq!(
        report.exits().len(),
        1,
        "its function was dropped: it is forced"
    );
}

/// Law 22: the panic of the drop is that of the actor, blocking or not.
#[test]
fn law_22_the_drop_of_a_forced_blocking_actor_panics() {
    let held = Held::new();
    let bomb = bomb();
    let mut group = Group::new();
    group.add_actor(Actor::blocking(
        move || {
            drop(bomb);
            Ok(())
        },
        |_| {},
    ));
    group.handle().force();
    let report = block_on(group.run_report(&held));
    assert!(matches!(report.exits()[0].outcome(), Outcome::Panicked(_)));
}

/// Law 17: "An actor that finished is never listed as a straggler." Its thread has ended; its task
/// was woken and has yet to be polled.
#[test]
fn law_17_a_blocking_actor_whose_thread_ended_is_no_straggler() {
    let held = Held::new();
    let (ended, has_ended) = mpsc::channel();
    let mut group = Group::new();
    let (go, may_end) = mpsc::channel::<()>();
    let work = move || {
        let _ = may_end.recv();
        Err("the result of the thread".into())
    };
    group.add_actor(Actor::blocking(work, |_| {}).name("finished"));
    let handle = group.handle();
    let mut run = pin!(group.run_report(&held));
    assert!(block_on(poll_once(run.as_mut())).is_none());

    // Starts the thread; it wakes the task after its end.
    let mut tasks = held.take();
    let waker = waker_fn(move || ended.send(()).unwrap_or_default());
    assert!(poll_with(&waker, &mut tasks[0]).is_pending());
    drop(go);
    has_ended.recv().unwrap();

    handle.force();
    let report = block_on(run);
    assert!(report.stragglers().is_empty(), "{report}");
    assert!(matches!(report.exits()[0].outcome(), Outcome::Failed(_)));
}

/// "`Error`'s Display is one line", also when the panic's message is not, as that of `assert_eq!`.
#[test]
fn an_error_is_one_line() {
    let mut group = Group::new();
    group.add(async { kaboom("left: 1\n right: 2") }, |_| {});
    let error = group.run_blocking(Threads).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}

fn bomb() -> OnDrop<impl FnOnce() + Send> {
    on_drop(|| kaboom("drop"))
}

/// An actor both of whose parts panic when they are dropped.
fn two_bombs() -> Actor {
    let (execute, interrupt) = (bomb(), bomb());
    Actor::new(holding(pending(), execute), move |_| drop(interrupt))
}

/// Law 22 (contained): an actor whose stage never started is dropped part by part.
#[test]
fn law_22_both_parts_of_one_that_never_started_panic() {
    survives("laws::edge_cases::abort_both_parts");
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_both_parts() {
    let mut group = Group::new();
    group.add_actor(waiter().announces_ready());
    group.add_actor(two_bombs().stage(1));
    group.handle().stop(Ok(()));
    group.run_blocking(Threads).unwrap();
}

/// Law 22 (contained): an actor that was accepted by a group that never ran.
#[test]
fn law_22_both_parts_of_one_that_was_never_taken_in_panic() {
    survives("laws::edge_cases::abort_never_taken_in");
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_never_taken_in() {
    let group = Group::new();
    group.handle().add_actor(two_bombs()).unwrap();
    drop(group);
}

/// Law 19 and 22 (contained): a run is dropped, and with it two errors of actors that left.
#[test]
fn law_22_the_drop_of_two_errors_panics() {
    survives("laws::edge_cases::abort_two_errors");
}

#[test]
#[ignore = "aborts the process: run by the test above"]
fn abort_two_errors() {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(waiter());
    for _ in 0..2 {
        let fails = Actor::new(async { Err(Fragile.into()) }, |_| {});
        group.add_actor(fails.ends_group(Ends::Never));
    }
    let mut run = Box::pin(group.run(&held));
    assert!(block_on(poll_once(run.as_mut())).is_none());
    for mut task in held.take() {
        let _ = poll_with(Waker::noop(), &mut task);
        std::mem::forget(task);
    }
    assert!(block_on(poll_once(run.as_mut())).is_none());
    drop(run);
}
