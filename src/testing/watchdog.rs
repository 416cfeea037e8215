//! What ends a trial that nothing else can end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::moment::quoted;
use super::scene::Scene;
use crate::sync::lock;

/// The real time that a trial may be late, at least. A loaded machine must not reach it.
const SLACK: Duration = Duration::from_secs(10);

/// A thread that watches the trials by real time. It acts in two steps:
///
/// 1. If the spawner's clock does not ring in time, it wakes the driver instead. A paused clock, for
///    example, stands still while an actor is busy.
/// 2. If the driver is not polled even then, the thread that should poll it is stuck, and no future
///    can help. It prints what it knows, and aborts the process.
pub(super) struct Watchdog(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    expected: Option<Expected>,
}

/// A sign of life that is expected from the driver.
struct Expected {
    /// None if it lies too far in the future.
    deadline: Option<Instant>,
    slack: Duration,
    scene: Arc<Scene>,
    is_overdue: bool,
}

impl Watchdog {
    /// Starts the thread. If the system has none left, nothing is watched.
    pub(super) fn start() -> Watchdog {
        let shared = Arc::<Shared>::default();
        let watched = Arc::clone(&shared);
        let thread = thread::Builder::new().name("rungroup-every-stop".into());
        drop(thread.spawn(move || watched.watch()));
        Watchdog(shared)
    }

    /// Expects that the driver of `scene` comes back within `limit` of the spawner's clock.
    pub(super) fn expect(&self, limit: Duration, scene: &Arc<Scene>) {
        let slack = limit.saturating_mul(10).max(SLACK);
        self.set(Some(Expected {
            deadline: Instant::now().checked_add(limit.saturating_add(slack)),
            slack,
            scene: Arc::clone(scene),
            is_overdue: false,
        }));
    }

    /// Whether the driver should have come back by now.
    pub(super) fn is_overdue(&self) -> bool {
        let state = lock(&self.0.state);
        state
            .expected
            .as_ref()
            .is_some_and(|expected| expected.is_overdue)
    }

    /// The driver has come back.
    pub(super) fn rest(&self) {
        self.set(None);
    }

    fn set(&self, expected: Option<Expected>) {
        let outdated = std::mem::replace(&mut lock(&self.0.state).expected, expected);
        self.0.changed.notify_one();
        drop(outdated);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        lock(&self.0.state).is_closed = true;
        self.rest();
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = lock(&self.state);
        while !state.is_closed {
            let deadline = state.expected.as_ref().and_then(|one| one.deadline);
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                let late = state.expected.as_mut().map(Expected::ring);
                drop(state);
                if let Some(scene) = late {
                    scene.wake_driver();
                }
                state = lock(&self.state);
            } else {
                let left = left.unwrap_or(Duration::MAX);
                let waited = self.changed.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

impl Expected {
    /// Notes that its deadline is over. Returns the scene whose driver must be woken.
    fn ring(&mut self) -> Arc<Scene> {
        if self.is_overdue {
            abort(&self.scene);
        }
        self.is_overdue = true;
        self.deadline = Instant::now().checked_add(self.slack);
        Arc::clone(&self.scene)
    }
}

/// Ends the process, which cannot end by itself.
fn abort(scene: &Scene) -> ! {
    let status = scene.handle.status();
    let alone = quoted(scene.moment.as_ref());
    eprintln!(
        "rungroup::testing: the thread that polls `run` is stuck, so the process is aborted\n  \
         {status}\n  to run this trial alone: {alone}"
    );
    std::process::abort();
}
