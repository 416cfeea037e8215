//! Whole lives and stops, in this process.

use std::time::Instant;

use rungroup_benches::{AllParked, AtOnce, Contestant, Runtime};

use crate::race::Race;
use crate::scale::{Scale, lives};

/// The lives of groups of one size on one runtime.
pub struct Lives {
    pub runtime: Runtime,
    pub actors: usize,
    /// Of a life.
    pub times: Race<Contestant>,
}

/// Measures all who run on `runtime`, at all sizes.
pub fn lives_on(runtime: Runtime, scale: Scale) -> Vec<Lives> {
    let sizes = scale.actors().iter().copied();
    let sizes = sizes.filter(|actors| *actors <= runtime.most_actors());
    sizes
        .map(|actors| lives_of(runtime, actors, scale))
        .collect()
}

fn lives_of(runtime: Runtime, actors: usize, scale: Scale) -> Lives {
    let lanes = Contestant::all_on(runtime, actors);
    let started = runtime.start();
    let times = Race::run(&lanes, scale.rounds(actors), |contestant| {
        started.block_on(life(contestant, runtime, actors, lives(runtime, actors)))
    });
    Lives {
        runtime,
        actors,
        times,
    }
}

/// The nanoseconds of a life, as the mean of `lives` in a row.
async fn life(contestant: Contestant, runtime: Runtime, actors: usize, lives: u32) -> f64 {
    let from = Instant::now();
    for _ in 0..lives {
        contestant.live(runtime, actors, AtOnce).await;
    }
    from.elapsed().as_secs_f64() * 1e9 / f64::from(lives)
}

/// The sizes of which one is held against the other.
#[derive(Clone, Copy, PartialEq)]
pub enum Size {
    Small,
    Huge,
}

pub const SMALL: usize = 1_000;

/// Whether a group is linear: the time an actor takes in a huge group and in a small one.
pub struct Growth {
    pub runtime: Runtime,
    /// Of an actor.
    pub times: Race<(Contestant, Size)>,
}

pub fn growth_on(runtime: Runtime, scale: Scale) -> Growth {
    let huge = scale.huge();
    let contestants = [Contestant::Pair, Contestant::With, Contestant::JoinSet];
    let lanes = contestants.map(|one| [(one, Size::Small), (one, Size::Huge)]);
    let started = runtime.start();
    let times = Race::run(
        lanes.as_flattened(),
        scale.rounds(huge),
        |(contestant, size)| {
            let (actors, lives) = match size {
                Size::Small => (SMALL, u32::try_from(huge / SMALL).unwrap_or(1)),
                Size::Huge => (huge, 1),
            };
            started.block_on(life(contestant, runtime, actors, lives)) / actors as f64
        },
    );
    Growth { runtime, times }
}

/// The stops alone, of 1 000 actors that all wait.
pub struct Stops {
    pub runtime: Runtime,
    pub times: Race<Contestant>,
}

pub const STOPPED: usize = 1_000;

pub fn stops_on(runtime: Runtime, scale: Scale) -> Stops {
    let lanes = Contestant::all_on(runtime, STOPPED);
    let started = runtime.start();
    let times = Race::run(&lanes, scale.stops(), |contestant| {
        let work = AllParked::new(STOPPED);
        started.block_on(contestant.live(runtime, STOPPED, work.clone()));
        work.since_exit().as_secs_f64() * 1e9
    });
    Stops { runtime, times }
}
