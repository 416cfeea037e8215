//! A loop, with nothing but the standard library: one thread polls whatever was woken.

use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;

use rungroup::{Spawner, Task};

/// Runs actors on one thread.
#[derive(Clone, Debug)]
pub struct Loop(Sender<Arc<Job>>);

/// A task that queues itself when it is woken. It belongs to its wakers, so a task that nothing can
/// wake is dropped, and its actor is lost.
#[derive(Debug)]
struct Job {
    task: Mutex<Option<Task>>,
    queue: Sender<Arc<Job>>,
}

impl Loop {
    /// Starts the thread, which lasts as long as the loop and its jobs.
    pub fn start() -> Loop {
        let (queue, jobs) = channel();
        thread::spawn(|| run_all(jobs));
        Loop(queue)
    }
}

fn run_all(jobs: Receiver<Arc<Job>>) {
    for job in jobs {
        let waker = Waker::from(Arc::clone(&job));
        // Only this thread polls, so it waits for nobody.
        let mut slot = job.task.lock().expect("a task does not panic");
        if let Some(task) = &mut *slot {
            let polled = Pin::new(task).poll(&mut Context::from_waker(&waker));
            if polled.is_ready() {
                *slot = None;
            }
        }
    }
}

impl Wake for Job {
    fn wake(self: Arc<Job>) {
        let queue = self.queue.clone();
        let _ = queue.send(self);
    }
}

impl Spawner for Loop {
    fn spawn_task(&self, task: Task) {
        let job = Job {
            task: Mutex::new(Some(task)),
            queue: self.0.clone(),
        };
        Arc::new(job).wake();
    }
}

#[cfg(test)]
mod tests {
    use rungroup::spawner::conformance;

    use super::Loop;

    #[test]
    fn conforms() {
        conformance::check(Loop::start);
    }
}
