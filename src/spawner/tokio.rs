//! Runs actors on Tokio.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::Handle;

use super::Spawner;
use crate::task::Task;

/// Runs the actors on the Tokio runtime in whose context `run` is polled, and sleeps by its clock,
/// which tests can pause (feature `tokio`).
///
/// To run a group on another runtime than the ambient one, give `run` its
/// [`tokio::runtime::Handle`][handle], which is a spawner too.
///
/// [handle]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html
///
/// If the runtime shuts down, the actors on it are [lost](crate::Outcome::Lost). A runtime without
/// a time driver is no obstacle: a thread sleeps then, after Tokio's panic message.
///
/// # Panics
///
/// `run` panics when it is polled outside of a Tokio runtime.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Tokio};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), rungroup::Error> {
///     let mut group = Group::new();
///     group.add(async { Ok(()) }, |_| {});
///     group.run(Tokio).await
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, task: Task) {
        let Ok(runtime) = Handle::try_current() else {
            panic!(
                "`rungroup::Tokio` needs a Tokio runtime, and there is none here: run the group \
                 inside `#[tokio::main]` or `Runtime::block_on`, or give `run` a \
                 `tokio::runtime::Handle`"
            );
        };
        Spawner::spawn(&runtime, task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Runs the actors on the runtime of the handle, from inside or outside of it.
impl Spawner for Handle {
    fn spawn(&self, task: Task) {
        // The handle of the Tokio task is dropped, which detaches it.
        drop(Handle::spawn(self, task));
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let _context = self.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}
