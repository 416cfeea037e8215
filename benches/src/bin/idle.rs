//! Watches the threads of a process while all actors wait, for a second.
//!
//! ```text
//! idle CONTESTANT RUNTIME N
//! ```
//!
//! Prints, on a line each, how many threads there were, and how many wake-ups in that second.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rungroup_benches::process::Threads;
use rungroup_benches::{Contestant, LookAround, Runtime};
use tokio::sync::Notify;

/// For the last wake-ups of the start.
const SETTLE: Duration = Duration::from_millis(300);
const WATCH: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [contestant, runtime, n] = args.as_slice() else {
        return Err("usage: idle CONTESTANT RUNTIME N".into());
    };
    let contestant: Contestant = contestant.parse()?;
    let runtime: Runtime = runtime.parse()?;
    let n: usize = n.parse()?;

    let (parked, all_parked) = mpsc::sync_channel(1);
    let seen = Arc::new(Notify::new());
    let sees = Arc::clone(&seen);
    let work = LookAround::new(n, move || {
        let (parked, seen) = (parked.clone(), Arc::clone(&seen));
        async move {
            let _ = parked.send(());
            seen.notified().await;
        }
    });

    let watcher = thread::spawn(move || {
        all_parked.recv().ok()?;
        thread::sleep(SETTLE);
        let before = Threads::now();
        thread::sleep(WATCH);
        let after = Threads::now();
        sees.notify_one();
        Some((before?, after?))
    });
    runtime
        .start_without_clock()
        .block_on(contestant.live(runtime, n, work));

    let watched = watcher.join().expect("the watcher does not panic");
    let (before, after) = watched.ok_or("this system does not tell about its threads")?;
    println!("{}", after.count);
    println!("{}", after.sleeps - before.sleeps);
    Ok(())
}
