//! A relay: each runner sends off the next one. The last one drops the baton, and that stops them
//! all.
//!
//! Ported from Go's `tomb.v2`: a tomb's `Go` from inside is [`Handle::add_actor`], its `Kill` with
//! a reason is [`Handle::stop`], and `Dying` and `Err` are the [`Context`]. A dead tomb panics
//! when something is added; a group gives it back.
//!
//! ```sh
//! cargo run --example tomb                  # 5 runners
//! cargo run --example tomb -- 100
//! cargo run --example tomb --features tokio # or smol, or async-std
//! ```
//!
//! [`Handle::add_actor`]: rungroup::Handle::add_actor
//! [`Handle::stop`]: rungroup::Handle::stop

mod runtime;

use std::env;
use std::error::Error;

use rungroup::{Actor, Cause, Context, Group, Handle};

fn main() -> rungroup::Result {
    let runners = env::args()
        .nth(1)
        .map_or(Ok(5), |runners| runners.parse())?;

    let group = relay(runners);
    let handle = group.handle();
    if let Err(error) = runtime::run(group) {
        println!("the relay is over: {}", text(error.source()));
    }
    if handle.add_actor(runner(1, 1, handle.clone())).is_err() {
        println!("one who came late was given back");
    }
    Ok(())
}

/// What the test runs too.
fn relay(runners: u32) -> Group {
    let mut group = Group::new();
    let handle = group.handle();
    group.add_actor(runner(1, runners, handle));
    group
}

fn runner(number: u32, runners: u32, group: Handle) -> Actor {
    let name = format!("runner-{number}");
    Actor::with(move |ctx| run(ctx, number, runners, group)).name(name)
}

async fn run(ctx: Context, number: u32, runners: u32, group: Handle) -> rungroup::Result {
    println!("runner {number} runs");
    if number >= runners {
        group.stop(Err(format!("runner {number} dropped the baton").into()));
    } else if group
        .add_actor(runner(number + 1, runners, group.clone()))
        .is_err()
    {
        println!("runner {number} finds nobody to run on");
    }
    ctx.interrupted().await;
    let reason = text(ctx.cause().as_ref().and_then(Cause::error));
    println!("runner {number} stops: {reason}");
    Ok(())
}

fn text(reason: Option<&(dyn Error + 'static)>) -> String {
    reason.map_or_else(|| "no reason".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rungroup::testing::every_stop;
    use rungroup::{ForcedBy, Report};

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let test = every_stop(async || relay(5))
            .meanwhile(async |handle| handle.stopping().await) // of the last runner
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
