//! A test kit that stops your program at every moment (feature `testing`).
//!
//! Does your program stop, whatever happens and whenever it happens? [`every_stop`] tries it: it runs
//! the program again and again, and each time injects one fault before one poll of one actor.
//!
//! ```
//! use rungroup::testing::every_stop;
//! use rungroup::{Actor, Group, Tokio};
//!
//! // The program under test: `main` runs the same group.
//! fn app() -> Group {
//!     let mut group = Group::new();
//!     group.add_actor(Actor::with(async |ctx| {
//!         ctx.interrupted().await;
//!         Ok(())
//!     }).name("server"));
//!     group
//! }
//!
//! # #[cfg(any())]
//! #[tokio::test]
//! async fn it_stops_whatever_happens() {
//!     every_stop(async || app()).check(Tokio).await;
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     every_stop(async || app()).check(Tokio).await;
//! # }
//! ```
//!
//! # The trials
//!
//! The first trial is undisturbed. It builds the program, runs it, plays the
//! [script](EveryStop::meanwhile) and requests the stop. It counts the polls of each actor, those
//! during the stop too. Actors are told apart by name and place of construction, and by the order of
//! spawning.
//!
//! Every other trial injects one [`Fault`] before one of these polls. The stop is requested in two ways:
//! the actor is polled before `run` takes the request, or after it. A fault before a poll that
//! belongs to the stop is a second fault. If there are more moments than
//! [`trials`](EveryStop::trials), the kit tries some of them, spread evenly over actors and time.
//! The order of the trials is always the same.
//!
//! # What is found
//!
//! - The stop outlasts its [limit](EveryStop::limit). The kit takes the [status](Finding::status),
//!   forces the group, and goes on with the next trial.
//! - An actor did not stop and was forced, or panicked.
//! - The run returned something other than the fault implies: `Ok` after a request; after a loss, the
//!   loss of that actor, or `Ok` if the group went on without it. After a force, stragglers are fine.
//! - An actor is still inside its poll when the limit is over after the end of the run.
//! - The script does not return, and nothing stops the group.
//!
//! [`accept`](EveryStop::accept) replaces the rules for the report.
//!
//! # One trial alone
//!
//! A finding shows a line such as `RUNGROUP_TRIAL='stop:3:server'`. With this environment variable,
//! [`run`](EveryStop::run) and [`check`](EveryStop::check) do that trial only. On a deterministic
//! executor, such as Tokio's current-thread runtime with a paused clock, it has the same result. If
//! the actor does not come to that poll, the trial is undisturbed, and a line on the standard error
//! says so.
//!
//! # It does not hang
//!
//! A program that not even a force ends is the last finding: the kit drops its `run` future and
//! returns. If the thread that polls `run` is itself stuck, inside a poll that never returns or in a
//! destructor, no future on it can return. A thread of the kit then prints the status and the line
//! for that trial, and aborts the process. It waits for ten times the limit before that, at least
//! for ten seconds, twice.
//!
//! # What it cannot find
//!
//! - What happens between two polls: threads of your own, blocking code, tasks that an actor spawned
//!   on the runtime itself.
//! - Actors of a group inside the group: the inner group is one actor, whose own spawner is not
//!   watched.
//! - What only happens with another script, other data or other timing. On a multi-thread runtime,
//!   each trial is one of many possible orders.
//! - A fault of the world: a full disk, a cut connection, a power failure. Let the script cause it.

mod fault;
mod finding;
mod judge;
mod moment;
mod plan;
mod rest;
mod scene;
mod test;
mod trial;
mod watch;
mod watchdog;

pub use fault::Fault;
pub use finding::{Finding, Findings};
pub use test::{EveryStop, every_stop};
