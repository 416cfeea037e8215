//! The group: add actors, run them as one.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::{block_on, or};

use crate::actor::Actor;
use crate::cause::Cause;
use crate::context::Context;
use crate::error::Error;
use crate::handle::Handle;
use crate::machine::{Ledger, Limits, Machine};
use crate::outcome::Result;
use crate::report::Report;
use crate::shared::members::MemberTable;
use crate::shared::receiver::Receiver;
use crate::spawner::Spawner;

/// Collects actors and runs them as one: the first one that exits interrupts all the others.
///
/// A group that is dropped before it runs polls nothing and calls no interrupt.
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
    /// Declared before the members, so that it is closed when the destructors of the actors run.
    receiver: Receiver,
    ledger: Ledger,
    /// The actors that were added to the group itself, without a lock. They move to the intake when
    /// the group runs.
    members: MemberTable,
    limits: Limits,
    /// Whether it is an actor of another group.
    is_inner: bool,
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
        Group {
            receiver: Receiver::new(),
            ledger: Ledger::default(),
            members: MemberTable::default(),
            limits: Limits::default(),
            is_inner: false,
        }
    }

    /// Adds an actor, made of an execute future and the function that interrupts it, as Go's `Add`
    /// does.
    ///
    /// Returns `&mut Group`, so that calls can be chained. A chain cannot end in
    /// [`run`](Group::run), which takes the group itself: keep the group in a variable.
    ///
    /// Execute returns `Result<(), BoxError>`. If the compiler says
    /// "expected `Result<(), Box<dyn Error + Send + Sync>>`", wrap the future:
    /// `async { Ok(serve().await?) }`.
    ///
    /// See [`Actor`] for the contract between the two, and for names, stages and policies.
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
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("job"));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn add_actor(&mut self, actor: Actor) -> &mut Group {
        self.accept_added();
        self.ledger
            .admit(actor, self.receiver.state(), &mut self.members);
        self
    }

    /// Limits the whole stop, from the cause to the return of `run`. When the time is over, the
    /// group is [forced](Handle::force). All stages share this one budget, and the
    /// [drain](Group::drain) delay counts against it.
    ///
    /// There is no limit by default: `run` waits for as long as the actors take. `Duration::ZERO`
    /// forces the group right after the interrupts; `Duration::MAX` never ends. The time is
    /// measured by the clock of the spawner. For a request, it counts from the call of
    /// [`Handle::stop`].
    ///
    /// A stage that uses it up leaves nothing for the stages below: they are interrupted and forced
    /// at the same moment, and are stragglers too. Give an actor that may hang a [grace of its
    /// own](Actor::grace).
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

    /// Delays the first interrupt after a request to stop with `Ok`. The default is zero.
    ///
    /// The group is not [ready](Handle::is_ready) during the delay, but all its actors still work,
    /// so that load balancers notice and send no more. The delay ends early at
    /// [`Handle::skip_drain`], at a [force](Handle::force), at a failure that would have ended the
    /// group, and when only background actors are left. A further request does not end it.
    ///
    /// A stop for another cause is not delayed, nor is the stop of a group that was never ready, nor
    /// one that an outer group requests.
    ///
    /// The delay counts against the [grace](Group::grace). A drain that is not shorter than the
    /// grace leaves no time to stop: when the grace ends, the group is forced. An event warns of
    /// that at the start. `Duration::MAX` drains until something else ends the drain.
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
    /// group.handle().stop(Ok(()));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn drain(&mut self, delay: Duration) -> &mut Group {
        self.limits.drain = delay;
        self
    }

    /// Returns a handle that stops the group from outside and adds actors while it runs.
    ///
    /// Inside a chain of [`add`](Group::add) and the other setters, the group is borrowed: take the
    /// handle before the chain, or end the chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()).name("server"));
    /// let handle = group.handle();
    /// let stop = std::thread::spawn(move || handle.stop(Ok(())));
    /// group.run_blocking(Threads).unwrap();
    /// # stop.join().unwrap();
    /// ```
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(self.receiver.state()))
    }

    /// Runs all actors concurrently on `spawner` until the first one exits, interrupts all, and
    /// waits until every one has exited. Without any actor, it returns `Ok` immediately.
    ///
    /// It takes the group itself, so it cannot end a chain of [`add`](Group::add) and the other
    /// setters, which return `&mut Group`: keep the group in a variable. The future is `Send`, so it
    /// can be spawned or raced with others.
    ///
    /// Memory grows with the number of live actors: of the exits before the stop, the report keeps
    /// only those that are not `Ok`, the first 100 and the last 100.
    ///
    /// # Errors
    ///
    /// Fails with the failure, panic or loss of the actor that exited first, or with the error of
    /// the request that came first. If that was `Ok`, fails with the first panic or loss during the
    /// stop, or the first `Err` of an actor that [must succeed](Actor::must_succeed). If there is
    /// none, fails with the actors that did not stop within the [grace](Group::grace). See
    /// [`Error`].
    ///
    /// As in Go, any other `Err` during the stop does not fail a run whose cause is `Ok`. Only the
    /// report of [`run_report`](Group::run_report) shows it.
    ///
    /// # Panics
    ///
    /// Panics only if the spawner does, such as [`Tokio`](crate::spawner) outside a runtime. A
    /// panic of an actor is an error of the run.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it was first polled, nothing of the group ever runs.
    /// Dropping it later is a [force](Handle::force): all interrupts are called, and every actor's
    /// future is dropped, immediately or as soon as its own poll returns.
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
        let mut report = Report::keeping_faults();
        self.run_on(&spawner, &mut report).await;
        report.into_result()
    }

    /// Runs the group as [`run`](Group::run) does, and returns a report of the stop, which has the
    /// exits that were `Ok` too. See [`Report::exits`] for those before the stop.
    ///
    /// # Panics
    ///
    /// The same as for [`run`](Group::run).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`run`](Group::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()).name("server"));
    /// group.handle().stop(Ok(()));
    ///
    /// let report = block_on(group.run_report(Threads));
    /// println!("{report}"); // a table of the stop
    /// assert!(report.exit("server").unwrap().outcome().is_ok());
    /// report.into_result().unwrap();
    /// ```
    pub async fn run_report(self, spawner: impl Spawner) -> Report {
        let mut report = Report::keeping_all();
        self.run_on(&spawner, &mut report).await;
        report
    }

    /// Runs the group as [`run`](Group::run) does, and blocks this thread meanwhile. It needs no
    /// runtime.
    ///
    /// Do not call it from async code: on a runtime with one thread, the actors would wait for the
    /// thread that waits for them. Await [`run`](Group::run) there.
    ///
    /// # Errors
    ///
    /// The same as for [`run`](Group::run).
    ///
    /// # Panics
    ///
    /// The same as for [`run`](Group::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// fn main() -> Result<(), rungroup::Error> {
    ///     let mut group = Group::new();
    ///     group.add_actor(Actor::new(async { Ok(()) }, |_cause| {}).name("job"));
    ///     group.run_blocking(Threads)
    /// }
    /// ```
    pub fn run_blocking(self, spawner: impl Spawner) -> Result<(), Error> {
        block_on(self.run(spawner))
    }

    /// Makes the group an actor, a group inside a group, optionally on its own spawner.
    ///
    /// The actor exits with what the inner `run` returns; the inner [`Error`] is the source of the
    /// outer one. Its interrupt asks the inner group to stop with `Ok`, without a drain, and
    /// the inner actors see the outer cause as the reason. A panic, a loss or a straggler inside
    /// counts as one outside.
    ///
    /// A force of the outer group reaches the innermost actor, but only the inner group is named as
    /// a straggler. To learn which of its actors did not stop, give the inner group a
    /// [grace](Group::grace) that is shorter than the outer one.
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
    pub fn into_actor(mut self, spawner: impl Spawner + 'static) -> Actor {
        self.is_inner = true;
        let inner = self.handle();
        let execute = |ctx| run_inside(self, spawner, ctx);
        Actor::with_interrupt(execute, move |cause| {
            // The drain is the outer group's affair.
            inner.skip_drain();
            inner.request(Ok(()), cause.as_reason());
        })
    }

    async fn run_on(mut self, spawner: &dyn Spawner, report: &mut Report) {
        self.accept_added();
        self.receiver.intake.set_members(self.members);
        let mut machine = Machine::new(
            spawner,
            &mut self.receiver,
            &mut self.ledger,
            self.limits,
            self.is_inner,
            report,
        );

        // Run each actor, and wait for the first to exit.
        let cause = machine.first_exit().await;

        // Signal all to stop, stage by stage, and wait for them. The report has what the first one
        // returned.
        machine.stop(cause).await;
    }

    /// Takes in the actors that were added through handles, to keep the order of adding.
    fn accept_added(&mut self) {
        let Some(added) = self.receiver.intake.take_all() else {
            return;
        };
        for actor in added {
            self.ledger
                .admit(actor, self.receiver.state(), &mut self.members);
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
    // The run comes first: what it returns is the exit, whether the group is ready or not.
    Ok(or(group.run(spawner), announce).await?)
}

/// Adds each actor, as [`Group::add_actor`] does.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.extend((0..3).map(|_| Actor::cancellable(std::future::pending())));
/// group.handle().stop(Ok(()));
/// group.run_blocking(Threads).unwrap();
/// ```
impl Extend<Actor> for Group {
    fn extend<T: IntoIterator<Item = Actor>>(&mut self, actors: T) {
        for actor in actors {
            self.add_actor(actor);
        }
    }
}

/// Makes a group of actors.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let actors = [Actor::cancellable(std::future::pending()), Actor::cancellable(async { Ok(()) })];
/// let group: Group = actors.into_iter().collect();
/// group.run_blocking(Threads).unwrap();
/// ```
impl FromIterator<Actor> for Group {
    fn from_iter<T: IntoIterator<Item = Actor>>(actors: T) -> Group {
        let mut group = Group::new();
        group.extend(actors);
        group
    }
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
