//! The memory that an actor takes, with each contestant in a process of its own.

use rungroup_benches::{Contestant, Runtime};

use crate::child::Program;
use crate::race::percentile;
use crate::scale::Scale;

pub struct Memory {
    pub contestant: Contestant,
    /// Of the peak of the resident memory, less that of a process that does not live.
    pub peak: Option<f64>,
    pub allocations: Option<Allocations>,
}

/// An actor's share.
pub struct Allocations {
    pub count: f64,
    /// The bytes that are held while all wait.
    pub held: f64,
}

pub fn memory_on(runtime: Runtime, scale: Scale) -> Vec<Memory> {
    let actors = scale.most_actors();
    let contestants = Contestant::all_on(runtime, actors);
    let measure = |contestant| Memory {
        contestant,
        peak: peak_of_an_actor(&Program::life(contestant, runtime, actors), actors, scale),
        allocations: allocations(contestant, runtime, actors),
    };
    contestants.into_iter().map(measure).collect()
}

pub fn peak_of_an_actor(program: &Program, actors: usize, scale: Scale) -> Option<f64> {
    let peak = |lives| {
        let processes = 0..scale.processes();
        let peaks: Option<Vec<f64>> = processes.map(|_| program.peak_memory(lives)).collect();
        percentile(peaks?, 0.5)
    };
    Some((peak(1)? - peak(0)?) / actors as f64)
}

fn allocations(contestant: Contestant, runtime: Runtime, actors: usize) -> Option<Allocations> {
    let numbers = Program::ours("allocations", contestant, runtime, actors).numbers()?;
    let [allocations, reallocations, held] = numbers.try_into().ok()?;
    let actors = actors as f64;
    Some(Allocations {
        count: (allocations + reallocations) / actors,
        held: held / actors,
    })
}
