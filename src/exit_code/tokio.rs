//! The end of a program on Tokio.

use std::future::Future;
use std::panic::resume_unwind;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::exit_code;
use crate::outcome::Result;
use crate::panic::catch;
use crate::spawner::Tokio;

impl Tokio {
    /// Runs a program to its end on `runtime`, and turns what it returned into the exit code of the
    /// process, as [`exit_code`](crate::exit_code()) does.
    ///
    /// It returns when `program` does, and so does `main`. It does not wait for a task that spins,
    /// for a thread of `spawn_blocking` or for a client that hangs, because it shuts the runtime down
    /// in the background. `#[tokio::main]` drops its runtime at the end, and then such a task or
    /// thread keeps the process alive. Tasks that wait are dropped.
    ///
    /// # Panics
    ///
    /// Panics if `program` does, or if it is called inside a runtime. The process then ends with 101,
    /// and does not wait for what still runs either.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::ExitCode;
    /// use rungroup::{Actor, Group, Result, Tokio};
    ///
    /// fn main() -> ExitCode {
    ///     let runtime = tokio::runtime::Runtime::new().expect("a Tokio runtime");
    ///     Tokio::main(runtime, run())
    /// }
    ///
    /// async fn run() -> Result {
    ///     let mut group = Group::new();
    ///     group.add_actor(Actor::new(async { Ok(()) }, |_cause| {}).name("job"));
    ///     Ok(group.run(Tokio).await?)
    /// }
    /// ```
    pub fn main(runtime: Runtime, program: impl Future<Output = Result>) -> ExitCode {
        // The drop of a runtime waits for its threads, so a panic must not drop it either.
        let ended = catch(|| runtime.block_on(program));
        runtime.shutdown_background();
        match ended {
            Ok(result) => exit_code(result),
            Err(panic) => resume_unwind(panic.take().expect("its payload, which nobody took")),
        }
    }
}
