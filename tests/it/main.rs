//! The behaviour of a group, on every runtime.
//!
//! `cargo test --all-features tokio` picks a runtime, `cargo test --all-features law_05` a law.

#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

#[macro_use]
mod runtime;
mod support;

mod go;

mod causes;
mod clock;

mod context;
mod drain;
mod grace;
mod misuse;
mod nested;
mod peers;
mod policies;
mod readiness;
mod report;
mod stages;
