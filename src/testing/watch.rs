//! A spawner that sees every poll of every actor.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::fault::Injection;
use super::scene::{Scene, Seen};
use crate::actor::Actor;
use crate::group::Group;
use crate::outcome::Result;
use crate::report::Report;
use crate::spawner::Spawner;
use crate::sync::lock;
use crate::task::Task;

/// Runs the actors of a trial on the user's spawner, and watches them.
///
/// A spawner takes tasks, and only a group makes tasks. So each actor rides in a group of its own,
/// the carrier, whose only actor polls the task that is watched.
pub(super) struct Watch<'a, S> {
    spawner: S,
    scene: Arc<Scene>,
    carriers: Mutex<Vec<Carrier<'a>>>,
}

struct Carrier<'a> {
    seen: Arc<Seen>,
    /// Dropping it drops what it carries, unless that is inside its poll.
    _run: Pin<Box<dyn Future<Output = Report> + Send + 'a>>,
}

impl<'a, S: Spawner + Clone + 'a> Watch<'a, S> {
    pub(super) fn new(spawner: S, scene: Arc<Scene>) -> Watch<'a, S> {
        Watch {
            spawner,
            scene,
            carriers: Mutex::default(),
        }
    }

    /// Drops all futures, those inside their poll as soon as it returns.
    pub(super) fn clear(&self) {
        let carriers = std::mem::take(&mut *lock(&self.carriers));
        drop(carriers);
    }

    /// Drops the carriers whose actors are gone: a program may add actors without end.
    fn forget_the_gone(&self) {
        let mut carriers = lock(&self.carriers);
        if carriers.len() < carriers.capacity() {
            return;
        }
        let (gone, kept) = std::mem::take(&mut *carriers)
            .into_iter()
            .partition(|carrier| carrier.seen.is_gone());
        *carriers = kept;
        // The capacity grows with what is left, so that this is done ever more rarely.
        let left = carriers.len();
        carriers.reserve(left.max(64));
        drop(carriers);
        drop::<Vec<_>>(gone);
    }
}

impl<'a, S: Spawner + Clone + 'a> Spawner for Watch<'a, S> {
    fn spawn_task(&self, task: Task) {
        let seen = self.scene.enter(task.name());
        let name = task.name().to_string();
        let watched = Watched {
            task: Some(task),
            seen: Arc::clone(&seen),
            scene: Arc::clone(&self.scene),
            is_held: false,
        };
        let mut carrier = Group::new();
        carrier.add_actor(Actor::new(watched, |_cause| {}).name(name));
        let mut run = Box::pin(carrier.run_report(self.spawner.clone()));
        // The first poll spawns the actor. There is nothing to wait for afterwards.
        let _ = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.forget_the_gone();
        lock(&self.carriers).push(Carrier { seen, _run: run });
    }

    fn enter(&self, call: &mut dyn FnMut()) {
        self.spawner.enter(call);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.spawner.sleep(duration)
    }
}

/// An actor's task, and what is done to it.
struct Watched {
    /// None once it was lost.
    task: Option<Task>,
    seen: Arc<Seen>,
    scene: Arc<Scene>,
    /// Whether the current poll waits until `run` has taken the fault.
    is_held: bool,
}

impl Watched {
    /// Does what is due before this poll. Returns whether the poll waits.
    fn prepare(&mut self) -> bool {
        let Some(injection) = self.scene.injection(&self.seen) else {
            return false;
        };
        // First, because the script hears of a task that is dropped, and may panic for it.
        self.scene.inject(injection);
        if injection == Injection::Lost {
            self.task = None;
        }
        matches!(
            injection,
            Injection::StopFirst | Injection::Force | Injection::Dropped
        )
    }
}

impl Future for Watched {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        if !self.is_held {
            self.is_held = self.prepare();
        }
        if self.is_held {
            if self.scene.held(cx.waker()).is_pending() {
                return Poll::Pending;
            }
            self.is_held = false;
        }
        let Watched { task, seen, .. } = &mut *self;
        match task {
            Some(task) => seen.polled(|| pin!(task).poll(cx)).map(Ok),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.task.take());
        self.scene.leave(&self.seen);
    }
}
