//! The runtimes that a test runs on. Besides `api.rs` and `spawners.rs`, no test names them.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::Spawner;

/// What a test may ask of the runtime it runs on.
pub trait Runtime: Clone + Send + Sync + 'static {
    type Spawner: Spawner + Clone + 'static;

    /// As many actors as it must carry at once.
    const MANY: usize = 100_000;

    fn new() -> Self;

    /// The spawner under test; usable inside [`block_on`](Runtime::block_on).
    fn spawner(&self) -> Self::Spawner;

    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Runs a future beside the test.
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static);
}

/// Makes a `#[test]` on every runtime of each `async fn name<R: Runtime>(rt: R)` that is listed.
macro_rules! on_every_runtime {
    ($($test:ident),* $(,)?) => {
        on_every_runtime!(@on threads, Threads, $($test)*);
        #[cfg(feature = "tokio")]
        on_every_runtime!(@on tokio_multi_thread, TokioMultiThread, $($test)*);
        #[cfg(feature = "tokio")]
        on_every_runtime!(@on tokio_current_thread, TokioCurrentThread, $($test)*);
        #[cfg(feature = "smol")]
        on_every_runtime!(@on smol, Smol, $($test)*);
        #[cfg(feature = "async-std")]
        on_every_runtime!(@on async_std, AsyncStd, $($test)*);
    };
    (@on $module:ident, $runtime:ident, $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    $crate::runtime::hold(
                        concat!(stringify!($test), " on ", stringify!($module)),
                        super::$test::<$crate::runtime::$runtime>,
                    );
                }
            )*
        }
    };
}

/// No test takes nearly as long, on the slowest machine; one that does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Runs a test on a new runtime, and fails it by name when it hangs.
pub fn hold<R: Runtime, F: Future<Output = ()> + 'static>(name: &'static str, test: fn(R) -> F) {
    guard(name, move || {
        let rt = R::new();
        rt.block_on(test(rt.clone()));
    });
}

/// Runs `test` on a thread of its own, and fails it by name when it hangs.
pub fn guard(name: &'static str, test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = channel::<()>();
    let thread = std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let _done = done;
            test();
        });
    let thread = thread.expect("a thread for the test");
    match is_done.recv_timeout(HANGS_AFTER) {
        Err(RecvTimeoutError::Timeout) => panic!("{name} hangs"),
        _ => thread
            .join()
            .unwrap_or_else(|payload| resume_unwind(payload)),
    }
}

#[derive(Clone)]
pub struct Threads;

impl Runtime for Threads {
    type Spawner = rungroup::Threads;

    const MANY: usize = 500;

    fn new() -> Threads {
        Threads
    }

    fn spawner(&self) -> rungroup::Threads {
        rungroup::Threads
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        std::thread::spawn(|| block_on(future));
    }
}

#[cfg(feature = "tokio")]
pub use with_tokio::{TokioCurrentThread, TokioMultiThread};

#[cfg(feature = "tokio")]
mod with_tokio {
    use std::future::Future;
    use std::sync::Arc;

    use tokio::runtime::{Builder, Runtime as Tokio};

    use super::Runtime;

    macro_rules! tokio_runtime {
        ($name:ident, $builder:expr) => {
            #[derive(Clone)]
            pub struct $name(Arc<Tokio>);

            impl Runtime for $name {
                type Spawner = rungroup::Tokio;

                fn new() -> $name {
                    $name(Arc::new(
                        $builder.enable_all().build().expect("a Tokio runtime"),
                    ))
                }

                fn spawner(&self) -> rungroup::Tokio {
                    rungroup::Tokio
                }

                fn block_on<F: Future>(&self, future: F) -> F::Output {
                    self.0.block_on(future)
                }

                fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
                    drop(self.0.spawn(future));
                }
            }
        };
    }

    tokio_runtime!(
        TokioMultiThread,
        Builder::new_multi_thread().worker_threads(2)
    );
    tokio_runtime!(TokioCurrentThread, Builder::new_current_thread());
}

#[cfg(feature = "smol")]
#[derive(Clone)]
pub struct Smol;

#[cfg(feature = "smol")]
impl Runtime for Smol {
    type Spawner = rungroup::Smol;

    fn new() -> Smol {
        Smol
    }

    fn spawner(&self) -> rungroup::Smol {
        rungroup::Smol
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }
}

#[cfg(feature = "async-std")]
#[derive(Clone)]
pub struct AsyncStd;

#[cfg(feature = "async-std")]
impl Runtime for AsyncStd {
    type Spawner = rungroup::AsyncStd;

    fn new() -> AsyncStd {
        AsyncStd
    }

    fn spawner(&self) -> rungroup::AsyncStd {
        rungroup::AsyncStd
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(async_std::task::spawn(future));
    }
}
