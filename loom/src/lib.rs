//! The lower half of rungroup (all that threads share, and what that stands on), with loom's locks
//! and atomics in place of the standard library's.
//!
//! The imports of the library go in one direction, so its lower half can be taken as it is. The files
//! of `src/shared` are listed again, because those that `src/shared.rs` lists would be looked for
//! beside it.
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
#[path = "../../src/reason.rs"]
mod reason;
#[path = "../../src/settings.rs"]
mod settings;
#[path = "../../src/shared"]
mod shared {
    pub(crate) mod chunk;
    pub(crate) mod chunk_map;
    pub(crate) mod group_state;
    pub(crate) mod intake;
    pub(crate) mod interrupt;
    pub(crate) mod latch;
    pub(crate) mod mailbox;
    pub(crate) mod member;
    pub(crate) mod member_ref;
    pub(crate) mod members;
    pub(crate) mod readiness;
    pub(crate) mod receiver;
    pub(crate) mod short_queue;
    pub(crate) mod snapshot;
    pub(crate) mod stage;
    pub(crate) mod timestamp;
}
#[path = "../../src/sync.rs"]
mod sync;
#[path = "../../src/text.rs"]
mod text;
#[path = "../../src/trace.rs"]
mod trace;

#[cfg(test)]
mod scenarios;
