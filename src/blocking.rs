//! Actors that block a thread of their own.

use std::sync::{Arc, Weak};
use std::thread;

use crate::actor::Actor;
use crate::cell::Cell;
use crate::exit::{Cause, Result};
use crate::interrupt::Once;
use crate::latch::{Latch, Wait};
use crate::spawner::thread_name;

impl Actor {
    /// Makes an actor of a function that blocks, which runs on a thread of its own, whatever the
    /// spawner. The thread bears the actor's name.
    ///
    /// `interrupt` must make `execute` return: by closing what it blocks on, or by a flag that it
    /// looks at. A thread cannot be ended from outside: when the
    /// group is forced, it is left to itself, and the actor is a straggler in the state
    /// [`Blocking`](crate::State::Blocking). If the thread cannot start, the actor fails with the
    /// system's error. If the actor is lost, its thread is left to itself too.
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
        Actor::in_its_cell(Once::new(interrupt), |cell| {
            let name = thread_name(&cell.name);
            let cell = Arc::downgrade(cell);
            Box::pin(run_on_a_thread(name, cell, execute))
        })
    }
}

async fn run_on_a_thread(
    name: String,
    cell: Weak<Cell>,
    execute: impl FnOnce() -> Result + Send + 'static,
) -> Result {
    // Before it starts: who hears from the thread must not find its actor without one.
    if let Some(cell) = cell.upgrade() {
        cell.note_thread();
    }
    let ended = Arc::new(Latch::new());
    let guard = SetOnDrop(Arc::clone(&ended));
    let thread = thread::Builder::new().name(name).spawn(move || {
        let _guard = guard;
        execute()
    })?;
    Wait::new(ended).await;
    // All that is left to wait for is the thread's own end.
    thread
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Tells of the end of a thread, by a panic too.
struct SetOnDrop(Arc<Latch<()>>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set(());
    }
}
