//! An executor of one thread, and what may be wrong with it.

use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;

use futures_lite::future::block_on;
use rungroup::{Spawner, Task};

use crate::support::kaboom;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    None,
    /// Of every ten tasks, one.
    DropsSome,
    RefusesSome,
    ForgetsSome,
    RunsInline,
    /// Each of its threads runs one task to its end.
    BlocksItsThreads,
    PollsOnce,
    IgnoresWakesByOtherThreads,
    IgnoresWakesDuringPolls,
    WaitsForThePollInAWake,
    DropsWhatIsWoken,
    PanicsInSpawn,
    PanicsInWake,
    PanicsInAWakeAfterTheEnd,
}

pub struct Flawed {
    flaw: Flaw,
    queue: Sender<Arc<Job>>,
    spawned: AtomicUsize,
}

struct Job {
    flaw: Flaw,
    task: Mutex<Option<Task>>,
    polls: AtomicUsize,
    is_polling: AtomicBool,
    has_ended: AtomicBool,
    queue: Sender<Arc<Job>>,
}

impl Flawed {
    pub fn new(flaw: Flaw) -> Flawed {
        let (queue, jobs) = channel::<Arc<Job>>();
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = if flaw == Flaw::BlocksItsThreads { 4 } else { 1 };
        for _ in 0..threads {
            let jobs = Arc::clone(&jobs);
            let work = move || {
                loop {
                    let next = jobs.lock().unwrap().recv();
                    let Ok(job) = next else { return };
                    job.run();
                }
            };
            let worker = thread::Builder::new().name(WORKER.into());
            worker.spawn(work).unwrap();
        }
        Flawed {
            flaw,
            queue,
            spawned: AtomicUsize::new(0),
        }
    }
}

const WORKER: &str = "flawed";

fn is_on_a_worker() -> bool {
    thread::current().name() == Some(WORKER)
}

impl Spawner for Flawed {
    fn spawn_task(&self, task: Task) {
        let is_tenth = self.spawned.fetch_add(1, Ordering::Relaxed) % 10 == 9;
        match self.flaw {
            Flaw::DropsSome if is_tenth => return drop(task),
            Flaw::RefusesSome if is_tenth => return task.refuse("no room"),
            Flaw::ForgetsSome if is_tenth => return mem::forget(task),
            Flaw::RunsInline => return block_on(task),
            Flaw::PanicsInSpawn => kaboom("no runtime here"),
            _ => {}
        }
        let job = Arc::new(Job {
            flaw: self.flaw,
            task: Mutex::new(Some(task)),
            polls: AtomicUsize::new(0),
            is_polling: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            queue: self.queue.clone(),
        });
        job.enqueue();
    }
}

impl Job {
    fn enqueue(self: Arc<Job>) {
        let queue = self.queue.clone();
        let _ = queue.send(self);
    }

    fn run(self: Arc<Job>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut slot = self.task.lock().unwrap();
        if self.flaw == Flaw::BlocksItsThreads {
            return slot.take().map_or((), block_on);
        }
        let nth = self.polls.fetch_add(1, Ordering::Relaxed);
        match self.flaw {
            Flaw::PollsOnce if nth > 0 => return,
            Flaw::DropsWhatIsWoken if nth > 0 => *slot = None,
            _ => {}
        }
        let Some(task) = &mut *slot else { return };
        self.is_polling.store(true, Ordering::Relaxed);
        let polled = Pin::new(task).poll(&mut Context::from_waker(&waker));
        self.is_polling.store(false, Ordering::Relaxed);
        if polled.is_ready() {
            self.has_ended.store(true, Ordering::Relaxed);
            *slot = None;
        }
    }
}

impl Wake for Job {
    fn wake(self: Arc<Job>) {
        let is_polling = self.is_polling.load(Ordering::Relaxed);
        let has_ended = self.has_ended.load(Ordering::Relaxed);
        match self.flaw {
            Flaw::IgnoresWakesByOtherThreads if !is_on_a_worker() => {}
            Flaw::IgnoresWakesDuringPolls if is_polling => {}
            Flaw::PanicsInWake => kaboom("wake"),
            Flaw::PanicsInAWakeAfterTheEnd if has_ended => kaboom("wake"),
            Flaw::WaitsForThePollInAWake if !is_on_a_worker() => {
                drop(self.task.lock());
                self.enqueue();
            }
            _ => self.enqueue(),
        }
    }
}
