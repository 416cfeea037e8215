//! Guides, one page for each task.
// The features are those of the snippets, not of the pages.
#![cfg_attr(docsrs, doc(auto_cfg = false))]

/// `run.Group`, `errgroup` and `tomb`, call by call; a sidecar's and Prometheus's `main`.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/from-go.md")]
#[doc = include_str!("tables.md")]
pub mod from_go {}

/// `JoinSet`, `TaskTracker`, `CancellationToken` and `tokio-graceful-shutdown`, call by call.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/from-tokio.md")]
#[doc = include_str!("tables.md")]
pub mod from_tokio {}

/// Compile errors, error types, loops, cancel safety, blocking code, readiness, children, libraries.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/writing-an-actor.md")]
#[doc = include_str!("tables.md")]
pub mod writing_an_actor {}

/// Stages, drain, graces, servers, signals, the end of the program and its exit code.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/stopping.md")]
#[doc = include_str!("tables.md")]
pub mod stopping {}

/// systemd, Kubernetes, Docker, Windows, logs, data, traces, tokio-console.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/running.md")]
#[doc = include_str!("tables.md")]
pub mod running {}

/// Every stop, requests, reports, paused time, several runtimes, conformance.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/testing.md")]
#[doc = include_str!("tables.md")]
pub mod testing {}

/// The contract, a worked executor, a runtime with a clock, what runs a group.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/writing-a-spawner.md")]
#[doc = include_str!("tables.md")]
pub mod writing_a_spawner {}

/// Backoff, a maximum, a reset.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/restarting.md")]
#[doc = include_str!("tables.md")]
pub mod restarting {}
