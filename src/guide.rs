//! Guides, one page for each task.
//!
//! | guide | about |
//! | --- | --- |
//! | [From Go] | `run.Group`, `errgroup` and `tomb`, call by call; Prometheus's `main` |
//! | [From Tokio] | `JoinSet`, `TaskTracker`, `CancellationToken`, `tokio-graceful-shutdown` |
//! | [Writing an actor] | error types, loops, cancel safety, blocking code, readiness, children |
//! | [Stopping] | stages, drain, graces, signals, the end of the program |
//! | [Running] | systemd, Kubernetes, Docker, Windows, logs, traces, tokio-console |
//! | [Testing] | every stop, paused time, requests, reports, conformance |
//! | [Writing a spawner] | the contract, a worked executor |
//! | [Restarting] | backoff, a maximum, a reset |
//!
#![doc = include_str!("guide/links.md")]
// The features are those of the snippets, not of the pages.
#![cfg_attr(docsrs, doc(auto_cfg = false))]

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/from-go.md")]
pub mod from_go {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/from-tokio.md")]
pub mod from_tokio {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/writing-an-actor.md")]
pub mod writing_an_actor {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/stopping.md")]
pub mod stopping {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/running.md")]
pub mod running {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/writing-a-spawner.md")]
pub mod writing_a_spawner {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/restarting.md")]
pub mod restarting {}
