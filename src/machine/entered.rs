//! Foreign code that `run` calls, inside the spawner's runtime (law 35).

use crate::panic::contain;
use crate::spawner::Spawner;

/// How much a round does before the machine looks at its limits and yields to the tasks that share
/// its thread (law 15).
pub(super) const BATCH: usize = 256;

/// Calls `batch` inside [`Spawner::enter`], which is entered once for all that the batch does.
///
/// `enter` is foreign, too. Whether it panics or forgets to call, the batch is called once. The batch
/// itself does not panic: it contains the panics of the code that it calls (invariant 6).
pub(super) fn inside<T>(spawner: &dyn Spawner, batch: impl FnOnce() -> T) -> T {
    let mut batch = Some(batch);
    let mut result = None;
    contain(|| {
        spawner.enter(&mut || {
            if let Some(batch) = batch.take() {
                result = Some(batch());
            }
        });
    });
    result
        .or_else(|| batch.map(|batch| batch()))
        .expect("a batch contains the panics of what it calls")
}
