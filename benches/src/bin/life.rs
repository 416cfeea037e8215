//! Lives, and tells how long each life took, in nanoseconds, a line each.
//!
//! ```text
//! life CONTESTANT RUNTIME N [LIVES]     for a profiler: `valgrind --tool=callgrind life pair tokio-current-thread 1000`
//! life CONTESTANT RUNTIME N -           a life for each line that it reads
//! ```
//!
//! In the end comes the peak of the process's memory, in bytes, or 0 where the system does not
//! tell.

use std::env;
use std::error::Error;
use std::io;
use std::time::Instant;

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
    let live = || {
        let from = Instant::now();
        started.block_on(contestant.live(runtime, n, AtOnce));
        println!("{}", from.elapsed().as_nanos());
    };
    match lives {
        [] => live(),
        [lives] if lives == "-" => {
            for line in io::stdin().lines() {
                line?;
                live();
            }
        }
        [lives] => (0..lives.parse()?).for_each(|_| live()),
        _ => return Err(USAGE.into()),
    }
    println!("{}", process::peak_memory().unwrap_or(0));
    Ok(())
}
