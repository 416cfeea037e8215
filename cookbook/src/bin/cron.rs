//! Periodic work: a cron job at fixed times, and a poller that backs off when its server fails. A run
//! never overlaps the next one, and on SIGTERM or Ctrl-C, a run that has begun finishes.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin cron -- 127.0.0.1:7000 60
//! ```

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

const POLL_EVERY: Duration = Duration::from_secs(1);
const LONGEST_POLL: Duration = Duration::from_secs(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let server = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let seconds = env::args().nth(2).map_or(Ok(60), |it| it.parse())?;

    let mut group = app(server, Duration::from_secs(seconds));
    group.add_actor(signal::termination(group.handle())?);
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(server: String, every: Duration) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(25)); // longer than a run
    group.add_actor(Actor::with(move |ctx| at_fixed_times(ctx, every)).name("cron"));
    group.add_actor(Actor::with(|ctx| poll(ctx, server)).name("poller"));
    group
}

/// Runs at each multiple of `every` of the wall clock. Times that pass during a run are skipped.
async fn at_fixed_times(ctx: Context, every: Duration) -> Result {
    while ctx
        .run_until_interrupted(sleep(until_next(every)?))
        .await
        .is_some()
    {
        clean_up().await;
    }
    Ok(())
}

fn until_next(every: Duration) -> Result<Duration> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let since_last = now.as_nanos() % every.as_nanos();
    Ok(every - Duration::from_nanos(u64::try_from(since_last)?))
}

async fn clean_up() {
    let _ = writeln!(io::stdout(), "cleaned up");
}

/// After a failure, pauses twice as long as before.
async fn poll(ctx: Context, server: String) -> Result {
    let mut pause = POLL_EVERY;
    loop {
        match timeout(LONGEST_POLL, ask(&server)).await {
            Ok(Ok(value)) => {
                let _ = writeln!(io::stdout(), "polled {value}");
                pause = POLL_EVERY;
            }
            failed => {
                let error = failed.map_or("timed out".into(), |it| format!("{it:?}"));
                let _ = writeln!(io::stderr(), "cannot poll {server}: {error}");
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
        }
        if ctx
            .run_until_interrupted(sleep(jittered(pause)))
            .await
            .is_none()
        {
            return Ok(());
        }
    }
}

/// The server says one number, and closes.
async fn ask(server: &str) -> Result<u64> {
    let mut text = String::new();
    let mut stream = TcpStream::connect(server).await?;
    stream.read_to_string(&mut text).await?;
    Ok(text.trim().parse()?)
}

/// Between half and all of it, so that programs that started together do not poll together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use rungroup::testing::every_stop;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// The script is the server that is polled, three times: the second answer is an error.
    /// Time is paused, so the pauses between polls take none.
    #[tokio::test(start_paused = true)]
    async fn it_stops_whatever_happens() {
        let polled = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = polled.local_addr().unwrap().to_string();
        every_stop(async || app(address.clone(), Duration::from_millis(100)))
            .meanwhile(async |_handle| {
                for answer in ["7", "", "8"] {
                    let (mut client, _) = polled.accept().await.unwrap();
                    let _ = client.write_all(answer.as_bytes()).await; // it may be gone
                }
            })
            .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
            .trials(60)
            .check(Tokio)
            .await;
    }
}
