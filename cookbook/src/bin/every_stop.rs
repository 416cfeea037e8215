//! A program, and the test that stops it at every moment. Clients hand jobs to a worker and wait for
//! the answers. Whatever happens, nobody waits for an answer that cannot come.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin every_stop     # Ctrl-C stops it
//! cargo test -p rungroup-cookbook --bin every_stop    # stops it at every moment
//! ```

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// A number to square, and where the answer goes.
type Job = (u64, oneshot::Sender<u64>);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let mut group = app();
    group.add_actor(signal::termination(group.handle())?);
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app() -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    let (jobs, queue) = mpsc::channel(16);
    group.add_actor(Actor::new(work(queue), |_cause| {}).name("worker").stage(0));
    for n in 0..3 {
        let jobs = jobs.clone();
        let client = Actor::with(|ctx| client(ctx, jobs));
        group.add_actor(client.name(format!("client-{n}")).stage(1));
    }
    group
}

/// Ends when all clients are gone. Tokio's queue drops what is in it with its receiver, so the clients
/// of a worker that dies get no answer, but do not wait for one.
async fn work(mut queue: mpsc::Receiver<Job>) -> Result {
    while let Some((number, answer)) = queue.recv().await {
        sleep(Duration::from_millis(10)).await; // hard work
        let _ = answer.send(number * number);
    }
    Ok(())
}

async fn client(ctx: Context, jobs: mpsc::Sender<Job>) -> Result {
    for number in 1.. {
        let (answer, answered) = oneshot::channel();
        if jobs.send((number, answer)).await.is_err() {
            break; // the worker is gone
        }
        // The answer to what was accepted is waited for, during the stop too.
        if let Ok(square) = answered.await {
            let _ = writeln!(io::stdout(), "{number} squared is {square}");
        }
        if ctx
            .run_until_interrupted(sleep(Duration::from_secs(1)))
            .await
            .is_none()
        {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rungroup::testing::every_stop;

    use super::*;

    /// Time is paused, so the seconds that the clients sleep take none.
    #[tokio::test(start_paused = true)]
    async fn it_stops_whatever_happens() {
        every_stop(async || app())
            .meanwhile(async |_handle| sleep(Duration::from_millis(2500)).await)
            .check(Tokio)
            .await;
    }
}
