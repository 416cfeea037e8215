//! Runs the parts of a program as one: when one of them ends, all of them stop, in order and on
//! time.
//!
//! Create a [`Group`], add [actors](Actor), and run it. An actor is two things: a future that does
//! the work, and a function that makes this future end. They are called *execute* and *interrupt*,
//! as in Go's [`run.Group`]. All actors run concurrently. The first one that exits, for whatever
//! reason, interrupts all the others. `run` returns when all have exited, with what the first one
//! returned.
//!
//! ```
//! use rungroup::{Actor, Group, Threads};
//!
//! let mut group = Group::new();
//!
//! // An actor that works until it is interrupted.
//! let worker = Actor::with(async |ctx| {
//!     ctx.interrupted().await;
//!     println!("the worker stops");
//!     Ok(())
//! });
//! group.add_actor(worker.name("worker"));
//!
//! // An actor that fails.
//! let server = Actor::new(async { Err("address in use".into()) }, |_cause| {});
//! group.add_actor(server.name("server"));
//!
//! let error = group.run_blocking(Threads).unwrap_err();
//! assert_eq!(format!("{error:#}"), "actor `server` failed: address in use");
//! ```
//!
//! On Tokio, with signals, two stages, a grace and an exit code (features `tokio` and `signal`):
//!
//! ```
//! # #[cfg(all(feature = "tokio", feature = "signal"))]
//! # mod program {
//! use std::process::ExitCode;
//! use std::time::Duration;
//!
//! use rungroup::{Actor, Context, Group, Result, Tokio, signal};
//! use tokio::net::TcpListener;
//! use tokio::runtime::Runtime;
//!
//! fn main() -> ExitCode {
//!     let runtime = Runtime::new().expect("a Tokio runtime");
//!     Tokio::main(runtime, run()) // ends the process even if an actor did not stop
//! }
//!
//! async fn run() -> Result {
//!     let mut group = Group::new();
//!     group.add_actor(signal::termination(group.handle())?); // SIGTERM and Ctrl-C
//!     group.grace(Duration::from_secs(10)); // for the whole stop
//!     group.add_actor(Actor::with(database).name("database").stage(0));
//!     group.add_actor(Actor::with(server).name("server").stage(1)); // stops first
//!     Ok(group.run(Tokio).await?)
//! }
//!
//! async fn server(ctx: Context) -> Result {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
//!         let (_client, peer) = accepted?;
//!         println!("hello, {peer}");
//!     }
//!     Ok(())
//! }
//!
//! async fn database(ctx: Context) -> Result {
//!     ctx.interrupted().await;
//!     println!("flushed");
//!     Ok(())
//! }
//! # }
//! ```
//!
//! # The types
//!
//! | type | what it is |
//! | --- | --- |
//! | [`Group`] | collects actors and runs them |
//! | [`Actor`] | one part of the program, with a name, a stage and policies |
//! | [`Context`] | tells an actor that it is interrupted, and why |
//! | [`Handle`] | stops a group from outside, adds actors, tells whether it is ready |
//! | [`Status`] | what a group is doing, and what it is waiting for |
//! | [`Cause`] | why a group stops |
//! | [`Report`] | how a group ended: every exit, and the actors that did not stop |
//! | [`Error`] | why a run failed |
//! | [`Spawner`] | what runs the actors: a runtime |
//!
//! An actor is made by:
//!
//! | | for |
//! | --- | --- |
//! | [`Group::add`], [`Actor::new`] | an execute and an interrupt, as in Go |
//! | [`Actor::with`] | code that asks a [`Context`] whether it is interrupted |
//! | [`Actor::cancellable`] | a future that may be dropped half-way |
//! | [`Actor::blocking`], [`Actor::blocking_with`] | a function that blocks a thread |
//! | [`Group::into_actor`] | a group inside a group |
//!
//! # What you can rely on
//!
//! - **Every actor is accounted for.** `run` returns when every actor has exited or is named as a
//!   [straggler](Straggler). A panic, a task that its runtime dropped and a runtime that died are
//!   exits.
//! - **The first cause wins.** Every interrupt receives it, and `run` returns it. Later errors are
//!   in the [`Report`]. A panic or a loss during the stop fails a run that would have been `Ok`.
//! - **Stages stop in order**, the highest first, each when the one before has exited: see
//!   [`Actor::stage`].
//! - **A stop can be limited**, for the group by [`Group::grace`], for one actor by
//!   [`Actor::grace`]. An actor that remains is forced: its future is dropped, and it is named.
//!   Without a grace, `run` waits.
//! - **Dropping the `run` future** interrupts every actor and drops its future.
//! - **A [`Handle`] works at any time**, from any thread. An actor that comes too late is given
//!   back.
//!
//! The [laws] are the full, numbered list. The crate has no `unsafe` code. While all actors wait, a
//! group polls nothing and wakes no task.
//!
//! # Runtimes and features
//!
//! A group runs on a [`Spawner`]. All features are additive, and none is on by default. The crate
//! compiles for `wasm32-unknown-unknown`, but a group does not run there: that target has neither a
//! clock nor threads.
//!
//! | feature | adds |
//! | --- | --- |
//! | none | [`Threads`], which needs no runtime; [your own](spawner) |
//! | `tokio` | [`Tokio`], and [`Spawner`] for Tokio's `Handle` |
//! | `smol` | [`Smol`], and [`Spawner`] for smol's `Executor` |
//! | `async-std` | [`AsyncStd`] |
//! | `signal` | [`signal`]: actors that watch signals |
//! | `serde` | `Serialize` for [`Report`], [`Status`] and what they hold |
//! | `testing` | [`testing`]: stops your program at every moment |
//! | `conformance` | [`conformance`]: a check for your own spawner |
//! | `tracing` | target `rungroup`: the span `actor` around the polls of each actor, events of the group at `info` and above, events of each actor at `debug` |
//!
//! With `tokio` or `smol`, that crate is a public dependency: the version of `tokio` (1) or `smol`
//! (2) in your program must be the one whose `Handle` or `Executor` this crate implements `Spawner`
//! for.
//!
//! # Guides
//!
//! The [guides] say how to come from Go or from Tokio, write an actor, stop in order, run under
//! systemd or Kubernetes, test, write a spawner, and restart. The repository has three folders of
//! programs beside them: `examples`, `cookbook` with recipes to copy, and `service`, a whole HTTP
//! service.
//!
//! # Comparison to other crates
//!
//! - For tasks that come and go and whose results you want, use Tokio's `JoinSet`. A group is for
//!   parts that live as long as the program, and returns one result.
//! - To wait for tasks that you stop yourself, and nothing else, use `TaskTracker` and
//!   `CancellationToken` of `tokio-util`.
//! - For a tree of subsystems on Tokio, each started from within its parent, use
//!   `tokio-graceful-shutdown`.
//! - To restart parts by policy, use a supervisor such as `ractor`.
//!
//! The words *group*, *actor*, *execute* and *interrupt* are those of Go's [`run.Group`].
//!
//! # How it works
//!
//! `run` is a state machine that lives in its own future. It hands each actor to the spawner as a
//! [`Task`], which catches panics and reports the exit, or its own drop. Tasks and handles send
//! events, and the machine takes one after the other: the first event that ends the group is the
//! cause.
//!
//! [`run.Group`]: https://pkg.go.dev/github.com/oklog/run
// Links to what exists only with a feature.
#![cfg_attr(
    not(feature = "tokio"),
    doc = "[`Tokio`]: https://docs.rs/rungroup/latest/rungroup/struct.Tokio.html"
)]
#![cfg_attr(
    not(feature = "smol"),
    doc = "[`Smol`]: https://docs.rs/rungroup/latest/rungroup/struct.Smol.html"
)]
#![cfg_attr(
    not(feature = "async-std"),
    doc = "[`AsyncStd`]: https://docs.rs/rungroup/latest/rungroup/struct.AsyncStd.html"
)]
#![cfg_attr(
    not(feature = "signal"),
    doc = "[`signal`]: https://docs.rs/rungroup/latest/rungroup/signal/index.html"
)]
#![cfg_attr(
    not(feature = "testing"),
    doc = "[`testing`]: https://docs.rs/rungroup/latest/rungroup/testing/index.html"
)]
#![cfg_attr(feature = "conformance", doc = "[`conformance`]: spawner::conformance")]
#![cfg_attr(
    not(feature = "conformance"),
    doc = "[`conformance`]: https://docs.rs/rungroup/latest/rungroup/spawner/conformance/index.html"
)]
#![cfg_attr(
    all(
        feature = "tokio",
        feature = "signal",
        feature = "serde",
        feature = "testing",
        feature = "conformance"
    ),
    doc = "[guides]: guide"
)]
#![cfg_attr(
    not(all(
        feature = "tokio",
        feature = "signal",
        feature = "serde",
        feature = "testing",
        feature = "conformance"
    )),
    doc = "[guides]: https://docs.rs/rungroup/latest/rungroup/guide/index.html"
)]
#![doc = include_str!("tables.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod actor;
mod blocking;
mod cause;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod error;
mod exit_code;
mod group;
#[cfg(all(
    doc,
    feature = "tokio",
    feature = "signal",
    feature = "serde",
    feature = "testing",
    feature = "conformance"
))]
pub mod guide;
mod handle;
mod machine;
mod name;
mod outcome;
mod panic;
mod phase;
mod reason;
mod report;
#[cfg(feature = "serde")]
mod serialize;
mod settings;
mod shared;
#[cfg(feature = "signal")]
pub mod signal;
pub mod spawner;
mod status;
mod sync;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod trace;

pub use actor::Actor;
pub use cause::{Cause, Exit};
pub use context::{Context, Interrupted};
pub use error::{Error, ErrorKind};
pub use exit_code::exit_code;
pub use group::Group;
pub use handle::{Handle, NotReady};
pub use name::Name;
pub use outcome::{BoxError, Outcome, Result};
pub use panic::Panic;
pub use phase::{ActorState, Phase};
pub use report::{ForcedBy, Report, Straggler};
pub use settings::Ends;
#[cfg(feature = "async-std")]
#[doc(inline)]
pub use spawner::AsyncStd;
#[cfg(feature = "smol")]
#[doc(inline)]
pub use spawner::Smol;
#[cfg(feature = "tokio")]
#[doc(inline)]
pub use spawner::Tokio;
#[doc(inline)]
pub use spawner::{Spawner, Threads};
pub use status::{ActorStatus, Status};
pub use task::Task;

/// What a group promises, law by law.
#[cfg(doc)]
#[doc = include_str!("../docs/laws.md")]
#[doc = include_str!("tables.md")]
pub mod laws {}
