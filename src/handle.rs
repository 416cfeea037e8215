//! A group seen from outside.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::actor::Actor;
use crate::cause::{Cause, Trigger};
use crate::outcome::Result;
use crate::reason::Reason;
use crate::settings::Parent;
use crate::shared::group_state::{GroupLatch, GroupState};
use crate::shared::latch::Wait;
use crate::status::Status;

/// Stops a group from outside, adds actors to it while it runs, and tells whether it is ready.
///
/// [`Group::handle`](crate::Group::handle) returns it. Cloning it is cheap. Any method may be
/// called from any thread at any time: before the group runs, while it runs, and from inside an
/// actor, an interrupt, a destructor or a waker. After the group is gone, the calls have no effect.
///
/// Holding a handle does not keep the group running. If all actors come through
/// [`add_actor`](Handle::add_actor), the group needs one that waits for them, such as a listener.
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
/// handle.stop(Ok(()));
/// running.join().unwrap().unwrap();
/// ```
#[derive(Clone)]
pub struct Handle {
    group: Arc<GroupState>,
    /// The actor whose children are added through it.
    parent: Option<Parent>,
}

impl Handle {
    pub(crate) fn new(group: Arc<GroupState>) -> Handle {
        Handle {
            group,
            parent: None,
        }
    }

    /// Makes a handle for an actor of the group.
    pub(crate) fn with_parent(group: Arc<GroupState>, parent: Parent) -> Handle {
        Handle {
            group,
            parent: Some(parent),
        }
    }

    /// Stops the group, as an actor's exit with `outcome` would. The first cause wins: if there is
    /// already a cause or a request, the call has no effect, and its error is dropped.
    ///
    /// It does not wait. From then on, the group is not [ready](Handle::is_ready). With `Ok`, its
    /// actors go on until the [drain](crate::Group::drain) delay is over;
    /// [`skip_drain`](Handle::skip_drain) ends the delay.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// group.handle().stop(Err("out of coffee".into()));
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert!(error.actor().is_none());
    /// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "out of coffee");
    /// ```
    pub fn stop(&self, outcome: Result) {
        self.request(outcome, None);
    }

    /// Does what [`stop`](Handle::stop) does, with a reason that the cause shows.
    pub(crate) fn request(&self, outcome: Result, reason: Option<Reason>) {
        self.group.request(Cause::new(Trigger::Request {
            outcome: outcome.into(),
            reason,
        }));
    }

    /// Skips the [drain](crate::Group::drain) delay: what is left of it, or all of it if the stop
    /// is requested later. It does not request the stop itself. It has no effect when it is called
    /// again, or for a group without a drain.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.drain(Duration::from_secs(3600));
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// let handle = group.handle();
    /// let running = std::thread::spawn(|| group.run_blocking(Threads));
    ///
    /// futures_lite::future::block_on(handle.ready()).unwrap();
    /// handle.stop(Ok(()));
    /// handle.skip_drain();
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn skip_drain(&self) {
        self.group.skip_drain();
    }

    /// Ends the group without waiting for its actors: calls all interrupts that are still due, and
    /// drops all futures that are not inside their own poll. Every actor that has not exited is a
    /// [straggler](crate::Straggler). Without a cause, it is also a request to stop with `Ok`.
    /// Calling it again has no effect.
    ///
    /// It does not wait: the group acts on it when `run` is polled.
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
        self.group.request_force(Cause::new(Trigger::Request {
            outcome: Ok(()).into(),
            reason: None,
        }));
    }

    /// Adds an actor, before the group runs or while it does.
    ///
    /// Returns `Ok` if the actor was accepted: it is run, interrupted and awaited like the others.
    /// A stage accepts actors until its interrupts are due. It therefore accepts them during the
    /// drain, and while higher stages stop. An actor that [readiness](Actor::announces_ready) holds
    /// back until then never starts, and the report names it.
    ///
    /// It does not wait, and the number of actors has no limit. If a program may add actors faster
    /// than they start or end, limit them with a semaphore.
    ///
    /// # Errors
    ///
    /// Gives the actor back whole if its stage was told to stop or the group is gone.
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
    ///         // Without the policy, the end of the first connection would end the group.
    ///         let serve = serve.name(format!("connection {number}")).ends_group(Ends::Never);
    ///         if handle.add_actor(serve).is_err() {
    ///             break; // its stage is stopping
    ///         }
    ///     }
    ///     Ok(())
    /// }));
    /// connect.try_send(1).unwrap();
    /// drop(connect);
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn add_actor(&self, actor: Actor) -> std::result::Result<(), Actor> {
        match self.group.registry() {
            Some(registry) => registry.add(actor, self.parent),
            None => Err(actor),
        }
    }

    /// Waits until the group is ready: all stages have started, and all actors that
    /// [announce](Actor::announces_ready) have announced. It then stays ready until it stops, even
    /// if an actor that is added later has yet to announce.
    ///
    /// # Errors
    ///
    /// Fails with [`NotReady`] once the group is stopping or gone.
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
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     ctx.announce_ready();
    ///     ctx.interrupted().await;
    ///     Ok(())
    /// }).announces_ready());
    /// let handle = group.handle();
    /// let running = std::thread::spawn(|| group.run_blocking(Threads));
    ///
    /// block_on(handle.ready()).unwrap();
    /// assert!(handle.is_ready());
    /// handle.stop(Ok(()));
    /// assert!(!handle.is_ready());
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn ready(
        &self,
    ) -> impl Future<Output = std::result::Result<(), NotReady>> + Send + 'static + use<> {
        let group = Arc::clone(&self.group);
        async move {
            Wait::on(Arc::clone(&group), GroupLatch::Ready).await;
            if group.was_ready() && !group.stopping.is_set() {
                Ok(())
            } else {
                Err(NotReady {})
            }
        }
    }

    /// Returns whether the group is ready: see [`ready`](Handle::ready). It becomes false again
    /// before the first interrupt is called, and while an actor has
    /// [revoked](crate::Context::revoke_ready) its readiness. It takes no lock.
    pub fn is_ready(&self) -> bool {
        self.group.is_ready()
    }

    /// Waits until the group is stopping: there is a request or a cause, or the group is gone. The
    /// future is ready before the drain and before any interrupt, and no later than
    /// [`ready`](Handle::ready) fails.
    ///
    /// Use it for what must end while the rest still works, such as event streams and web sockets,
    /// and to tell a supervisor that the stop has begun.
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
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// let handle = group.handle();
    /// let running = std::thread::spawn(|| group.run_blocking(Threads));
    /// handle.stop(Ok(()));
    /// block_on(handle.stopping());
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let stopping = Wait::on(Arc::clone(&self.group), GroupLatch::Stopping);
        async move {
            stopping.await;
        }
    }

    /// Keeps `guard` until the group is gone.
    #[cfg_attr(
        not(feature = "signal"),
        expect(dead_code, reason = "for the feature `signal`")
    )]
    pub(crate) fn keep_guard(&self, guard: impl Send + 'static) {
        self.group.keep_guard(Box::new(guard));
    }

    /// Returns what the group is doing and which actors it waits for. It answers from any thread
    /// without waiting for `run`, which may be stuck in an interrupt or not be polled at all. It
    /// may be called from inside an interrupt, a destructor, a waker or a tracing subscriber, and
    /// it does not affect the group.
    ///
    /// Its cost grows with the number of actors. The group does no work for it before it is called.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Phase};
    ///
    /// let group = Group::new();
    /// let status = group.handle().status();
    /// assert_eq!(status.phase(), Phase::NotStarted);
    /// assert!(status.waiting_for().is_empty());
    /// ```
    pub fn status(&self) -> Status {
        Status::new(&self.group)
    }
}

/// The error of [`Handle::ready`]: the group is stopping or gone.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, NotReady};
///
/// let group = Group::new();
/// let ready = group.handle().ready();
/// drop(group);
/// let error: NotReady = futures_lite::future::block_on(ready).unwrap_err();
/// assert_eq!(error.to_string(), "the group is stopping");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotReady {}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the group is stopping")
    }
}

impl Error for NotReady {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
