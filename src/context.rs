//! What an actor sees of its own interrupt.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use crate::actor::Actor;
use crate::cell::Cell;
use crate::exit::{Cause, Result};
use crate::latch::{Latch, Latched, Wait};
use crate::readiness::Ready;

/// Tells an actor made by [`Actor::with`] whether it is interrupted, and why.
///
/// Cloning it is cheap; clones can be moved to whatever the actor spawns.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::with(|ctx| async move {
///     ctx.interrupted().await;
///     println!("stopping because {}", ctx.cause().unwrap());
///     Ok(())
/// }));
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(Threads).unwrap();
/// ```
#[derive(Clone)]
pub struct Context {
    /// Of its own actor, whose interrupt is a latch.
    cell: Arc<Cell>,
}

impl Context {
    fn new(cell: &Arc<Cell>) -> Context {
        Context {
            cell: Arc::clone(cell),
        }
    }

    /// Returns a future that is ready once the actor is interrupted. It borrows nothing, and can be
    /// handed to other libraries, such as `axum::serve(..).with_graceful_shutdown(..)`, or be one
    /// branch of a `select!`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped, it is as if it had never been.
    ///
    /// # Examples
    ///
    /// See [`Context`].
    pub fn interrupted(&self) -> Interrupted {
        Interrupted(Wait::new(self.clone()))
    }

    /// Returns whether the actor is interrupted. Takes no lock, for use in a hot loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     while !ctx.is_interrupted() {
    ///         std::thread::yield_now(); // a piece of work that blocks
    ///     }
    ///     Ok(())
    /// }));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn is_interrupted(&self) -> bool {
        self.latch().get().is_some()
    }

    /// Returns why the group stops, once the actor is interrupted.
    ///
    /// # Examples
    ///
    /// See [`Context`].
    pub fn cause(&self) -> Option<Cause> {
        self.latch().get().cloned()
    }

    /// Runs `future` until it is ready, or drops it when the actor is interrupted, which gives
    /// `None`.
    ///
    /// `future` is not polled at all if the actor is interrupted already. If both happen at once,
    /// `future` wins.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`: it is dropped half-way.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let (sender, jobs) = async_channel::unbounded::<u32>();
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     while let Some(job) = ctx.run_until_interrupted(jobs.recv()).await {
    ///         println!("job {}", job?);
    ///     }
    ///     Ok(())
    /// }));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// # drop(sender);
    /// ```
    pub async fn run_until_interrupted<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.is_interrupted() {
            return None;
        }
        self.poll_until_interrupted(future).await
    }

    /// As [`run_until_interrupted`](Context::run_until_interrupted), but polls `future` at least
    /// once.
    async fn poll_until_interrupted<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut interrupted = self.interrupted();
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(&mut interrupted).poll(cx).map(|()| None),
        })
        .await
    }
}

impl Latched for Context {
    type Value = Cause;

    fn latch(&self) -> &Latch<Cause> {
        let latch = self.cell.latch();
        latch.expect("a context is made only for an actor whose interrupt is a latch")
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("is_interrupted", &self.is_interrupted())
            .finish_non_exhaustive()
    }
}

/// Is ready once the actor is interrupted. From [`Context::interrupted`].
///
/// It can be cloned, awaited from several tasks, awaited again, and dropped half-way.
///
/// # Examples
///
/// ```
/// use futures_lite::future::or;
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::with(|ctx| async move {
///     let interrupted = ctx.interrupted();
///     or(interrupted.clone(), std::future::pending()).await;
///     interrupted.await;
///     Ok(())
/// }));
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(Threads).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "futures do nothing unless polled"]
pub struct Interrupted(Wait<Context>);

impl Future for Interrupted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupted").finish_non_exhaustive()
    }
}

/// Actors that watch for their interrupt. Each is made of an execute and an interrupt.
impl Actor {
    /// Makes an actor that is told about its interrupt through a [`Context`].
    ///
    /// `execute` is called when the actor starts, on its task; its panic is the actor's.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     ctx.interrupted().await;
    ///     Ok(())
    /// }));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn with<F: Future<Output = Result> + Send + 'static>(
        execute: impl FnOnce(Context) -> F + Send + 'static,
    ) -> Actor {
        Actor::in_its_cell(Latch::new(), |cell| {
            let context = Context::new(cell);
            Box::pin(async move { execute(context).await })
        })
    }

    /// Makes an actor as [`with`](Actor::with) does, which is not ready until it announces it.
    ///
    /// A stage starts when every such actor of the lower stages has announced, or is gone by a
    /// policy that ignores its exit. A stop before that: the stages that have not started never
    /// start, and their executes and interrupts are dropped uncalled.
    ///
    /// # Examples
    ///
    /// See [`Ready`].
    #[track_caller]
    pub fn with_ready<F: Future<Output = Result> + Send + 'static>(
        execute: impl FnOnce(Context, Ready) -> F + Send + 'static,
    ) -> Actor {
        let mut actor = Actor::in_its_cell(Latch::new(), |cell| {
            let (context, ready) = (Context::new(cell), Ready::new(cell));
            Box::pin(async move { execute(context, ready).await })
        });
        actor.settings_mut().awaited = true;
        actor
    }

    /// Makes an actor whose interrupt drops its future. Its exit is then `Ok`.
    ///
    /// For a future that is cancel safe and has nothing to finish. It is polled at least once. The
    /// drop takes place on the actor's own task.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn cancellable(execute: impl Future<Output = Result> + Send + 'static) -> Actor {
        Actor::in_its_cell(Latch::new(), |cell| {
            let context = Context::new(cell);
            Box::pin(async move {
                let exit = context.poll_until_interrupted(execute).await;
                exit.unwrap_or(Ok(()))
            })
        })
    }
}
