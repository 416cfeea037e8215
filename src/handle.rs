//! A group seen from outside.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::actor::Actor;
use crate::exit::Result;
use crate::latch::Wait;
use crate::link::Link;
use crate::readiness::NotReady;

/// Stops a group from outside, adds actors to it while it runs, and tells whether it is ready.
///
/// From [`Group::handle`](crate::Group::handle). Cloning it is cheap. Any method may be called from
/// any thread at any time: before the group runs, while it runs, from inside an actor, an
/// interrupt, a destructor or a waker, and after the group is gone, when nothing happens.
///
/// Holding one does not keep the group running: where all others come by
/// [`add_actor`](Handle::add_actor), there must be an actor that waits for them, such as a listener.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::cancellable(std::future::pending()));
/// let handle = group.handle();
///
/// let running = std::thread::spawn(|| group.run_blocking(Threads));
/// handle.interrupt(Ok(()));
/// running.join().unwrap().unwrap();
/// ```
#[derive(Clone)]
pub struct Handle {
    link: Arc<Link>,
}

impl Handle {
    pub(crate) fn new(link: Arc<Link>) -> Handle {
        Handle { link }
    }

    /// Stops the group, as an actor's exit with `outcome` would. The first cause wins: once the
    /// group is stopping, a request changes nothing, but that it skips what is left of the
    /// [drain](crate::Group::drain) delay; its error is dropped.
    ///
    /// It returns at once. From then on the group is not [ready](Handle::is_ready), and
    /// [`add_actor`](Handle::add_actor) gives actors back.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// group.handle().interrupt(Err("out of coffee".into()));
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert!(error.actor().is_none());
    /// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "out of coffee");
    /// ```
    pub fn interrupt(&self, outcome: Result) {
        self.link.request(outcome, None);
    }

    /// As [`interrupt`](Handle::interrupt), with a reason that the cause tells.
    pub(crate) fn interrupt_because(&self, outcome: Result, reason: impl Into<Cow<'static, str>>) {
        self.link.request(outcome, Some(reason.into()));
    }

    /// Ends what remains at once: all interrupts that are still due are called, all futures that are
    /// not inside their own poll are dropped, and who has not exited is a straggler. Without a cause, it is a request to stop
    /// with `Ok` too. To call it twice is to call it once.
    ///
    /// It returns at once; the group acts on it where `run` is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, ErrorKind, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
    /// group.handle().force();
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Stragglers);
    /// println!("{error}"); // "1 actor did not stop: `deaf` (parked)"
    /// ```
    pub fn force(&self) {
        self.link.request_force();
    }

    /// Adds an actor, before the group runs or while it does.
    ///
    /// Returns `Ok` when the actor was accepted: it is run, interrupted and awaited as the others.
    /// (Unless its stage has yet to start when the stop comes: see
    /// [`with_ready`](Actor::with_ready).)
    ///
    /// # Errors
    ///
    /// Gives the actor back, whole, when the group is stopping or gone. The drain delay is part of
    /// the stop.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// let handle = group.handle();
    /// let (connect, connections) = async_channel::unbounded::<u32>();
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     while let Some(Ok(number)) = ctx.run_until_interrupted(connections.recv()).await {
    ///         let serve = Actor::with(move |_ctx| async move {
    ///             println!("serving {number}");
    ///             Ok(())
    ///         });
    ///         // Without the policy, the end of the first connection would be that of the group.
    ///         let serve = serve.name(format!("connection {number}")).ends_group(Ends::Never);
    ///         if handle.add_actor(serve).is_err() {
    ///             break; // the group is stopping
    ///         }
    ///     }
    ///     Ok(())
    /// }));
    /// connect.try_send(1).unwrap();
    /// drop(connect);
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn add_actor(&self, actor: Actor) -> std::result::Result<(), Actor> {
        self.link.add(actor)
    }

    /// Waits until the group is ready: all stages have started, and all actors made by
    /// [`with_ready`](Actor::with_ready) have announced it. It is then ready until it stops, also
    /// while an actor that was added later has yet to announce.
    ///
    /// # Errors
    ///
    /// [`NotReady`] once the group is stopping, or gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with_ready(|ctx, ready| async move {
    ///     ready.announce();
    ///     ctx.interrupted().await;
    ///     Ok(())
    /// }));
    /// let handle = group.handle();
    /// let running = std::thread::spawn(|| group.run_blocking(Threads));
    ///
    /// block_on(handle.ready()).unwrap();
    /// assert!(handle.is_ready());
    /// handle.interrupt(Ok(()));
    /// assert!(!handle.is_ready());
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn ready(
        &self,
    ) -> impl Future<Output = std::result::Result<(), NotReady>> + Send + 'static + use<> {
        let handle = self.clone();
        async move {
            Wait::new(Arc::clone(&handle.link.ready)).await;
            if handle.is_ready() {
                Ok(())
            } else {
                Err(NotReady::new())
            }
        }
    }

    /// Returns whether the group is ready: see [`ready`](Handle::ready). It is false again before
    /// the first interrupt is called. Takes no lock.
    ///
    /// # Examples
    ///
    /// See [`ready`](Handle::ready).
    pub fn is_ready(&self) -> bool {
        self.link.is_ready()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
