//! Runs groups of every kind, one after the other, for as long as it is told, and sees that nothing
//! is left of those that ended: no actor, no memory, no thread, no file descriptor.
//!
//! ```text
//! cargo run --release -p rungroup-soak -- tokio-multi-thread 120
//! ```
//!
//! A third argument is the seed of what is random. `ci/soak.sh` does it on each runtime.

#[cfg(not(target_os = "linux"))]
compile_error!("the soak reads its figures from /proc");

mod flat;
mod process;
mod rounds;
mod runtime;
mod tally;
mod world;

use std::alloc::System;
use std::env;
use std::time::{Duration, Instant};

use cap::Cap;

use flat::Samples;
use process::Figures;
use runtime::Runtime;
use world::World;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// So few would say nothing, however slow the machine is.
const LEAST_CYCLES: usize = 30;

fn main() -> Result<(), String> {
    let mut args = env::args().skip(1);
    let runtime: Runtime = args.next().unwrap_or_default().parse()?;
    let seconds = number(args.next())?.ok_or("for how many seconds?")?;
    let seed = number(args.next())?.unwrap_or_else(|| fastrand::u64(..));
    println!("soak {runtime} {seconds} {seed}");

    let mut world = World::new(runtime, seed);
    let samples = runtime.block_on(soak(&mut world, Duration::from_secs(seconds)));
    println!("  {world}");
    println!("  {samples}");
    samples.are_flat()
}

fn number(arg: Option<String>) -> Result<Option<u64>, String> {
    let parse = |text: String| text.parse().map_err(|_| format!("no number: {text}"));
    arg.map(parse).transpose()
}

/// Repeats a cycle of all kinds of rounds, and takes the figures when no group is left.
async fn soak(world: &mut World, lasts: Duration) -> Samples {
    let (begin, mut samples) = (Instant::now(), Samples::default());
    while samples.len() < LEAST_CYCLES || begin.elapsed() < lasts {
        rounds::churn(world).await;
        rounds::burst(world).await;
        rounds::stop(world).await;
        rounds::nest(world).await;
        rounds::signal(world).await;
        samples.add(Figures::now());
    }
    samples
}
