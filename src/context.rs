//! What an actor sees of its own interrupt, and of its group.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use crate::actor::Actor;
use crate::actor::ActorParts;
use crate::cause::Cause;
use crate::handle::Handle;
use crate::name::Name;
use crate::outcome::Result;
use crate::settings::Parent;
use crate::shared::group_state::GroupState;
use crate::shared::interrupt::Interrupt;
use crate::shared::latch::{Latch, Latches, Wait};
use crate::shared::member_ref::MemberRef;

/// Tells an actor whether it is interrupted and why, lets it announce that it is ready, and lets it
/// add children.
///
/// [`Actor::with`] and [`Actor::blocking_with`] pass it to the actor. Cloning it is cheap. Clones
/// can be moved into whatever the actor spawns.
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
pub struct Context(MemberRef);

impl Context {
    /// Returns a future that is ready once the actor is interrupted. It borrows nothing, so it can
    /// be handed to other libraries, such as `axum::serve(..).with_graceful_shutdown(..)`, or be
    /// one branch of a `select!`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping it has no effect.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::or;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// async fn serve() -> rungroup::Result {
    ///     std::future::pending().await
    /// }
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| {
    ///     let stop = async move {
    ///         ctx.interrupted().await;
    ///         println!("goodbye");
    ///         Ok(())
    ///     };
    ///     or(serve(), stop)
    /// }));
    /// group.add(async { Ok(()) }, |_cause| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn interrupted(&self) -> Interrupted {
        Interrupted(Wait::on(self.clone(), ContextLatch::Interrupt))
    }

    /// Returns whether the actor is interrupted. It takes no lock and suits a hot loop.
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
        match self.interrupt_latch().get() {
            Some(interrupted) => interrupted || self.group().gone.is_set(),
            None => false,
        }
    }

    /// Returns why the group stops, once the actor is interrupted.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     ctx.interrupted().await;
    ///     let cause = ctx.cause().unwrap();
    ///     println!("saving because {cause}"); // "… actor `server` failed: address in use"
    ///     Ok(())
    /// }));
    /// let server = Actor::new(async { Err("address in use".into()) }, |_cause| {});
    /// group.add_actor(server.name("server"));
    /// group.run_blocking(Threads).unwrap_err();
    /// ```
    pub fn cause(&self) -> Option<Cause> {
        if self.is_interrupted() {
            self.group().cause()
        } else {
            None
        }
    }

    /// Runs `future` until it is ready. If the actor is interrupted first, drops `future` and
    /// returns `None`.
    ///
    /// `future` is not polled at all if the actor is already interrupted. If both are ready in the
    /// same poll, `future` wins.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it.
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

    /// Does what [`run_until_interrupted`](Context::run_until_interrupted) does, but polls `future`
    /// at least once.
    async fn poll_until_interrupted<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut interrupted = self.interrupted();
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(&mut interrupted).poll(cx).map(|()| None),
        })
        .await
    }

    /// Announces that the actor is ready: listening, warmed up, recovered. It has an effect only
    /// for an actor that [`announces_ready`](Actor::announces_ready), and only the first time or after
    /// [`revoke_ready`](Context::revoke_ready).
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     // … bind the listener …
    ///     ctx.announce_ready();
    ///     ctx.interrupted().await;
    ///     Ok(())
    /// }).announces_ready());
    /// let handle = group.handle();
    /// group.add(async move { Ok(handle.ready().await?) }, |_cause| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn announce_ready(&self) {
        self.0.announce();
    }

    /// Takes back that the actor is ready, as when its database is locked. Until it
    /// [announces](Context::announce_ready) again, [`Handle::is_ready`] is false and the
    /// [status](Handle::status) names the actor.
    ///
    /// It has an effect only for an actor that has announced. What has started goes on: stages are
    /// not held back again, [`Handle::ready`] tells about the start alone, and the
    /// [drain](crate::Group::drain) is not affected. If the actor exits, it no longer counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     let handle = ctx.handle();
    ///     ctx.announce_ready();
    ///     handle.ready().await?;
    ///     ctx.revoke_ready();
    ///     assert!(!handle.is_ready());
    ///     ctx.announce_ready();
    ///     assert!(handle.is_ready());
    ///     Ok(())
    /// }).announces_ready());
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn revoke_ready(&self) {
        self.0.revoke();
    }

    /// Returns a handle to the actor's group. An actor that is added through it is a child: it
    /// stops together with its adder. It has the adder's stage, and is in the background if the
    /// adder is, unless it is given a [stage](Actor::stage) of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     let child = Actor::new(async { Ok(()) }, |_cause| {}).name("child");
    ///     // Without the policy, the end of the child would end the group.
    ///     let _ = ctx.handle().add_actor(child.ends_group(Ends::OnError));
    ///     Ok(())
    /// }).stage(1));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn handle(&self) -> Handle {
        let settings = self.0.settings();
        let parent = Parent {
            stage: settings.stage,
            background: settings.is_background(),
        };
        Handle::with_parent(Arc::clone(self.group()), parent)
    }

    pub(crate) fn name(&self) -> &Name {
        self.0.name()
    }

    /// Notes that the actor's work moves to a thread of its own.
    pub(crate) fn moves_to_thread(&self) {
        self.0.moves_to_thread();
    }

    fn interrupt_latch(&self) -> &Latch {
        // An actor with a context has a latch. The fallback is set when the group is gone.
        self.0.latch().unwrap_or_else(|| self.gone())
    }

    fn gone(&self) -> &Latch {
        &self.group().gone
    }

    fn group(&self) -> &Arc<GroupState> {
        &self.0.stage().group
    }
}

/// Says which latch [`Interrupted`] waits for.
#[derive(Clone, Copy)]
pub(crate) enum ContextLatch {
    Interrupt,
    Gone,
}

impl Latches for Context {
    type Which = ContextLatch;

    fn latch(&self, which: ContextLatch) -> &Latch {
        match which {
            ContextLatch::Interrupt => self.interrupt_latch(),
            ContextLatch::Gone => self.gone(),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("is_interrupted", &self.is_interrupted())
            .finish_non_exhaustive()
    }
}

/// Waits until the actor is interrupted.
///
/// [`Context::interrupted`] returns it. It can be cloned, awaited from several tasks, awaited
/// again, and dropped half-way. If its actor left the group before it was interrupted, it is ready
/// when the group is gone.
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
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Ready(false) => {
                // The actor left before it was interrupted, so it waits until the group is gone.
                self.0.switch_to(ContextLatch::Gone);
                Pin::new(&mut self.0).poll(cx).map(drop)
            }
            polled => polled.map(drop),
        }
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupted").finish_non_exhaustive()
    }
}

/// Actors that watch for their interrupt. Each is made from an execute and an interrupt.
impl Actor {
    /// Makes an actor that is told about its interrupt through a [`Context`].
    ///
    /// `execute` is called on the actor's task when the actor starts. A panic in it is a panic of
    /// the actor.
    ///
    /// The future returns `Result<(), BoxError>`. If the compiler says
    /// "expected `Result<(), Box<dyn Error + Send + Sync>>`", wrap it:
    /// `Actor::with(async |ctx| Ok(serve(ctx).await?))`. If it says "is not a future", `execute` is a
    /// plain `fn`: make it an `async fn`.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(async |ctx| {
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
        let mut actor = Actor::with_context(Interrupt::latch(), execute);
        actor.settings.set_has_context();
        actor
    }

    /// Makes an actor that learns of its interrupt through a [`Context`] before `interrupt` is
    /// called.
    #[track_caller]
    pub(crate) fn with_interrupt<F: Future<Output = Result> + Send + 'static>(
        execute: impl FnOnce(Context) -> F + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        let mut actor = Actor::with_context(Interrupt::both(Box::new(interrupt)), execute);
        actor.settings.set_has_context();
        actor
    }

    /// Makes an actor whose execute learns of its interrupt through a context, which it may keep to
    /// itself.
    #[track_caller]
    pub(crate) fn with_context<F: Future<Output = Result> + Send + 'static>(
        interrupt: Interrupt,
        execute: impl FnOnce(Context) -> F + Send + 'static,
    ) -> Actor {
        // From its first poll on, the future holds the member that holds it, until the member lets
        // go of the future: at its end, at a force, or when the group is dropped.
        let execute = async move {
            let member =
                MemberRef::entering().ok_or("polled by a thread that has destroyed its locals")?;
            execute(Context(member)).await
        };
        Actor::from_parts(ActorParts::new(Box::pin(execute), interrupt))
    }

    /// Makes an actor whose interrupt drops its future. Its exit is then `Ok`.
    ///
    /// Use it for a future that is cancel safe and has nothing to finish. The future is polled at
    /// least once. It is dropped on the actor's own task.
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
        let run = |ctx: Context| async move {
            let exit = ctx.poll_until_interrupted(execute).await;
            exit.unwrap_or(Ok(()))
        };
        Actor::with_context(Interrupt::latch(), run)
    }
}
