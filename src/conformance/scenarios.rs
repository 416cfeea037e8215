//! What every spawner must do.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future::yield_now;

use super::scenario::{MANY, Scenario, Stage, is_finished, is_whole};
use super::{clock, wakes};
use crate::actor::Actor;
use crate::cause::Exit;
use crate::group::Group;
use crate::outcome::Outcome;
use crate::settings::Ends;
use crate::shared::latch::{Latch, Wait};

pub(super) const ALL: &[Scenario] = &[
    scenario(3, every_task_is_polled),
    scenario(4, tasks_run_side_by_side),
    scenario(25, wakes::a_task_that_wakes_itself_is_polled_again),
    scenario(25, wakes::a_task_that_a_thread_wakes_is_polled_again),
    scenario(
        25,
        wakes::a_task_that_is_woken_inside_its_poll_is_polled_again,
    ),
    scenario(25, wakes::a_waker_may_outlive_its_task),
    scenario(20, a_panic_leaves_the_others_alone),
    scenario(9, all_stop_and_are_awaited),
    scenario(24, late_tasks_run_too),
    scenario(15, clock::it_rings_neither_early_nor_late),
    scenario(15, clock::it_wakes_its_newest_waker),
    scenario(15, clock::it_leaves_the_other_clocks_alone),
    scenario(15, clock::it_can_be_dropped_at_any_time),
    scenario(15, clock::it_ends_a_stop),
];

const fn scenario(law: u32, check: fn(&Stage<'_>) -> Result<(), String>) -> Scenario {
    Scenario { law, check }
}

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

/// "All run concurrently": each actor waits for all the others.
fn tasks_run_side_by_side(stage: &Stage<'_>) -> Result<(), String> {
    let arrived = Arc::new(AtomicUsize::new(0));
    let all_are_there = Arc::new(Latch::new());
    let mut group = Group::new();
    for _ in 0..MANY {
        let arrived = Arc::clone(&arrived);
        let (opens, open) = (Arc::clone(&all_are_there), Arc::clone(&all_are_there));
        group.add_actor(one_shot(stage.patient(async move {
            if arrived.fetch_add(1, Ordering::Relaxed) + 1 == MANY {
                opens.set(true);
            }
            Wait::on(open, ()).await;
        })));
    }
    let result = is_whole(&stage.run(group));
    if stage.is_given_up() {
        return Err(format!(
            "{MANY} actors that wait for each other do not run side by side"
        ));
    }
    result
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
    group.handle().stop(Ok(()));
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

/// An actor that leaves when it has done its work.
fn one_shot<T>(work: impl Future<Output = T> + Send + 'static) -> Actor {
    let execute = async {
        work.await;
        Ok(())
    };
    Actor::new(execute, |_| {}).ends_group(Ends::OnError)
}
