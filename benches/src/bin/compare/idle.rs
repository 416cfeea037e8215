//! What a group costs while all its actors wait.

use rungroup_benches::{Contestant, Runtime};

use crate::child::Program;

pub struct Idle {
    pub runtime: Runtime,
    pub contestant: Contestant,
    pub threads: f64,
    pub wake_ups: f64,
}

pub const ACTORS: usize = 1_000;

const RUNTIMES: [Runtime; 4] = [
    Runtime::TokioMultiThread,
    Runtime::TokioCurrentThread,
    Runtime::Smol,
    Runtime::AsyncStd,
];

/// The bare one tells what is the runtime's own.
const CONTESTANTS: [Contestant; 3] = [Contestant::Bare, Contestant::Pair, Contestant::With];

pub fn idle() -> Vec<Idle> {
    let all = RUNTIMES.map(|runtime| CONTESTANTS.map(|contestant| watch(contestant, runtime)));
    all.into_iter().flatten().flatten().collect()
}

fn watch(contestant: Contestant, runtime: Runtime) -> Option<Idle> {
    let numbers = Program::ours("idle", contestant, runtime, ACTORS).numbers()?;
    let [threads, wake_ups] = numbers.try_into().ok()?;
    Some(Idle {
        runtime,
        contestant,
        threads,
        wake_ups,
    })
}
