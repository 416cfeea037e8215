//! Runs actors on smol.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use smol::{Executor, Timer};

use super::Spawner;
use crate::task::Task;

/// Runs the actors on smol's global executor, and sleeps by its timer (feature `smol`).
///
/// That executor has one thread, unless the environment variable `SMOL_THREADS` is set. A
/// [`smol::Executor`][executor] of your own is a spawner too.
///
/// `smol` is a public dependency of this crate: `Spawner` is implemented for the `Executor` of
/// `smol` 2.
///
/// [executor]: https://docs.rs/smol/2/smol/struct.Executor.html
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Smol};
///
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// smol::block_on(group.run(Smol)).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl Spawner for Smol {
    fn spawn_task(&self, task: Task) {
        smol::spawn(task).detach();
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        sleep(duration)
    }
}

/// Runs the actors on this executor, which must itself be run. If it is dropped, the actors are
/// [lost](crate::Outcome::Lost).
///
/// The executor is the one of `smol` 2, which is a public dependency of this crate.
impl Spawner for Executor<'_> {
    fn spawn_task(&self, task: Task) {
        Executor::spawn(self, task).detach();
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        sleep(duration)
    }
}

fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        Timer::after(duration).await;
    })
}
