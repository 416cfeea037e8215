//! A group behaves as the model that is written from its laws.
//!
//! Every program is run on both, step by step: see `compare.rs`.

#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

mod compare;
mod executor;
mod exhaustive;
mod mirror;
mod model;
mod program;
mod random;
mod script;
mod seen;
mod watch;
mod world;
