//! The runtimes, and the one place that tells them apart.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use rungroup::{AsyncStd, Smol, Spawner, Threads, Tokio};
use tokio::runtime::Builder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    Threads,
    TokioMultiThread,
    TokioCurrentThread,
    Smol,
    AsyncStd,
}

impl Runtime {
    pub const ALL: [Runtime; 5] = [
        Runtime::Threads,
        Runtime::TokioMultiThread,
        Runtime::TokioCurrentThread,
        Runtime::Smol,
        Runtime::AsyncStd,
    ];

    fn id(self) -> &'static str {
        match self {
            Runtime::Threads => "threads",
            Runtime::TokioMultiThread => "tokio-multi-thread",
            Runtime::TokioCurrentThread => "tokio-current-thread",
            Runtime::Smol => "smol",
            Runtime::AsyncStd => "async-std",
        }
    }

    /// As many actors as make a crowd on it.
    pub fn crowd(self) -> usize {
        match self {
            Runtime::Threads => 100,
            _ => 5_000,
        }
    }

    pub fn spawner(self) -> Arc<dyn Spawner> {
        match self {
            Runtime::Threads => Arc::new(Threads),
            Runtime::TokioMultiThread | Runtime::TokioCurrentThread => Arc::new(Tokio),
            Runtime::Smol => Arc::new(Smol),
            Runtime::AsyncStd => Arc::new(AsyncStd),
        }
    }

    pub fn block_on<F: Future>(self, future: F) -> F::Output {
        let on_tokio = |mut builder: Builder, future| {
            let runtime = builder.enable_all().build().expect("a Tokio runtime");
            runtime.block_on(future)
        };
        match self {
            Runtime::Threads => futures_lite::future::block_on(future),
            Runtime::TokioMultiThread => on_tokio(Builder::new_multi_thread(), future),
            Runtime::TokioCurrentThread => on_tokio(Builder::new_current_thread(), future),
            Runtime::Smol => smol::block_on(future),
            Runtime::AsyncStd => async_std::task::block_on(future),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Runtime {
    type Err = String;

    fn from_str(id: &str) -> Result<Runtime, String> {
        let known = Runtime::ALL.into_iter().find(|runtime| runtime.id() == id);
        let ids = Runtime::ALL.map(Runtime::id).join(", ");
        known.ok_or_else(|| format!("no runtime `{id}`: {ids}"))
    }
}
