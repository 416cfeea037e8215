//! The behaviour of a group, on every runtime.
//!
//! `cargo test --all-features tokio` picks a runtime, `cargo test --all-features law_05` a law.

#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

#[macro_use]
mod runtime;
mod support;

mod faults;
mod go;
mod handle;
#[cfg(all(unix, feature = "signal"))]
mod signal;
mod spawners;
mod start;
mod stop;
mod wakers;
