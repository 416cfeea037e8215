//! A task is polled again whoever wakes it, and whenever.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_lite::future::yield_now;

use super::scenario::{LIMIT, MANY, Stage, is_whole};
use crate::actor::Actor;
use crate::group::Group;
use crate::panic::catch;

/// Is pending once, and leaves its waker to `wake`.
async fn woken_by(wake: impl FnOnce(Waker)) {
    let mut wake = Some(wake);
    poll_fn(|cx| match wake.take() {
        Some(wake) => {
            wake(cx.waker().clone());
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
    .await;
}

/// Runs an actor that must come to its end.
fn runs_to_its_end(
    stage: &Stage<'_>,
    work: impl Future<Output = ()> + Send + 'static,
    otherwise: &'static str,
) -> Result<(), String> {
    let work = stage.patient(work);
    let mut group = Group::new();
    let execute = async move {
        work.await.ok_or(otherwise)?;
        Ok(())
    };
    group.add_actor(Actor::new(execute, |_| {}));
    let result = is_whole(&stage.run(group));
    if stage.is_given_up() {
        return Err(otherwise.into());
    }
    result
}

pub(super) fn a_task_that_wakes_itself_is_polled_again(stage: &Stage<'_>) -> Result<(), String> {
    let yields = async {
        for _ in 0..MANY {
            yield_now().await;
        }
    };
    runs_to_its_end(
        stage,
        yields,
        "a task that woke itself was not polled again",
    )
}

/// Once while the task is parked, as far as a thread can know, then while it is about to be.
pub(super) fn a_task_that_a_thread_wakes_is_polled_again(stage: &Stage<'_>) -> Result<(), String> {
    let woken = async {
        for nth in 0..MANY {
            woken_by(|waker| {
                thread::spawn(move || {
                    if nth % 10 == 0 {
                        thread::sleep(Duration::from_millis(1));
                    }
                    waker.wake();
                });
            })
            .await;
        }
    };
    let otherwise = "a task that another thread woke was not polled again";
    runs_to_its_end(stage, woken, otherwise)
}

/// The wake is over before the poll is.
pub(super) fn a_task_that_is_woken_inside_its_poll_is_polled_again(
    stage: &Stage<'_>,
) -> Result<(), String> {
    let waits = Arc::new(AtomicBool::new(false));
    let found = Arc::clone(&waits);
    let woken = async move {
        for _ in 0..MANY {
            woken_by(|waker| {
                let (done, is_done) = mpsc::channel();
                thread::spawn(move || {
                    waker.wake_by_ref();
                    drop(waker);
                    let _ = done.send(());
                });
                let waits = is_done.recv_timeout(LIMIT / 2).is_err();
                found.fetch_or(waits, Ordering::Relaxed);
            })
            .await;
            if found.load(Ordering::Relaxed) {
                break;
            }
        }
    };
    let otherwise = "a task that another thread woke while it was polled was not polled again";
    let result = runs_to_its_end(stage, woken, otherwise);
    if waits.load(Ordering::Relaxed) {
        return Err("a wake waited for the end of a poll".into());
    }
    result
}

/// A timer or a channel may keep the waker of a task that has ended, and wake it.
pub(super) fn a_waker_may_outlive_its_task(stage: &Stage<'_>) -> Result<(), String> {
    let (give, given) = mpsc::channel();
    let work = woken_by(move |waker| {
        let _ = give.send(waker.clone());
        waker.wake();
    });
    runs_to_its_end(stage, work, "a task that woke itself was not polled again")?;
    let Ok(waker) = given.recv() else {
        return Err("a task was never polled".into());
    };
    // By the end of another group, one that polls on one thread has let go of the first task.
    runs_to_its_end(stage, async {}, "a task was not polled")?;
    let woken = catch(|| {
        waker.wake_by_ref();
        waker.wake();
    });
    woken.map_err(|panic| format!("to wake a task that has ended panics: {panic}"))
}
