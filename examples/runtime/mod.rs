//! The runtime that the examples run on, chosen here and nowhere else: the first of `tokio`, `smol`
//! and `async-std` whose feature is on. Without any of them, each actor has a thread.

use rungroup::{Error, Group};

pub(crate) use chosen::{block_on, spawner};

/// Runs a group to its end.
#[allow(dead_code)] // unused where an example wants the whole report
pub(crate) fn run(group: Group) -> Result<(), Error> {
    block_on(group.run(spawner()))
}

#[cfg(feature = "tokio")]
mod chosen {
    pub(crate) fn spawner() -> rungroup::Tokio {
        rungroup::Tokio
    }

    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Runtime::new().expect("a Tokio runtime");
        runtime.block_on(future)
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
