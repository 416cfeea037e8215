//! Signals, sent from outside: each test runs itself once more as a child process, and sends them
//! there, because a signal reaches every test that runs in a process.

mod child;
mod each;
mod effect;
mod handler;
#[cfg(feature = "tracing")]
mod log;
mod press;
mod termination;

use std::time::Duration;

use rungroup::{Actor, Handle};

use child::say;

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(3600);

fn says_when_up() -> Actor {
    Actor::with(|ctx| async move {
        say("up");
        ctx.interrupted().await;
        Ok(())
    })
}

async fn says_when_ready<const N: usize>(groups: [Handle; N]) {
    for group in groups {
        group.ready().await.unwrap();
    }
    say("ready");
}
