//! futures' `ThreadPool`.

use futures_executor::ThreadPool;
use rungroup::{Spawner, Task};

/// Runs actors on the pool. Its threads end with the last clone of the pool.
#[derive(Clone, Debug)]
pub struct Pool(pub ThreadPool);

impl Spawner for Pool {
    fn spawn_task(&self, task: Task) {
        self.0.spawn_ok(task);
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::ThreadPool;
    use rungroup::spawner::conformance;

    use super::Pool;

    #[test]
    fn conforms() {
        conformance::check(|| Pool(ThreadPool::builder().pool_size(2).create().unwrap()));
    }
}
