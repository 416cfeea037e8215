//! Adds up the numbers given as arguments, in a group inside a group. A word that is not a number
//! fails the inner group, which fails the outer one, and the error names the actors of both.
//!
//! In Go this is a `run.Group` whose execute and interrupt are written by hand around another. Here
//! it is [`Group::into_actor`]; the inner group has a spawner of its own.
//!
//! ```sh
//! cargo run --example nested -- 1 2 3
//! cargo run --example nested -- 1 two 3
//! cargo run --example nested --features tokio -- 1 2 3 # or smol, or async-std
//! ```

mod runtime;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_channel::{Receiver, Sender};
use rungroup::{Actor, Ends, Group, Threads};

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> rungroup::Result {
    let words = env::args().skip(1).collect();
    let sum = Arc::new(AtomicI64::new(0));
    let outer = app(words, Arc::clone(&sum));
    outer.run(runtime::spawner()).await?;
    println!("the sum is {}", sum.load(Ordering::Relaxed));
    Ok(())
}

/// What the test runs too.
fn app(words: Vec<String>, sum: Arc<AtomicI64>) -> Group {
    let mut outer = Group::new();
    outer.add_actor(watcher());
    // Its actors are threads, whatever the outer ones are.
    let adder = adding(words, sum).into_actor(Threads);
    outer.add_actor(adder.name("adding"));
    outer
}

/// A pipeline: it is done when both actors are, and fails when one of them does.
fn adding(words: Vec<String>, sum: Arc<AtomicI64>) -> Group {
    let (sender, numbers) = async_channel::bounded(16);
    let mut group = Group::new();
    for (name, actor) in [
        ("parser", Actor::cancellable(parse(words, sender))),
        ("adder", Actor::cancellable(add(numbers, sum))),
    ] {
        group.add_actor(actor.name(name).ends_group(Ends::OnError));
    }
    group
}

async fn parse(words: Vec<String>, numbers: Sender<i64>) -> rungroup::Result {
    for word in words {
        let number = word
            .parse()
            .map_err(|error| format!("cannot add `{word}`: {error}"))?;
        if numbers.send(number).await.is_err() {
            break; // the adder failed, and says why
        }
    }
    Ok(())
}

async fn add(numbers: Receiver<i64>, sum: Arc<AtomicI64>) -> rungroup::Result {
    while let Ok(number) = numbers.recv().await {
        let before = sum.load(Ordering::Relaxed);
        let after = before.checked_add(number).ok_or("the sum is too large")?;
        sum.store(after, Ordering::Relaxed);
    }
    Ok(())
}

/// Prints why the group ends.
fn watcher() -> Actor {
    let watch = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        if let Some(cause) = ctx.cause() {
            println!("stopping: {cause}");
        }
        Ok(())
    });
    watch.name("watcher").background()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rungroup::testing::every_stop;

    use super::*;

    fn words() -> Vec<String> {
        (1..=40).map(|number| number.to_string()).collect()
    }

    #[test]
    fn it_stops_whatever_happens() {
        let test = every_stop(async || app(words(), Arc::default()))
            .limit(Duration::from_secs(60))
            .check(runtime::spawner());
        runtime::block_on(test);
    }

    /// The inner group is one actor of the outer one, so its own actors need a test of their own.
    #[test]
    fn the_inner_group_stops_whatever_happens() {
        let test = every_stop(async || adding(words(), Arc::default()))
            .limit(Duration::from_secs(60))
            .check(runtime::spawner());
        runtime::block_on(test);
    }
}
