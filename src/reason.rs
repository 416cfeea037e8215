//! What a request to stop says about itself, and which signal is behind it.
//!
//! Without the feature `signal`, a [`Signal`] is a type without values, so nothing else needs to
//! know of the feature.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

#[cfg(feature = "signal")]
pub(crate) use crate::signal::name::Signal;
use crate::text::{Chained, OneLine};

/// Why a group was asked to stop with `Ok`.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// The cause of the group around this one.
    Outer {
        text: Cow<'static, str>,
        /// The signal that stopped the outer group.
        signal: Option<Signal>,
    },
    /// A signal that this process received.
    #[cfg_attr(
        not(feature = "signal"),
        expect(dead_code, reason = "for the feature `signal`")
    )]
    Signal(Signal),
}

impl Reason {
    pub(crate) fn signal(&self) -> Option<Signal> {
        match self {
            Reason::Outer { signal, .. } => *signal,
            Reason::Signal(signal) => Some(*signal),
        }
    }
}

/// On one line.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Outer { text, .. } => OneLine(text).fmt(f),
            Reason::Signal(signal) => signal.fmt(f),
        }
    }
}

/// The text of an error and its sources, and the signal that was among them, for a cause that
/// outlives its group.
pub(crate) struct ErrorText {
    text: String,
    #[cfg_attr(
        not(feature = "signal"),
        expect(dead_code, reason = "for the feature `signal`")
    )]
    signal: Option<Signal>,
}

impl ErrorText {
    pub(crate) fn new(error: &(dyn Error + 'static)) -> ErrorText {
        ErrorText {
            text: Chained(error).to_string(),
            signal: signal_behind(error),
        }
    }
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Error for ErrorText {}

/// The signal that an error is about: a [`SignalError`](crate::signal::SignalError) or one among the
/// sources.
#[cfg(feature = "signal")]
pub(crate) fn signal_behind(error: &(dyn Error + 'static)) -> Option<Signal> {
    use crate::signal::error::SignalError;
    use crate::text::chain;

    chain(error).find_map(|error| match error.downcast_ref::<SignalError>() {
        Some(by) => Some(by.signal()),
        None => error.downcast_ref::<ErrorText>()?.signal,
    })
}

#[cfg(not(feature = "signal"))]
pub(crate) use without_signals::{Signal, signal_behind};

#[cfg(not(feature = "signal"))]
mod without_signals {
    use std::error::Error;
    use std::fmt;

    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Signal {}

    impl fmt::Display for Signal {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }

    pub(crate) fn signal_behind(_: &(dyn Error + 'static)) -> Option<Signal> {
        None
    }
}
