//! An actor that runs until something outside of the group is cancelled.
//!
//! Ported from `ExampleGroup_Add_context` of Go's `run.Group`; it prints the same line. Here,
//! [`Actor::with`] gives the execute its context, and a channel stands for what is cancelled
//! outside.
//!
//! ```sh
//! cargo run --example context
//! cargo run --example context --features tokio # or smol, or async-std
//! ```

mod runtime;

use std::error::Error;
use std::thread;

use async_channel::Receiver;
use rungroup::{Actor, Context, Group};

fn main() {
    let (cancel, canceled) = async_channel::bounded::<()>(1);

    thread::spawn(move || drop(cancel));
    if let Err(error) = runtime::run(app(canceled)) {
        let error = error.source().map(ToString::to_string).unwrap_or_default();
        println!("The group was terminated with: {error}");
    }
}

/// What the test runs too.
fn app(canceled: Receiver<()>) -> Group {
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| run_until_canceled(ctx, canceled)));
    group
}

/// Ends when either the group or the outside wants it to.
async fn run_until_canceled(ctx: Context, canceled: Receiver<()>) -> rungroup::Result {
    let _ = ctx.run_until_interrupted(canceled.recv()).await;
    Err("context canceled".into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rungroup::testing::every_stop;
    use rungroup::{ForcedBy, Report};

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let (_cancel, canceled) = async_channel::bounded(1);
        let test = every_stop(async || app(canceled.clone()))
            .limit(Duration::from_secs(60))
            .accept(only_forced_ones_straggle)
            .check(runtime::spawner());
        runtime::block_on(test);
    }

    /// Its error is what it is about, so whatever it returns is accepted.
    fn only_forced_ones_straggle(report: &Report) -> bool {
        let mut stragglers = report.stragglers().iter();
        stragglers.all(|straggler| straggler.reason() == ForcedBy::Request)
    }
}
