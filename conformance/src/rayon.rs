//! rayon's threads, which run jobs and not futures: async-task makes each poll a job.

use std::sync::Arc;

use async_task::Runnable;
use rayon::ThreadPool;
use rungroup::{Spawner, Task};

/// Runs actors on the pool. An actor that blocks takes one of its threads.
#[derive(Clone, Debug)]
pub struct Rayon(pub Arc<ThreadPool>);

impl Spawner for Rayon {
    fn spawn_task(&self, task: Task) {
        let pool = Arc::clone(&self.0);
        let schedule = move |runnable: Runnable| {
            pool.spawn(|| {
                runnable.run();
            });
        };
        let (runnable, task) = async_task::spawn(task, schedule);
        task.detach();
        runnable.schedule();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::Arc;

    use futures_lite::future::block_on;
    use rayon::{ThreadPool, ThreadPoolBuilder};
    use rungroup::spawner::{self, conformance};

    use super::Rayon;

    fn pool() -> Arc<ThreadPool> {
        Arc::new(ThreadPoolBuilder::new().num_threads(2).build().unwrap())
    }

    #[test]
    fn conforms() {
        conformance::check(|| Rayon(pool()));
    }

    /// The shorter spawner runs as many actors as there are threads, and the others never.
    #[test]
    fn a_task_to_its_end_on_a_thread_does_not_conform() {
        let checked = catch_unwind(|| {
            let pool = pool();
            conformance::check(|| spawner::from_fn(|task| pool.spawn(|| block_on(task))));
        });
        let said = *checked.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains("do not run side by side"), "{said}");
    }
}
