//! The lower half of rungroup (all that threads share, and what that stands on), with loom's locks
//! and atomics in place of the standard library's.
//!
//! The imports of the library go in one direction, so its lower half can be taken as it is.
#![cfg(loom)]
#![allow(dead_code, unreachable_pub, rustdoc::all, reason = "half of a crate")]

#[path = "../../src/actor.rs"]
mod actor;
#[path = "../../src/cause.rs"]
mod cause;
#[path = "../../src/name.rs"]
mod name;
#[path = "../../src/outcome.rs"]
mod outcome;
#[path = "../../src/panic.rs"]
mod panic;
#[path = "../../src/phase.rs"]
mod phase;
#[path = "../../src/settings.rs"]
mod settings;
#[path = "../../src/shared.rs"]
mod shared;
#[path = "../../src/sync.rs"]
mod sync;
#[path = "../../src/text.rs"]
mod text;
#[path = "../../src/trace.rs"]
mod trace;

#[cfg(test)]
mod scenarios;
