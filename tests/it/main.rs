//! The behaviour of a group, on every runtime.
//!
//! `cargo test --all-features tokio` picks a runtime, `cargo test --all-features law_05` a law.

#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

#[macro_use]
mod runtime;
mod support;

mod adding;
mod announcing;
mod api;
mod blame;
mod blocking_with;
mod causes;
mod children;
mod clock;
#[cfg(feature = "conformance")]
mod conformance;
mod context;
mod corners;
mod debug;
mod drain;
mod errors;
mod faults;
mod faults_blocking;
mod faults_clock;
mod faults_dropped;
mod faults_fairness;
mod faults_foreign;
mod faults_gone;
mod faults_grid;
mod faults_leaving;
mod faults_manners;
mod faults_nested;
mod faults_script;
mod faults_steps;
mod faults_text;
mod faults_wakers;
mod go;
mod grace;
mod handle;
mod leaving;
mod misuse;
mod must_succeed;
mod nested;
mod own_grace;
mod peers;
mod policies;
mod readiness;
mod report;
#[cfg(all(unix, feature = "signal"))]
mod signal;
mod spawners;
mod stages;
mod start;
mod status;
mod status_stuck;
mod stop;
mod stopping;
#[cfg(feature = "testing")]
mod testing;
mod wakers;
