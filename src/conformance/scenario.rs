//! One check of a spawner, and what ends it if the spawner does not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on, or};

use crate::cause::Exit;
use crate::group::Group;
use crate::handle::Handle;
use crate::outcome::Outcome;
use crate::panic::catch;
use crate::report::Report;
use crate::shared::latch::{Latch, Wait};
use crate::spawner::Spawner;
use crate::task::Task;

/// The longest time of a scenario. It is reached only if something is wrong.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

pub(super) const MANY: usize = 100;

/// A check, which returns what is wrong, if anything is.
pub(super) struct Scenario {
    pub(super) law: u32,
    pub(super) check: fn(&Stage<'_>) -> Result<(), String>,
}

/// What a spawner did wrong.
pub(super) struct Failure {
    law: u32,
    what: String,
    tasks: usize,
    pub(super) is_given_up: bool,
}

impl Scenario {
    /// What the spawner did wrong, if anything.
    pub(super) fn failure_of(&self, spawner: &dyn Spawner) -> Option<Failure> {
        let stage = Stage {
            spawner,
            tasks: AtomicUsize::new(0),
            given_up: Arc::new(Latch::new()),
        };
        let result = match catch(|| (self.check)(&stage)) {
            Ok(result) => result,
            Err(panic) => Err(format!("it panicked: {panic}")),
        };
        Some(Failure {
            law: self.law,
            what: result.err()?,
            tasks: stage.tasks.load(Ordering::Relaxed),
            is_given_up: stage.is_given_up(),
        })
    }
}

/// One line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            law, what, tasks, ..
        } = self;
        write!(f, "law {law}: {what} ({tasks} tasks were spawned")?;
        if self.is_given_up {
            f.write_str("; the others were not tried")?;
        }
        f.write_str(")")
    }
}

/// The surroundings of a scenario.
pub(super) struct Stage<'a> {
    spawner: &'a dyn Spawner,
    tasks: AtomicUsize,
    /// Set when the scenario has taken too long. Everything that waits in it then ends.
    given_up: Arc<Latch>,
}

impl Stage<'_> {
    /// Runs the group, and forces it if it takes too long.
    pub(super) fn run(&self, group: Group) -> Report {
        let handle = group.handle();
        self.within_limit(handle, || block_on(group.run_report(self)))
    }

    /// A future that ends when `future` does, or with `None` when the scenario is given up.
    pub(super) fn patient<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let given_up = Wait::on(Arc::clone(&self.given_up), ());
        or(async { Some(future.await) }, async {
            given_up.await;
            None
        })
    }

    /// Gives up this scenario and those that would follow: they would only take as long.
    pub(super) fn give_up(&self) {
        self.given_up.set(true);
    }

    /// Whether the scenario has taken too long.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.is_set()
    }

    fn within_limit<T>(&self, handle: Handle, work: impl FnOnce() -> T) -> T {
        let (done, is_done) = mpsc::channel::<()>();
        let given_up = Arc::clone(&self.given_up);
        let watch = thread::spawn(move || {
            if is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                given_up.set(true);
                handle.force();
            }
        });
        let result = work();
        drop(done);
        // It ends by itself as soon as `done` is dropped.
        drop(watch);
        result
    }

    pub(super) fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.spawner.sleep(duration)
    }
}

/// Counts what is spawned.
impl Spawner for Stage<'_> {
    fn spawn_task(&self, task: Task) {
        self.tasks.fetch_add(1, Ordering::Relaxed);
        self.spawner.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.spawner.sleep(duration)
    }
}

/// All exits are `Ok`, and no actor was forced.
pub(super) fn is_whole(report: &Report) -> Result<(), String> {
    is_finished(report)?;
    let cause = report.cause().and_then(|cause| cause.exit());
    let mut exits = cause.into_iter().chain(report.exits());
    match exits
        .find(|exit| !exit.outcome().is_ok())
        .map(Exit::outcome)
    {
        None => Ok(()),
        Some(Outcome::Lost(None)) => Err("a task was dropped before it was finished".into()),
        Some(Outcome::Lost(Some(why))) => Err(format!("a task was refused: {why}")),
        Some(outcome) => match outcome.error() {
            Some(error) => Err(error.to_string()),
            None => Err(outcome.to_string()),
        },
    }
}

pub(super) fn is_finished(report: &Report) -> Result<(), String> {
    match report.stragglers() {
        [] => Ok(()),
        [first, ..] => Err(format!(
            "{} actors did not end, the first of them {}: a task was not polled, or not again",
            report.stragglers().len(),
            first.state()
        )),
    }
}
