//! Runs a program's concurrent parts as one: a port of Go's [`run.Group`] to any async runtime.
//!
//! Create a [`Group`]; add actors, each an *execute* future and an *interrupt* function that makes
//! it end; run it. All run concurrently. The first one that exits, for whatever reason, interrupts
//! all the others. `run` returns once every one has exited, with what the first one returned.
//!
//! ```
//! use rungroup::{Group, Threads};
//!
//! let mut group = Group::new();
//!
//! // An actor that works until it is interrupted.
//! let (stop, stopped) = async_channel::bounded::<()>(1);
//! group.add(
//!     async move {
//!         let _ = stopped.recv().await;
//!         Ok(())
//!     },
//!     move |_cause| drop(stop),
//! );
//!
//! // One that fails at once.
//! group.add(async { Err("immediate teardown".into()) }, |_cause| {});
//!
//! let error = group.run_blocking(Threads).unwrap_err();
//! assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "immediate teardown");
//! ```
//!
//! The same on Tokio, with the signals that end a program, and an actor that asks whether it is
//! interrupted (features `tokio` and `signal`):
//!
//! ```
//! # #[cfg(all(feature = "tokio", feature = "signal"))]
//! # mod program {
//! use rungroup::{Actor, Group, Tokio, signal};
//! use tokio::net::TcpListener;
//!
//! #[tokio::main]
//! async fn main() -> rungroup::Result {
//!     let mut group = Group::new();
//!     group.add_actor(signal::termination(group.handle())?);
//!
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let server = Actor::with(|ctx| async move {
//!         while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
//!             let (_stream, peer) = accepted?;
//!             println!("hello, {peer}");
//!         }
//!         Ok(())
//!     });
//!     group.add_actor(server.name("server"));
//!
//!     Ok(group.run(Tokio).await?)
//! }
//! # }
//! ```
//!
//! # Why
//!
//! A program is a few things that run for ever side by side: servers, consumers, tickers, signal
//! handlers. When one of them ends, the program should end, and the others should get to finish
//! what they are at. That is simple to say and tedious to write: who tells whom, who waits for
//! whom, what if one panics, what if one does not stop? Here it is written once.
//!
//! # What you can rely on
//!
//! - **Nobody is forgotten.** `run` does not return before every actor has exited, or is named as a
//!   [straggler](Straggler). A panic, a task that its runtime dropped, a runtime that died: each is
//!   an exit like any other, and stops the group.
//! - **The first cause wins.** It is what every interrupt gets, and what `run` returns. Later
//!   errors are kept in the [`Report`]; a panic or loss during the stop fails a run that would have
//!   been `Ok`.
//! - **Stops go in [stages](Actor::stage)**, each when the one before has exited, all within one
//!   [grace](Group::grace) if you set one; by default, `run` waits for as long as the actors take.
//!   What is left when the grace is over is forced: its future is dropped, and it is named.
//! - **Dropping the run future is a force**: nothing runs on behind your back.
//! - **A [`Handle`] works at any time**, from any thread: it stops the group, or adds an actor, which
//!   is accepted or given back.
//! - No `unsafe`; and the group itself has no timer, no thread and no wake-up while all wait.
//!
//! # Actors
//!
//! | made by | for |
//! | --- | --- |
//! | [`Group::add`], [`Actor::new`] | an execute and an interrupt, as in Go |
//! | [`Actor::with`] | code that asks a [`Context`] whether it is interrupted, and why |
//! | [`Actor::cancellable`] | a future that may be dropped half-way |
//! | [`Actor::blocking`], [`Actor::blocking_with`] | a function that blocks a thread |
//! | [`Group::into_actor`] | a group inside a group |
//!
//! [`name`](Actor::name), [`stage`](Actor::stage), [`ends_group`](Actor::ends_group) and
//! [`background`](Actor::background) set what errors call it, when it stops, whether its exit ends
//! the group, and whether it keeps the group alive.
//!
//! # Runtimes
//!
//! A group runs on a [`Spawner`]: [`Threads`], which needs no runtime; `Tokio`, `Smol` and
//! `AsyncStd`, by features; or [your own](spawner). All features are additive, and none is on by
//! default:
//!
//! | feature | adds |
//! | --- | --- |
//! | `tokio` | the spawner `Tokio`, and `Spawner` for `tokio::runtime::Handle` |
//! | `smol` | the spawner `Smol`, and `Spawner` for `smol::Executor` |
//! | `async-std` | the spawner `AsyncStd` |
//! | `signal` | [`signal`](https://docs.rs/rungroup/latest/rungroup/signal): actors that stop the group on `SIGINT`, `SIGTERM`, … |
//! | `tracing` | target `rungroup`: a span `actor` with `actor` and `stage` around the polls of each actor; events such as "group ready", "group stopping", "interrupting stage", "actor did not stop" from `info` up, each actor's start and exit at `debug` |
//!
//! # Comparison to other crates
//!
//! - Tasks that come and go, whose results you want: use Tokio's `JoinSet`. A group is for parts
//!   that live as long as the program, and returns one result.
//! - Only to wait for the end of tasks that you stop yourself: use `TaskTracker` and
//!   `CancellationToken` of `tokio-util`.
//! - A tree of subsystems on Tokio, each started from within its parent: `tokio-graceful-shutdown`.
//!
//! # Examples
//!
//! In `examples/`, each a program that runs on threads without a feature, or on Tokio, smol or
//! async-std with it: `basic`, `context`, `listener` and `reader` from Go's `run.Group`; `errgroup`
//! and `tomb`, done with this crate; `stages`, `nested`, `connections` (an actor for each),
//! `processes` (shell commands as one group). `service` is an HTTP service on Tokio, with signals,
//! readiness and the files to deploy it.
//!
//! # How it works
//!
//! `run` is a state machine that lives in its own future. It hands each actor to the spawner as a
//! [`Task`], which catches panics and reports the exit, or its own drop. Tasks and handles send
//! events, and the machine takes one after the other: that order is the only one there is, and the
//! first event that ends the group is the cause. `src/machine.rs` has its phases and invariants.
//!
//! [`run.Group`]: https://pkg.go.dev/github.com/oklog/run
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod actor;
mod blocking;
mod context;
mod door;
mod error;
mod exit;
mod group;
#[cfg(all(doc, feature = "tokio", feature = "signal"))]
pub mod guide;
mod handle;
mod latch;
mod line;
mod link;
mod machine;
mod member;
mod members;
mod name;
mod panic;
mod policy;
mod readiness;
mod report;
#[cfg(feature = "signal")]
pub mod signal;
pub mod spawner;
mod stage;
mod state;
mod status;
mod sync;
mod task;
mod text;
mod trace;

pub use actor::Actor;
pub use context::{Context, Interrupted};
pub use error::{Error, ErrorKind};
pub use exit::{BoxError, Cause, Exit, Outcome, Result};
pub use group::Group;
pub use handle::{Handle, NotReady};
pub use name::Name;
pub use panic::Panic;
pub use policy::Ends;
pub use report::{Report, Straggler};
#[allow(unused_imports, unreachable_pub, reason = "empty without a feature")]
pub use spawner::adapters::*;
pub use spawner::{Spawner, Threads};
pub use state::{Phase, State};
pub use status::{Status, Waiting};
pub use task::Task;

/// Compiles the README's Rust as documentation tests.
#[cfg(all(doctest, feature = "tokio", feature = "signal"))]
#[doc = include_str!("../README.md")]
struct Readme;
