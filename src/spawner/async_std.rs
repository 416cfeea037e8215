//! Runs actors on async-std, which is discontinued. This file can be deleted when nobody needs it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_std::task;

use super::Spawner;
use crate::task::Task;

/// Runs the actors on async-std's runtime, and sleeps by its timer (feature `async-std`).
///
/// async-std is discontinued (RUSTSEC-2025-0052) and recommends smol. This spawner is for programs
/// that have yet to move.
///
/// # Examples
///
/// ```
/// use rungroup::{AsyncStd, Group};
///
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// async_std::task::block_on(group.run(AsyncStd)).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncStd;

impl Spawner for AsyncStd {
    fn spawn_task(&self, task: Task) {
        // Dropping the handle of async-std's task detaches the task.
        drop(task::spawn(task));
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(task::sleep(duration))
    }
}
