//! Lives one life, and counts what it asks of the allocator.
//!
//! ```text
//! allocations CONTESTANT RUNTIME N
//! ```
//!
//! Prints, on a line each, how many allocations and reallocations the whole life made, and how many
//! bytes were held when all actors waited.

use std::alloc::System;
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rungroup_benches::{Contestant, LookAround, Runtime};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [contestant, runtime, n] = args.as_slice() else {
        return Err("usage: allocations CONTESTANT RUNTIME N".into());
    };
    let contestant: Contestant = contestant.parse()?;
    let runtime: Runtime = runtime.parse()?;
    let n: usize = n.parse()?;

    let started = runtime.start();
    let parked = Arc::new(AtomicUsize::new(0));
    let notes = Arc::clone(&parked);
    let work = LookAround::new(n, move || {
        notes.store(held(), Ordering::Relaxed);
        std::future::ready(())
    });

    let before = ALLOCATOR.stats();
    let held_before = held();
    started.block_on(contestant.live(runtime, n, work));
    let after = ALLOCATOR.stats();

    println!("{}", after.allocations - before.allocations);
    println!("{}", after.reallocations - before.reallocations);
    println!(
        "{}",
        parked.load(Ordering::Relaxed).saturating_sub(held_before)
    );
    Ok(())
}

/// The bytes that are allocated now.
fn held() -> usize {
    let stats = ALLOCATOR.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}
