//! The lower half of rungroup (all that threads share, and what that stands on), with loom's locks
//! and atomics in place of the standard library's.
//!
//! The imports of the library go in one direction, so its lower half can be taken as it is.
#![cfg(loom)]
#![allow(dead_code, unreachable_pub, rustdoc::all, reason = "half of a crate")]

#[path = "../../src/actor.rs"]
mod actor;
#[path = "../../src/body.rs"]
mod body;
#[path = "../../src/door.rs"]
mod door;
#[path = "../../src/exit.rs"]
mod exit;
#[path = "../../src/interrupt.rs"]
mod interrupt;
#[path = "../../src/latch.rs"]
mod latch;
#[path = "../../src/line.rs"]
mod line;
#[path = "../../src/link.rs"]
mod link;
#[path = "../../src/member.rs"]
mod member;
#[path = "../../src/members.rs"]
mod members;
#[path = "../../src/name.rs"]
mod name;
#[path = "../../src/panic.rs"]
mod panic;
#[path = "../../src/policy.rs"]
mod policy;
#[path = "../../src/readiness.rs"]
mod readiness;
#[path = "../../src/seat.rs"]
mod seat;
#[path = "../../src/stage.rs"]
mod stage;
#[path = "../../src/state.rs"]
mod state;
#[path = "../../src/sync.rs"]
mod sync;
#[path = "../../src/text.rs"]
mod text;
#[path = "../../src/trace/silent.rs"]
mod trace;

#[cfg(test)]
mod scenarios;
