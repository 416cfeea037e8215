//! What runs a group: a spawner for each of several executors, shown to conform.
//!
//! Each module is one executor and can be copied as it is. Its tests run
//! [`conformance::check`](rungroup::spawner::conformance::check).

pub mod async_executor;
#[cfg(unix)]
pub mod compio;
pub mod futures_thread_pool;
pub mod hand_written;
pub mod rayon;
pub mod tokio_local_pool;
