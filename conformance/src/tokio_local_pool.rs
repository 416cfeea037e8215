//! Tokio's `LocalPoolHandle` (of `tokio-util`): each actor stays on the thread where it started.

use rungroup::{Spawner, Task};
use tokio_util::task::LocalPoolHandle;

/// Runs actors on the threads of the pool. It has the default clock, because the pool does not lend
/// the timers of its runtimes.
#[derive(Clone, Debug)]
pub struct Local(pub LocalPoolHandle);

impl Spawner for Local {
    fn spawn_task(&self, task: Task) {
        // Dropping the handle of the Tokio task detaches the task.
        drop(self.0.spawn_pinned(|| task));
    }
}

#[cfg(test)]
mod tests {
    use rungroup::spawner::conformance;
    use tokio_util::task::LocalPoolHandle;

    use super::Local;

    #[test]
    fn conforms() {
        conformance::check(|| Local(LocalPoolHandle::new(2)));
    }
}
