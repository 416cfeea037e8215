//! How a command ended, if not well.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use async_signal::Signal;
use rustix::process::WaitIdStatus;

/// How a command failed, or which signal ended us.
#[derive(Debug)]
pub(crate) struct Ended {
    status: i32,
    how: String,
}

/// A shell adds this to the number of the signal that ended a command.
const BY_SIGNAL: i32 = 128;

impl Ended {
    /// Returns `None` if it ended well.
    pub(crate) fn with(status: &WaitIdStatus) -> Option<Ended> {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(0), _) => None,
            (_, Some(signal)) => Some(Ended {
                status: BY_SIGNAL + signal,
                how: format!("signal {signal}"),
            }),
            (status, None) => Some(Ended {
                status: status.unwrap_or(1),
                how: format!("exit status {}", status.unwrap_or(1)),
            }),
        }
    }

    pub(crate) fn by(signal: Signal) -> Ended {
        Ended {
            status: BY_SIGNAL + signal as i32,
            how: format!("received {signal:?}"),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        u8::try_from(self.status).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

impl Error for Ended {}
