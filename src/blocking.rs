//! Actors that block, each on a thread of its own.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use crate::actor::Actor;
use crate::cause::Cause;
use crate::context::Context;
use crate::outcome::{ContainedOutcome, Outcome, Result};
use crate::panic::catch;
use crate::shared::interrupt::Interrupt;
use crate::shared::latch::Oneshot;
use crate::spawner::thread_name;
use crate::trace;

impl Actor {
    /// Makes an actor from a function that blocks. The function runs on a thread of its own,
    /// whatever the spawner. The thread has the actor's name. On [`Threads`](crate::Threads), another
    /// thread waits for it.
    ///
    /// `interrupt` must make `execute` return, by closing what it blocks on or by setting a flag
    /// that it reads. To read a flag, [`blocking_with`](Actor::blocking_with) is simpler.
    ///
    /// A thread cannot be ended from outside. When the actor is forced, its thread goes on, and the
    /// actor is a straggler in the state [`Blocking`](crate::ActorState::Blocking). The thread also goes
    /// on when the actor is lost. If the thread cannot start, the actor fails with the system's
    /// error.
    ///
    /// The thread is outside the runtime. To call async code from it, capture the runtime's handle
    /// beforehand, such as `tokio::runtime::Handle::current()`, and call its `block_on` on the
    /// thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let (sender, jobs) = mpsc::channel::<String>();
    /// let work = move || {
    ///     for job in jobs {
    ///         println!("{job}"); // ends when the sender is dropped
    ///     }
    ///     Ok(())
    /// };
    /// let mut group = Group::new();
    /// group.add_actor(Actor::blocking(work, move |_cause| drop(sender)).name("printer"));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn blocking(
        execute: impl FnOnce() -> Result + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        let execute = |ctx| run_on_a_thread(ctx, |_ctx| execute());
        Actor::with_context(Interrupt::both(Box::new(interrupt)), execute)
    }

    /// Makes an actor from a function that blocks, as [`blocking`](Actor::blocking) does. The
    /// function asks a [`Context`] whether it is interrupted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// let ticker = Actor::blocking_with(|ctx| {
    ///     while !ctx.is_interrupted() {
    ///         std::thread::sleep(Duration::from_millis(1)); // work that blocks
    ///     }
    ///     Ok(())
    /// });
    /// group.add_actor(ticker.name("ticker"));
    /// group.add(async { Ok(()) }, |_| {});
    /// group.run_blocking(Threads).unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_with(execute: impl FnOnce(Context) -> Result + Send + 'static) -> Actor {
        Actor::with(|ctx| run_on_a_thread(ctx, execute))
    }
}

async fn run_on_a_thread(
    ctx: Context,
    execute: impl FnOnce(Context) -> Result + Send + 'static,
) -> Result {
    ctx.moves_to_thread();
    let name = thread_name(ctx.name());
    // If the task is gone by then, the thread drops the outcome, and its panic is contained.
    let outcome = Oneshot::<ContainedOutcome>::new();
    let sender = Arc::clone(&outcome);
    // The lines of the thread belong to the actor, as those of its polls do (law 35).
    let scope = trace::Scope::current();
    let work = move || {
        let returned = scope.around(|| catch(|| execute(ctx)));
        sender.send(returned.map_or_else(
            |panic| Outcome::Panicked(panic).into(),
            ContainedOutcome::from,
        ));
    };
    // Detached, because a join would wait, inside a poll, for the destructors of the thread's
    // locals.
    drop(thread::Builder::new().name(name).spawn(work)?);
    outcome.sent().await;
    outcome.take().map_or(Ok(()), into_result)
}

fn into_result(mut outcome: ContainedOutcome) -> Result {
    match outcome.take() {
        Outcome::Failed(error) => Err(error),
        // The caller that polls catches it again: the panic is the actor's.
        Outcome::Panicked(panic) => panic.take().map_or(Ok(()), |it| resume_unwind(it)),
        _ => Ok(()),
    }
}
