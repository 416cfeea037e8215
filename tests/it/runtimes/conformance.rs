//! The test kit for spawners: ours pass it, so do all that keep the contract, and broken ones are
//! caught.

mod clocks;
mod flawed;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::thread;

use clocks::{Clock, WithClock};
use flawed::{Flaw, Flawed};
use futures_lite::future::{block_on, poll_once, yield_now};
use rungroup::spawner::{self, conformance};
use rungroup::{Spawner, Task, Threads};

use crate::support::{Inline, parking};

#[test]
fn threads_conform() {
    conformance::check(|| Threads);
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_conforms() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    conformance::check(|| handle.clone());
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_conforms_where_it_is_ambient() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _context = runtime.enter();
    conformance::check(|| rungroup::Tokio);
}

#[cfg(feature = "smol")]
#[test]
fn smol_conforms() {
    conformance::check(|| rungroup::Smol);
}

#[cfg(feature = "async-std")]
#[test]
fn async_std_conforms() {
    conformance::check(|| rungroup::AsyncStd);
}

#[test]
fn an_executor_of_ones_own_conforms() {
    let executor = async_executor::Executor::new();
    let (stop, stopped) = async_channel::bounded::<()>(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        conformance::check(|| {
            spawner::from_fn(|task| {
                executor.spawn(task).detach();
            })
        });
        drop(stop);
    });
}

#[test]
fn one_that_delays_conforms() {
    conformance::check(|| {
        spawner::from_fn(|task| {
            thread::spawn(|| {
                block_on(async {
                    for _ in 0..100 {
                        yield_now().await;
                        thread::yield_now();
                    }
                    task.await;
                });
            });
        })
    });
}

#[test]
fn one_that_polls_inside_spawn_conforms() {
    conformance::check(|| parking(Threads));
}

#[test]
fn one_that_polls_on_another_thread_before_spawn_returns_conforms() {
    conformance::check(|| {
        spawner::from_fn(|mut task: Task| {
            let first = thread::spawn(move || {
                let _ = block_on(poll_once(&mut task));
                task
            });
            Threads.spawn_task(first.join().unwrap());
        })
    });
}

#[test]
fn one_that_polls_spuriously_conforms() {
    conformance::check(|| {
        spawner::from_fn(|mut task: Task| {
            let spurious = poll_fn(move |cx| {
                for _ in 0..3 {
                    if Pin::new(&mut task).poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            });
            thread::spawn(|| block_on(spurious));
        })
    });
}

#[test]
fn one_that_polls_inside_a_wake_conforms() {
    conformance::check(|| Inline);
}

#[test]
fn one_that_keeps_what_has_ended_conforms() {
    let kept = Mutex::new(Vec::new());
    thread::scope(|scope| {
        conformance::check(|| {
            spawner::from_fn(|mut task: Task| {
                let kept = &kept;
                scope.spawn(move || {
                    block_on(&mut task);
                    kept.lock().unwrap().push(task);
                });
            })
        });
    });
    assert!(!kept.into_inner().unwrap().is_empty());
}

#[test]
fn one_without_a_flaw_conforms() {
    conformance::check(|| Flawed::new(Flaw::None));
}

#[test]
fn a_clock_that_wakes_spuriously_conforms() {
    conformance::check(|| WithClock::new(Clock::WakesSpuriously));
}

/// What `check` says of a spawner that breaks a law.
fn said_of<S: Spawner>(spawner: impl Fn() -> S) -> String {
    let checked = catch_unwind(AssertUnwindSafe(|| conformance::check(spawner)));
    match checked {
        Ok(()) => "nothing".into(),
        Err(payload) => *payload.downcast::<String>().unwrap(),
    }
}

/// Checks all rows at the same time, since most of what is broken hangs until it is given up.
fn all_are_caught<R, S>(rows: &[(R, &str)], broken: fn(R) -> S)
where
    R: Copy + std::fmt::Debug + Send + Sync,
    S: Spawner,
{
    thread::scope(|scope| {
        for &(row, expected) in rows {
            scope.spawn(move || {
                let said = said_of(|| broken(row));
                assert!(said.contains(expected), "of {row:?}: {said}");
            });
        }
    });
}

#[test]
fn broken_spawners_are_caught() {
    let rows = [
        (
            Flaw::DropsSome,
            "law 3: a task was dropped before it was finished",
        ),
        (Flaw::RefusesSome, "law 3: a task was refused: no room"),
        (Flaw::ForgetsSome, "law 3: 10 actors did not end"),
        (
            Flaw::RunsInline,
            "law 4: 100 actors that wait for each other do not run side by side",
        ),
        (
            Flaw::BlocksItsThreads,
            "law 4: 100 actors that wait for each other do not run side by side",
        ),
        (
            Flaw::PollsOnce,
            "law 4: 100 actors that wait for each other do not run side by side",
        ),
        (
            Flaw::DropsWhatIsWoken,
            "law 4: a task was dropped before it was finished",
        ),
        (
            Flaw::PanicsInWake,
            "law 4: 100 actors that wait for each other do not run side by side",
        ),
        (Flaw::PanicsInSpawn, "it panicked: no runtime here"),
        (
            Flaw::IgnoresWakesDuringPolls,
            "law 25: a task that woke itself was not polled again",
        ),
        (
            Flaw::IgnoresWakesByOtherThreads,
            "law 25: a task that another thread woke was not polled again",
        ),
        (
            Flaw::WaitsForThePollInAWake,
            "law 25: a wake waited for the end of a poll",
        ),
        (
            Flaw::PanicsInAWakeAfterTheEnd,
            "law 25: to wake a task that has ended panics: wake",
        ),
    ];
    all_are_caught(&rows, Flawed::new);
}

#[test]
fn broken_clocks_are_caught() {
    let rows = [
        (
            Clock::RingsAtOnce,
            "law 15: a clock set to `Duration::MAX` rang within seconds",
        ),
        (
            Clock::RingsForEver,
            "law 15: a clock set to `Duration::MAX` rang within seconds",
        ),
        (
            Clock::RingsAtOnceForAnHour,
            "law 15: a clock set to an hour rang within seconds",
        ),
        (
            Clock::RingsLate,
            "law 15: a clock set to 50ms did not ring within 5s",
        ),
        (
            Clock::NeverRings,
            "law 15: a clock set to 0ns did not ring within 5s",
        ),
        (
            Clock::WakesNobody,
            "law 15: a clock set to 50ms did not ring within 5s",
        ),
        (
            Clock::WakesItsFirstWaker,
            "after it was polled with another waker",
        ),
        (
            Clock::StopsWithTheFirstThatIsDropped,
            "law 15: a clock set to 50ms did not ring within 5s",
        ),
        (
            Clock::WaitsInItsDrop,
            "law 15: the drop of a clock took more than 5s",
        ),
        (Clock::PanicsInSleep, "law 15: it panicked: clock"),
        (Clock::PanicsWhenPolled, "law 15: it panicked: clock"),
        (
            Clock::PanicsWhenDropped,
            "law 15: the drop of a clock panicked: clock",
        ),
    ];
    all_are_caught(&rows, WithClock::new);
}
