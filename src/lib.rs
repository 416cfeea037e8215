//! x
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod actor;
mod alarm;
mod blocking;
mod bond;
mod cell;
mod context;
mod error;
mod exit;
mod group;
mod handle;
mod latch;
mod link;
mod machine;
mod readiness;
mod report;
mod roster;
#[cfg(feature = "signal")]
pub mod signal;
pub mod spawner;
mod stage;
mod task;
mod trace;
mod unwind;

pub use actor::{Actor, Ends, Name};
pub use context::{Context, Interrupted};
pub use error::{Error, ErrorKind};
pub use exit::{BoxError, Cause, Exit, Outcome, Panic, Result};
pub use group::Group;
pub use handle::Handle;
pub use readiness::{NotReady, Ready};
pub use report::{Report, State, Straggler};
#[allow(unused_imports, unreachable_pub)] // empty without a feature
pub use spawner::adapters::*;
pub use spawner::{Spawner, Threads};
pub use task::Task;
