//! The runtimes, and the one place that tells them apart.

use std::future::Future;
use std::str::FromStr;
use std::thread;

use futures_lite::future::block_on;
use rungroup::{AsyncStd, Group, Smol, Spawner, Threads, Tokio};
use tokio::runtime::Builder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    TokioMultiThread,
    TokioCurrentThread,
    Smol,
    AsyncStd,
    Threads,
}

impl Runtime {
    pub const ALL: [Runtime; 5] = [
        Runtime::TokioMultiThread,
        Runtime::TokioCurrentThread,
        Runtime::Smol,
        Runtime::AsyncStd,
        Runtime::Threads,
    ];

    /// Where the peers live.
    pub const TOKIO: [Runtime; 2] = [Runtime::TokioMultiThread, Runtime::TokioCurrentThread];

    pub fn id(self) -> &'static str {
        match self {
            Runtime::TokioMultiThread => "tokio-multi-thread",
            Runtime::TokioCurrentThread => "tokio-current-thread",
            Runtime::Smol => "smol",
            Runtime::AsyncStd => "async-std",
            Runtime::Threads => "threads",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Runtime::TokioMultiThread => "Tokio multi-thread",
            Runtime::TokioCurrentThread => "Tokio current-thread",
            Runtime::Smol => "smol",
            Runtime::AsyncStd => "async-std",
            Runtime::Threads => "threads",
        }
    }

    /// The most actors it is asked to run: a thread each is another order of cost.
    pub fn most_actors(self) -> usize {
        match self {
            Runtime::Threads => 1_000,
            _ => usize::MAX,
        }
    }

    pub fn is_tokio(self) -> bool {
        Runtime::TOKIO.contains(&self)
    }

    /// Starts it as `#[tokio::main]` would, or joins the one of the process.
    pub fn start(self) -> Started {
        self.start_as(|builder| builder.enable_all())
    }

    /// Starts it without a clock, where it can be had without: who uses it panics.
    pub fn start_without_clock(self) -> Started {
        self.start_as(|builder| builder)
    }

    fn start_as(self, configure: impl FnOnce(&mut Builder) -> &mut Builder) -> Started {
        let builder = match self {
            Runtime::TokioMultiThread => Some(Builder::new_multi_thread()),
            Runtime::TokioCurrentThread => Some(Builder::new_current_thread()),
            _ => None,
        };
        let build = |mut builder| configure(&mut builder).build().expect("a Tokio runtime");
        Started {
            runtime: self,
            tokio: builder.map(build),
        }
    }

    /// Runs the group on it. Must be polled inside [`Started::block_on`].
    pub(crate) async fn run(self, group: Group) {
        let ended = match self {
            Runtime::TokioMultiThread | Runtime::TokioCurrentThread => group.run(Tokio).await,
            Runtime::Smol => group.run(Smol).await,
            Runtime::AsyncStd => group.run(AsyncStd).await,
            Runtime::Threads => group.run(Threads).await,
        };
        ended.expect("all actors return Ok");
    }

    pub(crate) fn spawner(self) -> Box<dyn Spawner> {
        match self {
            Runtime::TokioMultiThread | Runtime::TokioCurrentThread => Box::new(Tokio),
            Runtime::Smol => Box::new(Smol),
            Runtime::AsyncStd => Box::new(AsyncStd),
            Runtime::Threads => Box::new(Threads),
        }
    }

    /// Starts a task, detached. Must be called inside [`Started::block_on`].
    pub(crate) fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        match self {
            Runtime::TokioMultiThread | Runtime::TokioCurrentThread => drop(tokio::spawn(task)),
            Runtime::Smol => smol::spawn(task).detach(),
            Runtime::AsyncStd => drop(async_std::task::spawn(task)),
            Runtime::Threads => drop(thread::spawn(|| block_on(task))),
        }
    }
}

impl FromStr for Runtime {
    type Err = String;

    fn from_str(id: &str) -> Result<Runtime, String> {
        let known = Runtime::ALL.into_iter().find(|runtime| runtime.id() == id);
        known.ok_or_else(|| {
            format!(
                "no runtime `{id}`: {}",
                Runtime::ALL.map(Runtime::id).join(", ")
            )
        })
    }
}

/// A runtime that runs.
pub struct Started {
    runtime: Runtime,
    tokio: Option<tokio::runtime::Runtime>,
}

impl Started {
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match (&self.tokio, self.runtime) {
            (Some(tokio), _) => tokio.block_on(future),
            (None, Runtime::Smol) => smol::block_on(future),
            (None, Runtime::AsyncStd) => async_std::task::block_on(future),
            (None, _) => block_on(future),
        }
    }

    pub fn runtime(&self) -> Runtime {
        self.runtime
    }
}
