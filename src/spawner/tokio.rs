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
/// To run a group on a runtime other than the ambient one, give `run` its
/// [`tokio::runtime::Handle`][handle], which is a spawner too.
///
/// [handle]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html
///
/// Tokio's timers do not fire while all of its workers are busy. A thread therefore watches the
/// clock too, so a [grace](crate::Group::grace) still ends, as long as `run` itself is polled.
/// Await `run` in `block_on` on the main thread of a multi-thread runtime: there it is always
/// polled.
///
/// If the runtime shuts down, the actors on it are [lost](crate::Outcome::Lost). On a runtime
/// without a time driver, Tokio prints a panic message and a thread sleeps instead.
///
/// `tokio` is a public dependency of this crate: `Spawner` is implemented for the `Handle` of `tokio`
/// 1.
///
/// # Panics
///
/// `run` panics if it is polled outside a Tokio runtime.
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
    fn spawn_task(&self, task: Task) {
        let Ok(runtime) = Handle::try_current() else {
            panic!(
                "`rungroup::Tokio` needs a Tokio runtime, and there is none here: run the group \
                 inside `#[tokio::main]` or `Runtime::block_on`, or give `run` a \
                 `tokio::runtime::Handle`"
            );
        };
        Spawner::spawn_task(&runtime, task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        sleep(duration)
    }
}

/// Runs the actors on the runtime of the handle. `run` may be polled inside or outside it.
///
/// The handle is the one of `tokio` 1, which is a public dependency of this crate.
impl Spawner for Handle {
    fn spawn_task(&self, task: Task) {
        // Dropping the handle of the Tokio task detaches the task.
        drop(Handle::spawn(self, task));
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        let _context = Handle::enter(self);
        call();
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let _context = Handle::enter(self);
        sleep(duration)
    }
}

/// How late Tokio's timer may be before a thread takes over.
const LATE: Duration = Duration::from_millis(100);

/// Sleeps by Tokio's clock. Its timers do not fire while all workers are busy, which is just when a
/// grace must end. So a thread looks at that clock too, a little later.
fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let end = Instant::now().checked_add(duration);
    let by_timer = tokio::time::sleep(duration);
    let by_thread = async move {
        sleep_on_a_thread(duration.saturating_add(LATE)).await;
        // If a test has paused the clock, only the timer knows its time.
        if end.is_none_or(|end| Instant::now() < end) {
            pending::<()>().await;
        }
    };
    Box::pin(or(by_timer, by_thread))
}
