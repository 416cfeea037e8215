//! What a group is made of.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::cause::Cause;

use crate::name::Name;
use crate::outcome::Result;
use crate::panic::{contain, discard};
use crate::settings::{Ends, Settings};
use crate::shared::interrupt::Interrupt;

/// One concurrent part of a program: an *execute* future, an *interrupt* function that makes it
/// end, and a few settings.
///
/// An actor is a value. None of it runs until it is added to a [`Group`](crate::Group) and the
/// group runs. If it is dropped before that, its execute is never polled and its interrupt never
/// called.
///
/// The contract between the two is that of Go's `run.Group`: once interrupt has been called,
/// execute returns soon. Interrupt is called at most once. The call may come before execute is
/// first polled, while it runs, or after it has returned. Interrupt must return promptly: it
/// signals, it does not wait.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Ends, Group, Threads};
///
/// let (stop, stopped) = async_channel::bounded::<()>(1);
/// let queue = Actor::new(
///     async move {
///         let _ = stopped.recv().await;
///         Ok(())
///     },
///     move |_cause| drop(stop),
/// )
/// .name("queue")
/// .stage(1)
/// .ends_group(Ends::OnError);
///
/// let mut group = Group::new();
/// group.add_actor(queue);
/// group.add(async { Ok(()) }, |_cause| {});
/// group.run_blocking(Threads).unwrap();
/// ```
#[must_use = "an actor does nothing until it is added to a group"]
pub struct Actor {
    pub(crate) name: Name,
    pub(crate) settings: Settings,
    /// Its own limit. It is kept beside the members, because few actors have one.
    pub(crate) grace: Option<Duration>,
    pub(crate) parts: ActorParts,
}

impl Actor {
    /// Makes an actor from an execute future and the function that interrupts it.
    ///
    /// Execute returns `Result<(), BoxError>`. If the compiler says
    /// "expected `Result<(), Box<dyn Error + Send + Sync>>`", wrap the future:
    /// `async { Ok(serve().await?) }`. The `?` converts any error that is `Send + Sync + 'static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Actor;
    ///
    /// let (stop, stopped) = async_channel::bounded::<()>(1);
    /// let actor = Actor::new(
    ///     async move {
    ///         let _ = stopped.recv().await; // an error when `stop` is dropped
    ///         Ok(())
    ///     },
    ///     move |_cause| drop(stop),
    /// );
    /// # drop(actor);
    /// ```
    #[track_caller]
    pub fn new(
        execute: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        let interrupt = Interrupt::function(Box::new(interrupt));
        Actor::from_parts(ActorParts::new(Box::pin(execute), interrupt))
    }

    #[track_caller]
    pub(crate) fn from_parts(parts: ActorParts) -> Actor {
        Actor {
            name: Name::of_caller(),
            settings: Settings::default(),
            grace: None,
            parts,
        }
    }

    /// Names the actor for errors, reports, threads and logs. An actor without a name is shown by
    /// the place in the source where it was made.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Actor;
    ///
    /// let actor = Actor::new(async { Ok(()) }, |_| {}).name("http");
    /// let numbered = Actor::new(async { Ok(()) }, |_| {}).name(format!("worker-{}", 7)); // owned
    /// # drop((actor, numbered));
    /// ```
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Actor {
        self.name.set(name.into());
        self
    }

    /// Puts the actor into a stage. The default is 0.
    ///
    /// Stages stop from the highest down: a stage is interrupted when every actor of the higher
    /// stages has exited. They start the other way round, as far as
    /// [readiness](Actor::announces_ready) requires it.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// for (name, stage) in [("database", 0), ("workers", 1), ("http", 2)] {
    ///     let actor = Actor::with(move |ctx| async move {
    ///         ctx.interrupted().await;
    ///         println!("{name} stops"); // http, then workers, then database
    ///         Ok(())
    ///     });
    ///     group.add_actor(actor.name(name).stage(stage));
    /// }
    /// group.handle().stop(Ok(()));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn stage(mut self, stage: u32) -> Actor {
        self.settings.set_stage(stage);
        self
    }

    /// Sets which exits of the actor end the group. The default is [`Ends::OnExit`].
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("migrate").ends_group(Ends::OnError));
    /// group.add_actor(Actor::new(async { Err("no mail".into()) }, |_| {}).ends_group(Ends::Never));
    /// // No actor is left, and none of them ended the group with an error.
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn ends_group(mut self, when: Ends) -> Actor {
        self.settings.ends = when;
        self
    }

    /// Makes it a background actor: it does not keep the group alive, and whatever its stage, it is
    /// interrupted after all others have exited. It starts with its stage, as any other actor does.
    ///
    /// Use it for what must watch until the end: signals, metrics, logs.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()).background());
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn background(mut self) -> Actor {
        self.settings.set_background();
        self
    }

    /// Makes the actor announce when it is ready: until it does, the group is not
    /// [ready](crate::Handle::ready), and higher stages do not start. By default, an actor is ready
    /// when it starts.
    ///
    /// It announces through its context:
    /// [`Context::announce_ready`](crate::Context::announce_ready). A [group inside a
    /// group](crate::Group::into_actor) announces when it is ready itself. An actor without a
    /// context, such as one made by [`Actor::new`], never becomes ready; an event warns of it.
    ///
    /// A stage starts when every such actor of the lower stages has announced, or has exited
    /// without ending the group. If the stop comes before that, the stages that have not started
    /// never start: their executes and interrupts are dropped uncalled, and the report lists their
    /// actors as [never started](crate::Report::never_started).
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// let database = Actor::with(|ctx| async move {
    ///     println!("replaying the log");
    ///     ctx.announce_ready();
    ///     ctx.interrupted().await;
    ///     Ok(())
    /// });
    /// group.add_actor(database.name("database").announces_ready());
    /// // Starts when the log is replayed, because its stage is higher.
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("http").stage(1));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn announces_ready(mut self) -> Actor {
        self.settings.set_announces();
        self
    }

    /// Limits the time that the actor has to stop, counted from the interrupt of its stage. When
    /// that time is over, this actor alone is forced: its future is dropped, it is a
    /// [straggler](crate::Straggler), and the stop goes on as if it had exited. There is no limit
    /// by default.
    ///
    /// Set it on an actor that may hang, so that it does not use up the budget of the stages below.
    /// The group's own [grace](crate::Group::grace) still limits the whole stop: an actor's grace
    /// that is longer has no effect. `Duration::ZERO` forces the actor right after the interrupts
    /// of its stage; `Duration::MAX` never forces it. The time is measured by the clock of the
    /// spawner.
    ///
    /// An actor that is forced inside its poll, or on a thread of its own, goes on until the poll
    /// or the thread returns. Meanwhile it may still use what the stages below are closing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// let hung = Actor::new(std::future::pending(), |_cause| {});
    /// group.add_actor(hung.name("http").stage(1).grace(Duration::from_millis(10)));
    /// group.add_actor(Actor::with(|ctx| async move {
    ///     ctx.interrupted().await;
    ///     println!("the database closes");
    ///     Ok(())
    /// }).name("database"));
    /// group.handle().stop(Ok(()));
    ///
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert_eq!(error.report().stragglers()[0].actor().as_str(), Some("http"));
    /// assert_eq!(error.report().stragglers().len(), 1);
    /// ```
    pub fn grace(mut self, limit: Duration) -> Actor {
        self.grace = Some(limit);
        self
    }

    /// Makes an `Err` of the actor during the stop fail the run. By default, as in Go, it does not:
    /// after an `Ok` cause, only the report shows it.
    ///
    /// Set it on an actor whose last work must not fail unseen, such as a database that syncs its
    /// log. A panic or a loss during the stop fails the run in any case.
    ///
    /// It applies to a [background](Actor::background) actor and to one with [`Ends::Never`] too.
    /// What an exit before the stop does depends only on [`ends_group`](Actor::ends_group): an
    /// `Err` of an actor with `Ends::Never` does not fail the run then, even if it must succeed.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// let database = Actor::with(|ctx| async move {
    ///     ctx.interrupted().await;
    ///     Err("sync the log: disk full".into())
    /// });
    /// group.add_actor(database.name("database").must_succeed());
    /// group.handle().stop(Ok(()));
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert_eq!(error.actor().unwrap().as_str(), Some("database"));
    /// ```
    pub fn must_succeed(mut self) -> Actor {
        self.settings.set_must_succeed();
        self
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

pub(crate) type Execute = Pin<Box<dyn Future<Output = Result> + Send>>;

/// An actor's execute and interrupt, until it has a place in a group.
///
/// If it is dropped before that, its parts are dropped one by one and their panics contained,
/// because two panics at the same time would abort the program.
///
/// The lock is never taken. It makes an actor `Sync`, which its parts need not be.
pub(crate) struct ActorParts(Mutex<Option<(Execute, Interrupt)>>);

impl ActorParts {
    pub(crate) fn new(execute: Execute, interrupt: Interrupt) -> ActorParts {
        ActorParts(Mutex::new(Some((execute, interrupt))))
    }

    /// Returns `None` only if it was taken before.
    pub(crate) fn take(&mut self) -> Option<(Execute, Interrupt)> {
        let parts = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        parts.take()
    }
}

impl Drop for ActorParts {
    fn drop(&mut self) {
        if let Some((execute, interrupt)) = self.take() {
            discard(execute);
            contain(|| interrupt.discard());
        }
    }
}
