//! A spawner made from a function.

use std::fmt;

use super::Spawner;
use crate::task::Task;

/// Makes a spawner from a function that starts a task.
///
/// The spawner has the default [`sleep`](Spawner::sleep).
///
/// # Examples
///
/// ```
/// use rungroup::{Group, spawner};
///
/// let spawner = spawner::from_fn(|task| {
///     std::thread::spawn(|| futures_lite::future::block_on(task));
/// });
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(spawner).unwrap();
/// ```
pub fn from_fn<F: Fn(Task) + Send + Sync>(f: F) -> FromFn<F> {
    FromFn(f)
}

/// The spawner that [`from_fn`] makes.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F: Fn(Task) + Send + Sync> Spawner for FromFn<F> {
    fn spawn_task(&self, task: Task) {
        (self.0)(task);
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
