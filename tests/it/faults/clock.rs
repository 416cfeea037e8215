//! A spawner's clock that panics: in `sleep`, when it is polled, and when it is dropped.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::{yield_now, zip};
use rungroup::{Actor, ErrorKind, Group, Spawner, Task};

use crate::runtime::Runtime;
use crate::support::{Count, Log, holding, kaboom, logged, on_drop};

on_every_runtime! {
    law_15_a_limit_ends_although_its_clock_panics,
}

const SHORT: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What the clock is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Drain,
    Grace,
    OwnGrace,
}

#[derive(Clone, Copy, Debug)]
enum Panics {
    InSleep,
    WhenPolled,
    /// After it has rung. One that is set to an hour never rings, and is dropped before.
    WhenDropped,
}

#[derive(Clone)]
struct BrokenClock<S> {
    spawner: S,
    panics: Panics,
    met: Count,
}

impl<S: Spawner> Spawner for BrokenClock<S> {
    fn spawn_task(&self, task: Task) {
        self.spawner.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let met = self.met.clone();
        let panic = move || {
            met.add();
            kaboom("clock");
        };
        match self.panics {
            Panics::InSleep => {
                panic();
                unreachable!()
            }
            Panics::WhenPolled => Box::pin(async move { panic() }),
            Panics::WhenDropped => Box::pin(holding(
                async move {
                    yield_now().await;
                    if duration > HOUR / 2 {
                        pending::<()>().await;
                    }
                },
                on_drop(panic),
            )),
        }
    }
}

/// The thread that takes its place rings.
async fn law_15_a_limit_ends_although_its_clock_panics<R: Runtime>(rt: R) {
    for panics in [Panics::InSleep, Panics::WhenPolled, Panics::WhenDropped] {
        for limit in [Limit::Drain, Limit::Grace, Limit::OwnGrace] {
            let what = format!("{limit:?}, {panics:?}");
            let met = Count::new();
            // A limit that is over when the group takes the request needs no clock.
            while met.get() == 0 {
                let clock = BrokenClock {
                    spawner: rt.spawner(),
                    panics,
                    met: met.clone(),
                };
                reach(limit, clock, &what).await;
            }
        }
    }
}

async fn reach<S: Spawner>(limit: Limit, clock: BrokenClock<S>, what: &str) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("other", &log));
    match limit {
        Limit::Drain => group.drain(SHORT).grace(HOUR),
        Limit::Grace => group.grace(SHORT).add_actor(deaf()),
        Limit::OwnGrace => group.grace(HOUR).add_actor(deaf().grace(SHORT)),
    };
    let handle = group.handle();
    let stop = async {
        handle.ready().await.unwrap();
        handle.stop(Ok(()));
    };
    let (result, ()) = zip(group.run(clock), stop).await;
    if limit == Limit::Drain {
        result.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    } else {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stragglers, "{what}: {error:?}");
    }
    assert_eq!(log.count("other interrupted"), 1, "{what}");
}

fn deaf() -> Actor {
    Actor::new(pending(), |_| {}).name("deaf")
}
