//! Spawners, which run the tasks of a group.
//!
//! | spawner | runs each actor | feature |
//! | --- | --- | --- |
//! | [`Threads`] | on a named thread of its own | none |
//! | [`Tokio`], [`tokio::runtime::Handle`] | on the ambient, or the given, Tokio runtime | `tokio` |
//! | [`Smol`], [`smol::Executor`] | on smol's global, or the given, executor | `smol` |
//! | [`AsyncStd`] | on async-std's runtime | `async-std` |
//! | [`from_fn`], or your own [`Spawner`] | as you say | none |
//!
//! [`tokio::runtime::Handle`]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html
//! [`smol::Executor`]: https://docs.rs/smol/2/smol/struct.Executor.html
#![cfg_attr(
    not(feature = "tokio"),
    doc = "\n[`Tokio`]: https://docs.rs/rungroup/latest/rungroup/struct.Tokio.html"
)]
#![cfg_attr(
    not(feature = "smol"),
    doc = "\n[`Smol`]: https://docs.rs/rungroup/latest/rungroup/struct.Smol.html"
)]
#![cfg_attr(
    not(feature = "async-std"),
    doc = "\n[`AsyncStd`]: https://docs.rs/rungroup/latest/rungroup/struct.AsyncStd.html"
)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod from_fn;
mod sleep;
mod threads;

#[cfg(feature = "async-std")]
mod async_std;
#[cfg(feature = "smol")]
mod smol;
#[cfg(feature = "tokio")]
mod tokio;

/// The spawners that a feature adds, gathered for the crate root.
pub(crate) mod adapters {
    #[cfg(feature = "async-std")]
    pub use super::async_std::AsyncStd;
    #[cfg(feature = "smol")]
    pub use super::smol::Smol;
    #[cfg(feature = "tokio")]
    pub use super::tokio::Tokio;
}

use std::future::Future;

#[allow(unused_imports, unreachable_pub, reason = "empty without a feature")]
#[doc(hidden)]
pub use adapters::*;
#[doc(hidden)]
pub use contract::Spawner;
pub use from_fn::{FromFn, from_fn};
pub(crate) use sleep::sleep_on_a_thread;
#[doc(hidden)]
pub use threads::Threads;
pub(crate) use threads::thread_name;

/// What [`Spawner::sleep`] returns, boxed.
pub(crate) type Sleep = dyn Future<Output = ()> + Send;
