//! Runs the examples as their users do: from outside, with real clients and real commands.
//!
//! `cargo test -p rungroup-examples --all-features` builds the examples first. Before
//! `cargo test --test examples`, build them by `cargo build --examples` with the same features.

mod connections;
mod example;
mod go;
mod peers;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod readme;
mod thread_per_core;
