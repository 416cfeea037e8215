//! The error that tells of a signal. It stands below the actors, because a cause looks for it.

use std::error::Error;
use std::fmt;

use super::name::Signal;

/// The error of a [`handler`](super::handler()) that received a signal.
///
/// Its `Display` is "received signal SIGHUP".
///
/// # Examples
///
/// ```
/// use rungroup::signal::{Signal, SignalError};
/// use rungroup::{Error, ErrorKind};
///
/// /// The exit code that a shell gives to a program that a signal ended.
/// fn exit_code(error: &Error) -> u8 {
///     let source = std::error::Error::source(error);
///     let by = source.and_then(|source| source.downcast_ref::<SignalError>());
///     match by.map(SignalError::signal) {
///         Some(Signal::Int) => 130,
///         Some(Signal::Term) => 143,
///         _ => 1,
///     }
/// }
/// # let mut group = rungroup::Group::new();
/// # group.handle().stop(Err("no signal".into()));
/// # assert_eq!(exit_code(&group.run_blocking(rungroup::Threads).unwrap_err()), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalError {
    signal: Signal,
}

impl SignalError {
    pub(crate) fn new(signal: Signal) -> SignalError {
        SignalError { signal }
    }

    /// Returns the signal that was received.
    ///
    /// See [`SignalError`] for an example.
    pub fn signal(&self) -> Signal {
        self.signal
    }
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received signal {}", self.signal)
    }
}

impl Error for SignalError {}
