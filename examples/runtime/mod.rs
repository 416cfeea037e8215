//! The runtime that the examples run on, chosen here and nowhere else: the first of `tokio`, `smol`
//! and `async-std` whose feature is on. Without any of them, each actor has a thread.

use std::process::ExitCode;

use rungroup::{Error, Group, Result};

pub(crate) use chosen::{block_on, spawner};

/// What a `main` does: runs the program, and turns its result into the exit code.
#[allow(dead_code)] // unused where an example prints how its group ended
#[cfg(not(feature = "tokio"))]
pub(crate) fn main(program: impl Future<Output = Result>) -> ExitCode {
    rungroup::exit_code(block_on(program))
}

/// What a `main` does: runs the program, and ends the process even if an actor did not stop.
#[allow(dead_code)] // unused where an example prints how its group ended
#[cfg(feature = "tokio")]
pub(crate) fn main(program: impl Future<Output = Result>) -> ExitCode {
    rungroup::Tokio::main(chosen::runtime(), program)
}

/// Runs a group to its end.
#[allow(dead_code)] // unused where an example ends with `main`
pub(crate) fn run(group: Group) -> std::result::Result<(), Error> {
    block_on(group.run(spawner()))
}

#[cfg(feature = "tokio")]
mod chosen {
    pub(crate) fn spawner() -> rungroup::Tokio {
        rungroup::Tokio
    }

    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        runtime().block_on(future)
    }

    pub(crate) fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Runtime::new().expect("a Tokio runtime")
    }
}

#[cfg(all(feature = "smol", not(feature = "tokio")))]
mod chosen {
    pub(crate) use smol::block_on;

    pub(crate) fn spawner() -> rungroup::Smol {
        rungroup::Smol
    }
}

#[cfg(all(feature = "async-std", not(feature = "tokio"), not(feature = "smol")))]
mod chosen {
    pub(crate) use async_std::task::block_on;

    pub(crate) fn spawner() -> rungroup::AsyncStd {
        rungroup::AsyncStd
    }
}

#[cfg(not(any(feature = "tokio", feature = "smol", feature = "async-std")))]
mod chosen {
    pub(crate) use futures_lite::future::block_on;

    pub(crate) fn spawner() -> rungroup::Threads {
        rungroup::Threads
    }
}
