//! compio, whose runtime belongs to one thread: a thread of its own runs it, and is sent the tasks.

use std::io;
use std::thread;

use async_channel::{Receiver, Sender};
use compio::runtime::{Runtime, spawn};
use rungroup::{Spawner, Task};

/// Runs actors on the thread of a compio runtime, which ends with the last clone.
#[derive(Clone, Debug)]
pub struct Compio(Sender<Task>);

impl Compio {
    /// Starts the thread and the runtime.
    ///
    /// # Errors
    ///
    /// Returns the system's error if either cannot start.
    pub fn start() -> io::Result<Compio> {
        let (give, tasks) = async_channel::unbounded();
        let (tell, told) = std::sync::mpsc::channel();
        thread::Builder::new()
            .name("compio".into())
            .spawn(move || match Runtime::new() {
                Ok(runtime) => {
                    let _ = tell.send(Ok(()));
                    runtime.block_on(run_all(tasks));
                }
                Err(error) => drop(tell.send(Err(error))),
            })?;
        told.recv().map_err(io::Error::other)??;
        Ok(Compio(give))
    }
}

async fn run_all(tasks: Receiver<Task>) {
    while let Ok(task) = tasks.recv().await {
        spawn(task).detach();
    }
}

impl Spawner for Compio {
    fn spawn_task(&self, task: Task) {
        // If the thread is gone, the task is dropped: the actor is lost.
        let _ = self.0.try_send(task);
    }
}

#[cfg(test)]
mod tests {
    use rungroup::spawner::conformance;

    use super::Compio;

    #[test]
    fn conforms() {
        conformance::check(|| Compio::start().unwrap());
    }
}
