//! Lives, and prints how long it took, in nanoseconds.
//!
//! ```text
//! life CONTESTANT RUNTIME N [LIVES]     for a profiler: a line for each life
//! life CONTESTANT RUNTIME N -           reads a number, lives that many times, prints the sum; repeats
//! ```
//!
//! At the end, it prints the peak of the process's memory in bytes, or 0 where the system does not
//! tell.

use std::env;
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use rungroup_benches::{AtOnce, Contestant, Runtime, process};

const USAGE: &str = "usage: life CONTESTANT RUNTIME N [LIVES | -]";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [contestant, runtime, n, lives @ ..] = args.as_slice() else {
        return Err(USAGE.into());
    };
    let contestant: Contestant = contestant.parse()?;
    let runtime: Runtime = runtime.parse()?;
    let n: usize = n.parse()?;

    let started = runtime.start();
    let live = || -> Duration {
        started.block_on(async {
            let from = Instant::now();
            contestant.live(runtime, n, AtOnce).await;
            from.elapsed()
        })
    };
    match lives {
        [] => println!("{}", live().as_nanos()),
        [lives] if lives == "-" => {
            for line in io::stdin().lines() {
                let lives: u32 = line?.parse()?;
                let sum: Duration = (0..lives).map(|_| live()).sum();
                println!("{}", sum.as_nanos());
            }
        }
        [lives] => (0..lives.parse()?).for_each(|_| println!("{}", live().as_nanos())),
        _ => return Err(USAGE.into()),
    }
    println!("{}", process::peak_memory().unwrap_or(0));
    Ok(())
}
