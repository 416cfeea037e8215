//! Runs the examples as their users do: from outside, with real clients and real commands.
//!
//! `cargo test` builds the examples; before `cargo test --test examples`, build them by
//! `cargo build --examples` with the same features.

mod connections;
mod example;
mod go;
mod peers;
#[cfg(unix)]
mod processes;
mod thread_per_core;
