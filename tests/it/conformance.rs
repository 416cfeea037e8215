//! The test kit for spawners: ours pass it, and broken ones are caught.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::spawner::{self, conformance};
use rungroup::{Spawner, Task, Threads};

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

/// What `check` says of a spawner that breaks a law.
fn said_of<S: Spawner>(spawner: impl Fn() -> S) -> String {
    let checked = catch_unwind(AssertUnwindSafe(|| conformance::check(spawner)));
    *checked.unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn one_that_forgets_tasks_is_caught() {
    let said = said_of(|| spawner::from_fn(std::mem::forget));
    assert!(said.contains("law 3: 100 actors did not end"), "{said}");
    assert!(said.contains("given up after 10s"), "{said}");
}

#[test]
fn one_that_drops_tasks_is_caught() {
    let said = said_of(|| spawner::from_fn(drop));
    let lost = "law 3: a task was dropped before it was finished";
    assert!(said.contains(lost), "{said}");
}

#[test]
fn one_that_refuses_is_caught() {
    let said = said_of(|| spawner::from_fn(|task: Task| task.refuse("no room")));
    assert!(said.contains("law 3: a task was dropped"), "{said}");
}

#[test]
fn one_that_runs_tasks_one_after_the_other_is_caught() {
    let said = said_of(|| spawner::from_fn(block_on));
    let inline = "law 4: two actors that wait for each other do not run side by side";
    assert!(said.contains(inline), "{said}");
}

#[test]
fn one_that_polls_once_is_caught() {
    let said = said_of(|| {
        spawner::from_fn(|mut task: Task| {
            thread::spawn(move || {
                let mut cx = Context::from_waker(std::task::Waker::noop());
                if Pin::new(&mut task).poll(&mut cx).is_pending() {
                    std::mem::forget(task);
                }
            });
        })
    });
    assert!(said.contains("law 4: "), "{said}");
}

#[test]
fn one_that_panics_is_caught() {
    let said = said_of(|| spawner::from_fn(|_| panic!("no runtime here")));
    assert!(said.contains("it panicked: no runtime here"), "{said}");
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs tasks as it should, and sleeps as it was told to.
struct WithClock(fn(Duration) -> Sleep);

impl Spawner for WithClock {
    fn spawn(&self, task: Task) {
        Threads.spawn(task);
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        (self.0)(duration)
    }
}

#[test]
fn a_clock_that_rings_early_is_caught() {
    let said = said_of(|| WithClock(|_| Box::pin(std::future::ready(()))));
    let for_ever = "law 15: a clock set to `Duration::MAX` rang";
    assert!(said.contains(for_ever), "{said}");
    let said = said_of(|| {
        WithClock(|duration| match duration {
            Duration::MAX => Threads.sleep(duration),
            long if long > Duration::from_secs(1) => Box::pin(std::future::ready(())),
            short => Threads.sleep(short),
        })
    });
    let hour = "law 15: a clock set to an hour rang within seconds";
    assert!(said.contains(hour), "{said}");
}

#[test]
fn a_clock_that_never_rings_is_caught() {
    let said = said_of(|| WithClock(|_| Box::pin(std::future::pending())));
    assert!(said.contains("law 15: the clock did not ring"), "{said}");
}

/// Not `Poll::Ready` for the first time that it is asked: a clock may be spurious.
#[test]
fn a_clock_that_wakes_spuriously_conforms() {
    conformance::check(|| {
        WithClock(|duration| {
            let mut spurious = 3;
            let mut sleep = Threads.sleep(duration);
            Box::pin(std::future::poll_fn(move |cx| {
                if spurious > 0 {
                    spurious -= 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                sleep.as_mut().poll(cx)
            }))
        })
    });
}
