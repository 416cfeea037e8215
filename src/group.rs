//! The group: add actors, run them as one.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::{block_on, or};

use crate::actor::Actor;
use crate::context::Context;
use crate::door::Keeper;
use crate::error::Error;
use crate::exit::{Cause, Result};
use crate::handle::Handle;
use crate::link::{Inbox, Link};
use crate::machine::{Limits, Machine, Roster};
use crate::members::Roll;
use crate::report::Report;
use crate::spawner::Spawner;

/// Collects actors and runs them as one: the first that exits interrupts all the others.
///
/// Dropped before it runs, a group polls nothing and calls no interrupt.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Threads};
///
/// let mut group = Group::new();
///
/// let (stop, stopped) = async_channel::bounded::<()>(1);
/// group.add(
///     async move {
///         let _ = stopped.recv().await;
///         println!("the first actor was interrupted");
///         Ok(())
///     },
///     move |_cause| drop(stop),
/// );
/// group.add(async { Err("immediate teardown".into()) }, |_cause| {});
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "immediate teardown");
/// ```
#[must_use = "a group does nothing until it is run"]
pub struct Group {
    /// Both before the roll, to be closed when the actors' destructors run.
    inbox: Inbox,
    door: Keeper,
    roster: Roster,
    /// Those that were added to the group itself; on the door's roll once the group runs.
    roll: Roll,
    limits: Limits,
}

impl Group {
    /// Makes an empty group.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Threads};
    ///
    /// Group::new().run_blocking(Threads).unwrap(); // nobody to wait for
    /// ```
    pub fn new() -> Group {
        let inbox = Link::open();
        Group {
            door: Keeper::open(&inbox.link),
            roster: Roster::new(Arc::clone(&inbox.link)),
            roll: Roll::default(),
            inbox,
            limits: Limits::default(),
        }
    }

    /// Adds an actor, made of an execute future and the function that interrupts it. As Go's `Add`.
    ///
    /// Returns the group, to add more; `run` takes the group itself.
    ///
    /// See [`Actor`] for what the two owe each other, and for names, stages and policies.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Group, Threads};
    ///
    /// let (stop, stopped) = async_channel::bounded::<()>(1);
    /// let mut group = Group::new();
    /// group
    ///     .add(
    ///         async move {
    ///             let _ = stopped.recv().await;
    ///             Ok(())
    ///         },
    ///         |_cause| drop(stop),
    ///     )
    ///     .add(async { Ok(()) }, |_cause| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn add(
        &mut self,
        execute: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> &mut Group {
        self.add_actor(Actor::new(execute, interrupt))
    }

    /// Adds an actor.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()).name("idle"));
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("done at once"));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn add_actor(&mut self, actor: Actor) -> &mut Group {
        self.accept_added();
        self.roster.admit(actor, &mut self.roll);
        self
    }

    /// Limits the whole stop, from the cause to the return of `run`: when the time is over, the
    /// group is [forced](Handle::force). One budget, however many stages, and the
    /// [drain](Group::drain) delay within it.
    ///
    /// None by default: `run` waits for as long as the actors take. With zero, a stop is a force at
    /// once, after all interrupts. Measured by the clock of the spawner.
    ///
    /// A stage that uses it up leaves nothing for those below: they are interrupted and forced in
    /// the same moment, and are stragglers too. Give an actor that may hang a time limit of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.grace(Duration::from_millis(10));
    /// group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
    /// group.add(async { Ok(()) }, |_| {});
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// println!("{error}"); // "1 actor did not stop: `deaf` (parked)"
    /// assert_eq!(error.report().stragglers().len(), 1);
    /// ```
    pub fn grace(&mut self, limit: Duration) -> &mut Group {
        self.limits.grace = Some(limit);
        self
    }

    /// Delays the first interrupt after a request to stop with `Ok`; zero by default.
    ///
    /// The group is not [ready](Handle::is_ready) during the delay, but all its actors are still at
    /// work: time for load balancers to notice and to send no more. A failure that would have ended
    /// the group, a [force](Handle::force), or a second request skips what is left of it, and so
    /// does the last exit. A stop for another cause is not delayed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.drain(Duration::from_millis(10));
    /// group.add_actor(Actor::cancellable(std::future::pending()));
    /// group.handle().interrupt(Ok(()));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn drain(&mut self, delay: Duration) -> &mut Group {
        self.limits.drain = delay;
        self
    }

    /// Returns a handle, which stops the group from outside and adds actors while it runs.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.inbox.link))
    }

    /// Runs all actors concurrently on `spawner`, until the first one exits; interrupts all, and
    /// waits until every one has exited. Without any actor, it returns at once.
    ///
    /// The future is `Send`, so it can be spawned, or raced with others.
    ///
    /// Memory and time are for the actors that are alive: an `Ok` exit leaves nothing behind. Exits
    /// that are not `Ok` are kept for the report, for as long as the group runs.
    ///
    /// # Errors
    ///
    /// The failure, panic or loss of the actor that exited first, or the error of the request that
    /// came first. If that was `Ok`: the first panic or loss during the stop; else, the actors that
    /// did not stop within the [grace](Group::grace). See [`Error`].
    ///
    /// A plain `Err` of an actor during the stop is not an error of the run, as in Go: after an `Ok`
    /// cause, only [`run_report`](Group::run_report) tells of it.
    ///
    /// # Panics
    ///
    /// Only if the spawner does, such as [`Tokio`](crate::spawner) outside of a runtime. A panic of
    /// an actor is an error.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it was first polled, nothing of the group has run, nor ever will. Dropped
    /// later, it is a [force](Handle::force): all interrupts are called, and all futures are
    /// dropped, on the spot, or as soon as their own poll returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use rungroup::{Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add(async { Ok(()) }, |_| {});
    /// block_on(group.run(Threads)).unwrap();
    /// ```
    pub async fn run(self, spawner: impl Spawner) -> Result<(), Error> {
        self.run_on(&spawner, Report::of_faults())
            .await
            .into_result()
    }

    /// Runs as [`run`](Group::run) does, and returns a report of every exit.
    ///
    /// It keeps every exit until the end, so it is not for groups that churn actors for ever.
    ///
    /// # Panics
    ///
    /// As [`run`](Group::run).
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Group::run).
    pub async fn run_report(self, spawner: impl Spawner) -> Report {
        self.run_on(&spawner, Report::of_all()).await
    }

    /// Runs as [`run`](Group::run) does, and blocks this thread meanwhile. Needs no runtime.
    ///
    /// Not for async code: on a runtime of one thread, the actors would wait for the thread that
    /// waits for them. Await [`run`](Group::run) there.
    ///
    /// # Errors
    ///
    /// As [`run`](Group::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Group::run).
    pub fn run_blocking(self, spawner: impl Spawner) -> Result<(), Error> {
        block_on(self.run(spawner))
    }

    /// Makes an actor of the group: a group inside a group, on a spawner of its own if wished.
    ///
    /// It exits with what the inner `run` returns; the inner [`Error`] is the outer one's source.
    /// Its interrupt requests the inner group to stop with `Ok`, and the inner actors see the outer
    /// cause as the reason. A force of the outer group reaches the innermost actor, but only the
    /// inner group is named as a straggler: give it a [grace](Group::grace) of its own, shorter
    /// than the outer one, to hear of its actors. For the outer group a panic or a loss inside is a
    /// failure of the inner one.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut workers = Group::new();
    /// for n in 0..3 {
    ///     let worker = Actor::cancellable(std::future::pending());
    ///     workers.add_actor(worker.name(format!("worker-{n}")));
    /// }
    /// let mut group = Group::new();
    /// group.add_actor(workers.into_actor(Threads).name("workers"));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn into_actor(self, spawner: impl Spawner + 'static) -> Actor {
        let inner = self.handle();
        let execute = |ctx| run_inside(self, spawner, ctx);
        Actor::with_interrupt(execute, move |cause| {
            // What is outside has drained.
            inner.skip_drain();
            inner.request(Ok(()), cause.as_reason());
        })
    }

    async fn run_on(mut self, spawner: &dyn Spawner, report: Report) -> Report {
        self.accept_added();
        self.door.admit_all(self.roll);
        let mut machine = Machine::new(
            spawner,
            self.inbox,
            self.door,
            self.roster,
            self.limits,
            report,
        );

        // Run each actor.
        machine.start();

        // Wait for the first to exit.
        let cause = machine.first_exit().await;

        // Signal all to stop, stage by stage, and wait for them.
        machine.stop(cause).await;

        // Return what the first one returned.
        machine.into_report()
    }

    /// Takes in what was added through handles, to keep the order of adding.
    fn accept_added(&mut self) {
        for actor in self.door.take() {
            self.roster.admit(actor, &mut self.roll);
        }
    }
}

/// Runs a group as an actor of another one, and announces when it is ready.
async fn run_inside(group: Group, spawner: impl Spawner, ctx: Context) -> Result {
    let ready = group.handle().ready();
    let announce = async {
        if ready.await.is_ok() {
            ctx.announce_ready();
        }
        std::future::pending().await
    };
    // The run first: what it returns is the exit, ready or not.
    Ok(or(group.run(spawner), announce).await?)
}

impl Default for Group {
    fn default() -> Group {
        Group::new()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
