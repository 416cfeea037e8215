//! Two actors: the second returns immediately, which ends the first before its time.
//!
//! Ported from `ExampleGroup_Add_basic` of Go's `run.Group`; it prints the same lines.
//!
//! ```sh
//! cargo run --example basic
//! cargo run --example basic --features tokio # or smol, or async-std
//! ```

mod runtime;

use std::error::Error;
use std::time::Duration;

use futures_lite::future::or;
use rungroup::{Group, Spawner};

fn main() {
    let result = runtime::run(app());
    let error = text(result.as_ref().err().and_then(Error::source));
    println!("The group was terminated with: {error}");
}

/// What the test runs too.
fn app() -> Group {
    let mut group = Group::new();
    {
        let (cancel, canceled) = async_channel::bounded::<()>(1);
        let elapsed = async {
            runtime::spawner().sleep(Duration::from_secs(1)).await;
            "The first actor had its time elapsed"
        };
        let canceled = async move {
            let _ = canceled.recv().await; // an error, when `cancel` is dropped
            "The first actor was canceled"
        };
        group.add(
            async move {
                println!("{}", or(elapsed, canceled).await);
                Ok(())
            },
            move |cause| {
                let error = text(cause.error());
                println!("The first actor was interrupted with: {error}");
                drop(cancel);
            },
        );
    }
    {
        group.add(
            async {
                println!("The second actor is returning immediately");
                Err("immediate teardown".into())
            },
            |cause| {
                // Note that this interrupt is called, even though the corresponding execute has
                // already returned.
                let error = text(cause.error());
                println!("The second actor was interrupted with: {error}");
            },
        );
    }
    group
}

fn text(error: Option<&(dyn Error + 'static)>) -> String {
    error.map_or_else(|| "nothing".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use rungroup::testing::every_stop;
    use rungroup::{ForcedBy, Report};

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let test = every_stop(async || app())
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
