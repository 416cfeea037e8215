//! A spawner that needs no runtime.

use std::sync::mpsc;
use std::thread;

use futures_lite::future::block_on;

use super::Spawner;
use crate::name::Name;
use crate::task::Task;

/// Runs each actor on a thread of its own, which has the actor's name.
///
/// It needs no runtime. An actor may block its thread. For asynchronous I/O, use a crate that works
/// on every executor, such as `async-io`; Tokio's own I/O and timers need its runtime. If the
/// system has no more threads, the actor is [lost](crate::Outcome::Lost), with the system's error
/// as the reason.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Threads};
///
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(Threads).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl Spawner for Threads {
    fn spawn_task(&self, task: Task) {
        // The task is handed over afterwards, because a thread that does not start would drop it.
        let (hand_over, handed_over) = mpsc::sync_channel::<Task>(1);
        let thread = thread::Builder::new()
            .name(thread_name(task.name()))
            .spawn(move || {
                if let Ok(task) = handed_over.recv() {
                    block_on(task);
                }
            });
        match thread {
            Ok(_) => drop(hand_over.send(task)),
            Err(error) => task.refuse(error),
        }
    }
}

/// The name for the thread of an actor. A zero byte would make the standard library panic, but a
/// name is shown without control characters.
pub(crate) fn thread_name(actor: &Name) -> String {
    actor.to_string()
}
