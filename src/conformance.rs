//! Checks a spawner against the laws that it can break (feature `conformance`).
//!
//! It is for people who write a [`Spawner`]. It needs no test framework: [`check`] returns, or
//! panics with a list of what is wrong.
//!
//! A spawner that passes starts every task and polls it again whenever any thread wakes it, even
//! while it is being polled. It runs tasks side by side, loses none, and goes on after the panic of
//! an actor. Its clocks ring neither early nor very late, wake the newest waker, and can be dropped
//! at any time.
//!
//! It may delay tasks, poll them in any order and on any thread, poll them spuriously, poll them
//! inside `spawn` or inside a wake, and keep finished tasks.

mod clock;
mod scenario;
mod scenarios;
mod wakes;

use crate::spawner::Spawner;

/// Runs groups on the spawners that `spawner` makes, one for each scenario, and checks how they
/// end.
///
/// It blocks the current thread, on which it calls `spawner` and polls `run`. The runtime behind
/// the spawner must run on other threads. A scenario that does not end is given up after ten
/// seconds, a clock that does not ring after five, and no other scenario follows.
///
/// # Panics
///
/// Panics if the spawner breaks a law. The message says which law, and what the spawner did.
///
/// # Examples
///
/// ```
/// use rungroup::spawner::{self, conformance};
///
/// conformance::check(|| {
///     spawner::from_fn(|task| {
///         std::thread::spawn(|| futures_lite::future::block_on(task));
///     })
/// });
/// ```
///
/// A spawner that runs each task to its end before it returns:
///
/// ```no_run
/// use rungroup::spawner::{self, conformance};
///
/// // Panics: "law 4: 100 actors that wait for each other do not run side by side …"
/// conformance::check(|| spawner::from_fn(futures_lite::future::block_on));
/// ```
pub fn check<S: Spawner>(spawner: impl Fn() -> S) {
    let mut failures = Vec::new();
    for scenario in scenarios::ALL {
        if let Some(failure) = scenario.failure_of(&spawner()) {
            let is_given_up = failure.is_given_up;
            failures.push(failure.to_string());
            if is_given_up {
                break;
            }
        }
    }
    assert!(
        failures.is_empty(),
        "the spawner does not conform:\n  {}",
        failures.join("\n  ")
    );
}
