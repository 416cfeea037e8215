//! `async_executor::Executor`, which any number of threads may run.

use std::sync::Arc;

use async_executor::Executor;
use rungroup::{Spawner, Task};

/// Runs actors on a shared executor. If the executor is dropped, they are lost.
#[derive(Clone, Debug, Default)]
pub struct Shared(pub Arc<Executor<'static>>);

impl Spawner for Shared {
    fn spawn_task(&self, task: Task) {
        // Dropped instead of detached, the handle would cancel the task.
        Executor::spawn(&self.0, task).detach();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::thread;

    use futures_lite::future::block_on;
    use rungroup::spawner::conformance;

    use super::Shared;

    #[test]
    fn conforms() {
        conformance::check(|| {
            let shared = Shared::default();
            for _ in 0..2 {
                let executor = shared.clone().0;
                thread::spawn(move || block_on(executor.run(pending::<()>())));
            }
            shared
        });
    }
}
