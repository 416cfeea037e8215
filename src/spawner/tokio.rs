//! Runs actors on Tokio.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::or;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::{Spawner, sleep_on_a_thread};
use crate::task::Task;

/// Runs the actors on the Tokio runtime in whose context `run` is polled, and sleeps by its clock,
/// which tests can pause (feature `tokio`).
///
/// To run a group on another runtime than the ambient one, give `run` its
/// [`tokio::runtime::Handle`][handle], which is a spawner too.
///
/// [handle]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html
///
/// Tokio's timers stand still while all its workers are busy. A [grace](crate::Group::grace) ends all
/// the same, because a thread watches the clock too, as long as `run` itself is polled: on the main
/// thread of a multi-thread runtime, in `block_on`, it is.
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
        sleep(duration)
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
        sleep(duration)
    }
}

/// How late Tokio's timer may be before a thread takes over.
const LATE: Duration = Duration::from_millis(100);

/// Sleeps by Tokio's clock. Its timers stand still while all workers are busy, which is just when a
/// grace is to end; so a thread looks at that clock too, a little later.
fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let end = Instant::now().checked_add(duration);
    let by_timer = tokio::time::sleep(duration);
    let by_thread = async move {
        sleep_on_a_thread(duration.saturating_add(LATE)).await;
        // Of a clock that a test has paused, only the timer knows.
        if end.is_none_or(|end| Instant::now() < end) {
            pending::<()>().await;
        }
    };
    Box::pin(or(by_timer, by_thread))
}
