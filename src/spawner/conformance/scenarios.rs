//! What every spawner must do.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, or, poll_once, yield_now};

use super::scenario::{Scenario, Stage};
use crate::actor::Actor;
use crate::exit::{Exit, Outcome};
use crate::group::Group;
use crate::latch::{Latch, Wait};
use crate::policy::Ends;
use crate::report::Report;

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        law: 3,
        check: every_task_is_polled,
    },
    Scenario {
        law: 4,
        check: tasks_run_side_by_side,
    },
    Scenario {
        law: 25,
        check: a_task_that_wakes_itself_is_polled_again,
    },
    Scenario {
        law: 25,
        check: a_task_that_a_thread_wakes_is_polled_again,
    },
    Scenario {
        law: 20,
        check: a_panic_leaves_the_others_alone,
    },
    Scenario {
        law: 9,
        check: all_stop_and_are_awaited,
    },
    Scenario {
        law: 24,
        check: late_tasks_run_too,
    },
    Scenario {
        law: 15,
        check: the_clock_rings_and_not_early,
    },
];

const MANY: usize = 100;

/// Long enough to measure, and short enough not to matter.
const SHORT: Duration = Duration::from_millis(20);

const HOUR: Duration = Duration::from_secs(3600);

/// "Every started actor is polled at least once", and none is lost.
fn every_task_is_polled(stage: &Stage<'_>) -> Result<(), String> {
    let polled = Arc::new(AtomicUsize::new(0));
    let mut group = Group::new();
    for _ in 0..MANY {
        let polled = Arc::clone(&polled);
        group.add_actor(one_shot(async move {
            polled.fetch_add(1, Ordering::Relaxed);
        }));
    }
    let report = stage.run(group);
    is_whole(&report)?;
    match polled.load(Ordering::Relaxed) {
        MANY => Ok(()),
        polled => Err(format!("of {MANY} actors, only {polled} were polled")),
    }
}

/// "All run concurrently": each of two actors waits for the other.
fn tasks_run_side_by_side(stage: &Stage<'_>) -> Result<(), String> {
    let (ours, theirs) = (Arc::new(Latch::new()), Arc::new(Latch::new()));
    let mut group = Group::new();
    for (mine, other) in [(&ours, &theirs), (&theirs, &ours)] {
        let (mine, other) = (Arc::clone(mine), Wait::new(Arc::clone(other)));
        let meet = stage.patient(async move {
            mine.set(true);
            other.await;
        });
        group.add_actor(
            Actor::new(
                async move {
                    let side_by_side = meet.await;
                    side_by_side
                        .ok_or("two actors that wait for each other do not run side by side")?;
                    Ok(())
                },
                |_| {},
            )
            .ends_group(Ends::OnError),
        );
    }
    is_whole(&stage.run(group))
}

fn a_task_that_wakes_itself_is_polled_again(stage: &Stage<'_>) -> Result<(), String> {
    let mut group = Group::new();
    let yields = stage.patient(async {
        for _ in 0..MANY {
            yield_now().await;
        }
    });
    group.add_actor(Actor::new(
        async move {
            yields
                .await
                .ok_or("a task that woke itself was not polled again")?;
            Ok(())
        },
        |_| {},
    ));
    is_whole(&stage.run(group))
}

fn a_task_that_a_thread_wakes_is_polled_again(stage: &Stage<'_>) -> Result<(), String> {
    let mut group = Group::new();
    let woken = stage.patient(async {
        for _ in 0..MANY {
            let latch = Arc::new(Latch::new());
            let sets = Arc::clone(&latch);
            thread::spawn(move || sets.set(true));
            Wait::new(latch).await;
        }
    });
    group.add_actor(Actor::new(
        async move {
            woken
                .await
                .ok_or("a task that another thread woke was not polled again")?;
            Ok(())
        },
        |_| {},
    ));
    is_whole(&stage.run(group))
}

/// The panic is the actor's exit. Whatever runs the task goes on.
fn a_panic_leaves_the_others_alone(stage: &Stage<'_>) -> Result<(), String> {
    let mut group = Group::new();
    let panics = Actor::with(|_ctx| async { std::panic::resume_unwind(Box::new("on purpose")) });
    group.add_actor(panics.ends_group(Ends::Never));
    for _ in 0..MANY {
        group.add_actor(one_shot(yield_now()));
    }
    let report = stage.run(group);
    let faults = report.exits().iter().filter(|exit| !exit.outcome().is_ok());
    let faults: Vec<_> = faults.map(Exit::outcome).collect();
    match &faults[..] {
        [Outcome::Panicked(_)] => is_finished(&report),
        _ => Err(format!("the panic of one actor became {faults:?}")),
    }
}

/// "`run` never returns before every actor has exited."
fn all_stop_and_are_awaited(stage: &Stage<'_>) -> Result<(), String> {
    let mut group = Group::new();
    let stopped = Arc::new(AtomicUsize::new(0));
    for nth in 0..MANY {
        let stopped = Arc::clone(&stopped);
        let actor = Actor::with(move |ctx| async move {
            ctx.interrupted().await;
            yield_now().await;
            stopped.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        group.add_actor(actor.stage(u32::try_from(nth % 3).unwrap_or(0)));
    }
    group.handle().interrupt(Ok(()));
    is_whole(&stage.run(group))?;
    match stopped.load(Ordering::Relaxed) {
        MANY => Ok(()),
        stopped => Err(format!("of {MANY} actors, only {stopped} stopped")),
    }
}

/// Actors that are added by actors, and so spawned while others run.
fn late_tasks_run_too(stage: &Stage<'_>) -> Result<(), String> {
    let ran = Arc::new(AtomicUsize::new(0));
    let runs = Arc::clone(&ran);
    let mut group = Group::new();
    group.add_actor(
        Actor::with(move |ctx| async move {
            for _ in 0..MANY {
                let ran = Arc::clone(&runs);
                let child = one_shot(async move {
                    ran.fetch_add(1, Ordering::Relaxed);
                });
                if ctx.handle().add_actor(child).is_err() {
                    break;
                }
            }
            Ok(())
        })
        .ends_group(Ends::OnError),
    );
    is_whole(&stage.run(group))?;
    match ran.load(Ordering::Relaxed) {
        MANY => Ok(()),
        ran => Err(format!(
            "of {MANY} actors that were added late, only {ran} ran"
        )),
    }
}

/// The clock that measures graces and drains, used as a group uses it: where `run` is polled.
fn the_clock_rings_and_not_early(stage: &Stage<'_>) -> Result<(), String> {
    let started = Instant::now();
    let mut long = [Duration::MAX, HOUR].map(|duration| stage.sleep(duration));
    let mut short = stage.sleep(SHORT);
    let rang = block_on(or(
        async {
            poll_fn(|cx| {
                // All are polled, so that all may ring.
                let early = long.each_mut().map(|it| it.as_mut().poll(cx).is_ready());
                match short.as_mut().poll(cx) {
                    _ if early[0] => Poll::Ready(Err("a clock set to `Duration::MAX` rang")),
                    _ if early[1] => Poll::Ready(Err("a clock set to an hour rang within seconds")),
                    Poll::Ready(()) => Poll::Ready(Ok(())),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        },
        async {
            crate::spawner::sleep_on_a_thread(Duration::from_secs(10)).await;
            Err("the clock did not ring within ten seconds")
        },
    ));
    rang?;
    let slept = started.elapsed();
    if slept < SHORT {
        return Err(format!("a clock set to {SHORT:?} rang after {slept:?}"));
    }
    // A clock that is no longer needed is dropped, whether it has rung or not.
    let mut dropped = stage.sleep(SHORT);
    let _ = block_on(poll_once(&mut dropped));
    Ok(())
}

/// An actor that leaves when it has done its work.
fn one_shot(work: impl Future<Output = ()> + Send + 'static) -> Actor {
    let execute = async {
        work.await;
        Ok(())
    };
    Actor::new(execute, |_| {}).ends_group(Ends::OnError)
}

/// All exits are `Ok`, and no actor was forced.
fn is_whole(report: &Report) -> Result<(), String> {
    is_finished(report)?;
    let cause = report.cause().and_then(|cause| cause.exit());
    let mut exits = cause.into_iter().chain(report.exits());
    match exits
        .find(|exit| !exit.outcome().is_ok())
        .map(Exit::outcome)
    {
        None => Ok(()),
        Some(Outcome::Lost(_)) => Err("a task was dropped before it was finished".into()),
        Some(outcome) => match outcome.error() {
            Some(error) => Err(error.to_string()),
            None => Err(outcome.to_string()),
        },
    }
}

fn is_finished(report: &Report) -> Result<(), String> {
    match report.stragglers() {
        [] => Ok(()),
        [first, ..] => Err(format!(
            "{} actors did not end, the first of them {}: a task was not polled, or not again",
            report.stragglers().len(),
            first.state()
        )),
    }
}
