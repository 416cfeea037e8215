//! The behaviour of a group, on every runtime.
//!
//! `cargo test --all-features tokio` picks a runtime, `cargo test --all-features law_05` a law.

#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

#[macro_use]
mod support;

use support::{clock, runtime};

mod actors;
mod api;
mod faults;
mod laws;
mod output;
mod ports;
mod runtimes;
