//! Small groups of actors of every kind, stopped in every way.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use futures_lite::future::{poll_once, yield_now};
use rungroup::{Actor, ActorState, Ends, Group, Report};

use crate::tally::{Counts, End, Life, Tally};
use crate::world::World;

/// A round is many small groups.
const GROUPS: usize = 20;

pub async fn stop(world: &mut World) {
    for _ in 0..GROUPS {
        let tally = Arc::new(Tally::default());
        let group = random_group(&mut world.random, &tally);
        if world.random.u8(..4) == 0 {
            dropped(group, world).await;
        } else {
            let report = reported(group, world).await;
            tally.settled().await;
            assert_tells_of_all(&report, tally.counts());
        }
        world.all_settled(1, &tally).await;
    }
}

/// Runs a group until somebody stops it, and to its end.
async fn reported(group: Group, world: &mut World) -> Report {
    let (handle, force) = (group.handle(), world.random.bool());
    let outside = thread::spawn(move || {
        handle.stop(Ok(()));
        if force {
            handle.force();
        }
    });
    let report = group.run_report(world.spawner()).await;
    outside.join().expect("no panic");
    report
}

/// Drops the run of a group after some polls.
async fn dropped(group: Group, world: &mut World) {
    let mut run = Box::pin(group.run(world.spawner()));
    for _ in 0..world.random.usize(..5) {
        if poll_once(&mut run).await.is_some() {
            return;
        }
        yield_now().await;
    }
}

fn random_group(random: &mut Rng, tally: &Arc<Tally>) -> Group {
    let mut group = Group::new();
    // Some may be deaf.
    group.grace(Duration::from_millis(random.u64(..3)));
    group.drain(Duration::from_micros(random.u64(..500)));
    for _ in 0..random.usize(1..10) {
        group.add_actor(random_actor(random, tally));
    }
    group
}

fn random_actor(random: &mut Rng, tally: &Arc<Tally>) -> Actor {
    let lives = [
        Life::Short(1),
        Life::Short(10),
        Life::Waits,
        Life::Waits,
        Life::Deaf,
    ];
    let ends = [End::Ok, End::Err, End::Panic];
    let when = [Ends::OnExit, Ends::OnError, Ends::Never];
    let (life, end) = (one_of(random, &lives), one_of(random, &ends));
    let actor = tally.actor(life, end).stage(random.u32(..3));
    let actor = actor.ends_group(one_of(random, &when));
    match random.u8(..8) {
        0 => actor.background(),
        1 => actor.announces_ready(),
        2 => actor.must_succeed(),
        3 => actor.grace(Duration::from_micros(random.u64(..500))),
        _ => actor,
    }
}

fn one_of<T: Copy>(random: &mut Rng, all: &[T]) -> T {
    all[random.usize(..all.len())]
}

/// Each actor that was accepted stands in the report, once, or is among those that it counts.
fn assert_tells_of_all(report: &Report, counts: Counts) {
    let stragglers = report.stragglers().iter();
    // One that is parked when it is forced is dropped, which is an exit too.
    let elsewhere = stragglers
        .filter(|it| it.state() != ActorState::Parked)
        .count();
    let omitted = usize::try_from(report.omitted()).expect("a count of actors");
    let told = report.exits().len() + omitted + elsewhere;
    let held_back = report.never_started().len();
    assert_eq!(told + held_back, counts.accepted(), "{report:?}");
}
