//! A group seen from outside.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::actor::Actor;
use crate::door::Door;
use crate::exit::{Cause, Result, Trigger};
use crate::latch::{Latch, Wait};
use crate::link::Link;
use crate::policy::Adder;
use crate::status::Status;

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
    /// Of the actor whose children are added through it.
    adder: Option<Adder>,
}

impl Handle {
    pub(crate) fn new(link: Arc<Link>) -> Handle {
        Handle { link, adder: None }
    }

    /// A handle for an actor of the group.
    pub(crate) fn of_actor(link: Arc<Link>, actor: Adder) -> Handle {
        Handle {
            link,
            adder: Some(actor),
        }
    }

    /// Stops the group, as an actor's exit with `outcome` would. The first cause wins: once there is
    /// one, or a request, it changes nothing, and its error is dropped.
    ///
    /// It does not wait. From then on the group is not [ready](Handle::is_ready). With `Ok`, its
    /// actors go on until the [drain](crate::Group::drain) delay is over;
    /// [`skip_drain`](Handle::skip_drain) skips that.
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
        self.request(outcome, None);
    }

    /// As [`interrupt`](Handle::interrupt), with a reason that the cause tells.
    pub(crate) fn request(&self, outcome: Result, reason: Option<Cow<'static, str>>) {
        self.link.request(Cause::new(Trigger::Request {
            outcome: outcome.into(),
            reason,
        }));
    }

    /// Ends the [drain](crate::Group::drain) delay: what is left of it, or all of it if the stop is
    /// requested later. Calling it again does nothing; without a drain, it has no effect.
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
    /// handle.interrupt(Ok(()));
    /// handle.skip_drain();
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn skip_drain(&self) {
        self.link.skip_drain();
    }

    /// Ends what remains, without waiting for it: calls all interrupts that are still due, and drops
    /// all futures that are not inside their own poll. Every actor that has not exited is a
    /// [straggler](crate::Straggler). Without a cause, it is a request to stop with `Ok` as well.
    /// Calling it again does nothing.
    ///
    /// It does not wait: the group acts on it where `run` is polled.
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
        // All interrupts are due from now on, so nobody enters any more (law 24).
        if let Some(door) = self.link.door::<Door>() {
            door.lock();
        }
        self.link.request_force(Cause::new(Trigger::Request {
            outcome: Ok(()).into(),
            reason: None,
        }));
    }

    /// Adds an actor, before the group runs or while it does.
    ///
    /// Returns `Ok` when the actor was accepted: it is run, interrupted and awaited as the others.
    /// It is accepted until the interrupts of its stage are due: during the drain, and while higher
    /// stages stop. One that [readiness](Actor::announces_ready) holds back until then never starts,
    /// and the report names it.
    ///
    /// # Errors
    ///
    /// Gives the actor back, whole, when its stage was told to stop, or the group is gone.
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
        match self.link.door::<Door>() {
            Some(door) => door.add(actor, self.adder),
            None => Err(actor),
        }
    }

    /// Waits until the group is ready: all stages have started, and all actors that
    /// [announce](Actor::announces_ready) have announced. It is then ready until it stops, also while
    /// an actor that was added later has yet to announce.
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
    /// handle.interrupt(Ok(()));
    /// assert!(!handle.is_ready());
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn ready(
        &self,
    ) -> impl Future<Output = std::result::Result<(), NotReady>> + Send + 'static + use<> {
        let link = Arc::clone(&self.link);
        async move {
            Wait::new(ByReady(Arc::clone(&link))).await;
            if link.is_ready() {
                Ok(())
            } else {
                Err(NotReady {})
            }
        }
    }

    /// Returns whether the group is ready: see [`ready`](Handle::ready). It is false again before
    /// the first interrupt is called. Takes no lock.
    pub fn is_ready(&self) -> bool {
        self.link.is_ready()
    }

    /// Waits until it is known that the group stops: a request, a cause, or the group gone. It is
    /// ready before the drain and before any interrupt, and no later than
    /// [`ready`](Handle::ready) fails.
    ///
    /// For what must end while the rest still works: event streams, web sockets, a supervisor that is
    /// to hear of the stop.
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
    /// handle.interrupt(Ok(()));
    /// block_on(handle.stopping());
    /// running.join().unwrap().unwrap();
    /// ```
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let stopping = Wait::new(ByStopping(Arc::clone(&self.link)));
        async move {
            stopping.await;
        }
    }

    /// Keeps `guard` until the group is gone.
    #[cfg_attr(
        not(feature = "signal"),
        expect(dead_code, reason = "for the feature `signal`")
    )]
    pub(crate) fn keep(&self, guard: impl Send + 'static) {
        self.link.keep(Box::new(guard));
    }

    /// Returns what the group is doing, and whom it waits for. It answers from any thread, without
    /// waiting for `run`, which may be stuck in an interrupt or not be polled at all, and it changes
    /// nothing.
    ///
    /// Its cost grows with the number of actors; the group keeps nothing for it.
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
        let door = self.link.door::<Door>();
        let mut roll = door.as_ref().map(|door| door.roll());
        Status::of(&self.link, roll.as_deref_mut())
    }
}

/// For [`Wait`]: the latch of readiness.
struct ByReady(Arc<Link>);

impl AsRef<Latch> for ByReady {
    fn as_ref(&self) -> &Latch {
        &self.0.ready
    }
}

/// For [`Wait`]: the latch of the stop.
struct ByStopping(Arc<Link>);

impl AsRef<Latch> for ByStopping {
    fn as_ref(&self) -> &Latch {
        &self.0.stopping
    }
}

/// Why [`Handle::ready`] failed: the group is stopping, or gone.
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
