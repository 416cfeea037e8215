//! The script on executors that the test steps: a run dropped, and a runtime shut down, after each
//! step.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use async_executor::Executor;
use async_task::Runnable;
use futures_lite::future::block_on;
use rungroup::{Error, ErrorKind, Spawner, Task};

use super::scenario::{Noting, Script, actors};
use crate::runtime::guard;
use crate::support::{kaboom, poll_with};

/// No run of the script takes nearly as many steps.
const ENDLESS: usize = 1000;

/// An executor that polls one task when the test says so.
pub trait Stepped: Spawner + Clone + Send + 'static {
    fn new() -> Self;
    fn step(&self);
    fn shut_down(&self);
}

/// Drops all tasks when it is shut down, and refuses those that come later.
#[derive(Clone)]
struct Droppable(Arc<Mutex<Option<Arc<Executor<'static>>>>>);

impl Droppable {
    fn executor(&self) -> Option<Arc<Executor<'static>>> {
        self.0.lock().unwrap().clone()
    }
}

impl Stepped for Droppable {
    fn new() -> Droppable {
        Droppable(Arc::new(Mutex::new(Some(Arc::default()))))
    }

    fn step(&self) {
        if let Some(executor) = self.executor() {
            executor.try_tick();
        }
    }

    fn shut_down(&self) {
        let executor = self.0.lock().unwrap().take();
        drop(executor);
    }
}

impl Spawner for Droppable {
    fn spawn_task(&self, task: Task) {
        match self.executor() {
            Some(executor) => Executor::spawn(&executor, task).detach(),
            None => task.refuse("shut down"),
        }
    }
}

/// The executor of async-task's documentation: a channel of what is to be polled. When its receiver
/// is gone, a task that is parked stays, and is dropped inside the wake.
#[derive(Clone)]
pub struct Queue {
    queue: Sender<Runnable>,
    tasks: Arc<Mutex<Option<Receiver<Runnable>>>>,
    /// Whether the wake of a task that is dropped panics too, as `send(…).unwrap()` does.
    panics: bool,
}

impl Queue {
    pub fn panicking() -> Queue {
        Queue {
            panics: true,
            ..Queue::new()
        }
    }

    pub fn spawn_any(&self, future: impl Future<Output = ()> + Send + 'static) {
        let (queue, panics) = (self.queue.clone(), self.panics);
        let schedule = move |runnable| {
            let sent = queue.send(runnable);
            if sent.is_err() && panics {
                drop(sent);
                kaboom("the receiver is gone");
            }
        };
        let (runnable, task) = async_task::spawn(future, schedule);
        task.detach();
        runnable.schedule();
    }

    fn next(&self) -> Option<Runnable> {
        self.tasks.lock().unwrap().as_ref()?.try_recv().ok()
    }
}

impl Stepped for Queue {
    fn new() -> Queue {
        let (queue, tasks) = channel();
        Queue {
            queue,
            tasks: Arc::new(Mutex::new(Some(tasks))),
            panics: false,
        }
    }

    fn step(&self) {
        if let Some(runnable) = self.next() {
            runnable.run();
        }
    }

    fn shut_down(&self) {
        let receiver = self.tasks.lock().unwrap().take();
        drop(receiver);
    }
}

impl Spawner for Queue {
    fn spawn_task(&self, task: Task) {
        self.spawn_any(task);
    }
}

/// Polls `run` and one task in turn, unless `run` ends before.
fn take_steps<F: Future + Unpin>(
    steps: usize,
    run: &mut F,
    executor: &impl Stepped,
) -> Option<F::Output> {
    for _ in 0..steps {
        if let Poll::Ready(output) = poll_with(Waker::noop(), run) {
            return Some(output);
        }
        executor.step();
    }
    None
}

fn assert_kind(result: &Result<(), Error>, kind: ErrorKind, what: &str) {
    let error = result.as_ref().unwrap_err();
    assert_eq!(error.kind(), kind, "{what}: {error:?}");
}

/// "All interrupts are called exactly once, all futures are dropped, nothing runs later": on the
/// spot, because all are parked.
#[test]
fn law_19_a_run_dropped_after_any_step() {
    guard("law_19_a_run_dropped_after_any_step", || {
        drop_after_any_step::<Droppable>();
        drop_after_any_step::<Queue>();
    });
}

fn drop_after_any_step<E: Stepped>() {
    for steps in 0..ENDLESS {
        let what = format!("dropped after {steps} steps");
        let (script, executor) = (Script::new(), E::new());
        let spawner = Noting::new(&script, executor.clone());
        let group = script.group(spawner.clone());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        let ended = take_steps(steps, &mut run, &executor);
        drop(run);
        script.check(&handle, &what);
        let before = script.log.entries();
        for _ in 0..ENDLESS {
            executor.step();
        }
        assert_eq!(script.log.entries(), before, "{what}: something ran later");
        if let Some(result) = ended {
            assert!(steps > 15, "{what}");
            script.check_order(&what);
            return assert_kind(&result, ErrorKind::Stragglers, &what);
        }
    }
    panic!("it never ends");
}

/// "No run hangs on it, not even when the runtime is shut down before or during the run": whatever
/// the group is doing.
#[test]
fn law_23_a_runtime_shut_down_after_any_step() {
    guard("law_23_a_runtime_shut_down_after_any_step", || {
        shut_down_after_any_step::<Droppable>(&[]);
        // Nothing wakes it, so nothing drops it but its own grace.
        shut_down_after_any_step::<Queue>(&["deaf"]);
    });
}

fn shut_down_after_any_step<E: Stepped>(kept: &[&str]) {
    for steps in 0..ENDLESS {
        let what = format!("shut down after {steps} steps");
        let (script, executor) = (Script::new(), E::new());
        let spawner = Noting::new(&script, executor.clone());
        let group = script.group(spawner.clone());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        let ended = take_steps(steps, &mut run, &executor);
        let is_left = |name: &str| script.log.count(&format!("{name} dropped")) == 0;
        let some_are_left = actors()
            .filter(|name| *name != "child" && !kept.contains(name))
            .any(is_left);
        executor.shut_down();
        // Of a task that is parked and stays, the group cannot know.
        handle.stop(Ok(()));
        let has_ended = ended.is_some();
        let result = ended.unwrap_or_else(|| block_on(run));
        script.check(&handle, &what);
        let kind = if some_are_left {
            ErrorKind::Lost
        } else {
            ErrorKind::Stragglers
        };
        assert_kind(&result, kind, &what);
        if has_ended {
            assert!(steps > 15, "{what}");
            return;
        }
    }
    panic!("it never ends");
}
