//! Spawners, which run the tasks of a group.
//!
//! | spawner | runs each actor | feature |
//! | --- | --- | --- |
//! | [`Threads`] | on a named thread of its own | none |
//! | [`Tokio`], Tokio's [`Handle`] | on the ambient, or the given, Tokio runtime | `tokio` |
//! | [`Smol`], smol's [`Executor`] | on smol's global, or the given, executor | `smol` |
//! | [`AsyncStd`] | on async-std's runtime | `async-std` |
//! | [`from_fn`], or your own [`Spawner`] | as you say | none |
//!
//! [`Handle`]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html
//! [`Executor`]: https://docs.rs/smol/2/smol/struct.Executor.html
#![doc = include_str!("tables.md")]
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

mod from_fn;
mod sleep;
mod threads;

#[cfg(feature = "async-std")]
mod async_std;
#[cfg(feature = "smol")]
mod smol;
#[cfg(feature = "tokio")]
mod tokio;

// The crate root names each of them again: a glob would keep the compiler from saying which feature
// is missing.
#[cfg(feature = "async-std")]
#[doc(hidden)]
pub use async_std::AsyncStd;
#[cfg(feature = "smol")]
#[doc(hidden)]
pub use smol::Smol;
#[cfg(feature = "tokio")]
#[doc(hidden)]
pub use tokio::Tokio;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::task::Task;

#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::conformance;
pub use from_fn::{FromFn, from_fn};
pub(crate) use sleep::{Sleep, sleep_on_a_thread};
#[doc(hidden)]
pub use threads::Threads;
pub(crate) use threads::thread_name;

/// Runs the tasks of a group: the seam between the group and a runtime.
///
/// The contract:
///
/// - `spawn` takes the task, starts it and returns immediately. It may be called from any thread
///   that polls `run`, and the task may be polled on any thread.
/// - A task is detached: nobody joins it. It tells its group how it ended.
/// - A task must be polled whenever it is woken, until it is ready. If the spawner cannot do that,
///   it drops the task or [refuses](Task::refuse) it, at any time and on any thread. The actor is
///   then [lost](crate::Outcome::Lost), and the group stops as for any other exit. If a task is
///   kept but never polled, the group waits for it until the [grace](crate::Group::grace) ends.
/// - A task does not panic: it catches the panics of what it runs.
/// - Tasks may be polled in any order.
/// - `spawn` should not panic. If it does, the panic goes through `run`, with the effect of
///   dropping `run`: all interrupts are called, and all futures are dropped.
/// - `enter` lets interrupts and destructors, which `run` calls, use the runtime.
/// - `sleep` measures graces and drains. If it panics, or its future does, the group falls back to
///   the default.
///
/// The trait is object safe, and implemented for references, [`Arc`] and [`Box`] of spawners.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Spawner, Task};
///
/// struct BigStacks;
///
/// impl Spawner for BigStacks {
///     fn spawn_task(&self, task: Task) {
///         let thread = std::thread::Builder::new().stack_size(16 << 20);
///         // A thread that cannot start drops the task: the actor is lost.
///         let _ = thread.spawn(|| futures_lite::future::block_on(task));
///     }
/// }
///
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(BigStacks).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a spawner: a group cannot run its actors on it",
    label = "`Spawner` is not implemented for this",
    note = "`Threads` needs no runtime; `Tokio` and `tokio::runtime::Handle` are spawners with the feature `tokio` of rungroup, `Smol` and `smol::Executor` with `smol`, `AsyncStd` with `async-std`",
    note = "of a `tokio::runtime::Runtime`, give `runtime.handle().clone()`",
    note = "for any other runtime, see `rungroup::spawner::from_fn`"
)]
pub trait Spawner: Send + Sync {
    /// Starts the task and returns immediately.
    fn spawn_task(&self, task: Task);

    /// Calls `call` where the functions of the runtime work, as inside
    /// [`tokio::runtime::Handle::enter`][enter].
    ///
    /// The group calls interrupts, destructors and clocks inside it, many at a time. So the drop of a
    /// forced future that returns a pooled connection, and spawns for that, works wherever `run` is
    /// polled. By default, it only calls `call`.
    ///
    /// A panic in it, or not calling `call`, has no effect: the group then calls without it.
    ///
    /// [enter]: https://docs.rs/tokio/1/tokio/runtime/struct.Handle.html#method.enter
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Spawner, Task};
    ///
    /// struct OnPool(tokio::runtime::Handle);
    ///
    /// impl Spawner for OnPool {
    ///     fn spawn_task(&self, task: Task) {
    ///         self.0.spawn(task);
    ///     }
    ///
    ///     fn enter(&self, call: &mut dyn FnMut()) {
    ///         let _context = self.0.enter();
    ///         call();
    ///     }
    /// }
    /// ```
    fn enter(&self, call: &mut dyn FnMut()) {
        call();
    }

    /// Returns a future that is ready after `duration`. With [`Duration::MAX`], it is never ready.
    ///
    /// By default, the future needs one parked thread, which ends when the future is ready or
    /// dropped. If the system has no more threads, the future is ready immediately: a stop that is
    /// short of resources is better cut off than left without a limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures_lite::future::block_on;
    /// use rungroup::{Spawner, Threads};
    ///
    /// block_on(Threads.sleep(Duration::from_millis(1)));
    /// ```
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        sleep_on_a_thread(duration)
    }
}

impl<S: Spawner + ?Sized> Spawner for &S {
    fn spawn_task(&self, task: Task) {
        (**self).spawn_task(task);
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        (**self).enter(call);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        (**self).sleep(duration)
    }
}

impl<S: Spawner + ?Sized> Spawner for Arc<S> {
    fn spawn_task(&self, task: Task) {
        (**self).spawn_task(task);
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        (**self).enter(call);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        (**self).sleep(duration)
    }
}

impl<S: Spawner + ?Sized> Spawner for Box<S> {
    fn spawn_task(&self, task: Task) {
        (**self).spawn_task(task);
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        (**self).enter(call);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        (**self).sleep(duration)
    }
}
