//! Runs the examples as their users do: from outside, with real clients and real commands. They run
//! on Tokio with all features; to run them on smol, choose the features `fs,net,process,smol`.
//!
//! `cargo test -p rungroup-examples --all-features` builds the examples first. Before
//! `cargo test --test examples`, build them with `cargo build --examples` and the same features.

mod connections;
mod example;
mod go;
mod peers;
#[cfg(unix)]
mod processes;
#[cfg(all(unix, feature = "axum"))]
mod readme;
#[cfg(feature = "tokio")]
mod thread_per_core;
