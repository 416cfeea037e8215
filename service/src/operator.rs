//! What an operator asks for by a signal, while the service goes on.

use std::io;

use rungroup::signal::{self, Signal};
use rungroup::{Actor, Handle};

use crate::limits::Limits;
use crate::logs;
use crate::systemd::Reloads;

/// Makes the actor that reads the limits again on SIGHUP.
pub(crate) fn reload(limits: Limits, reloads: Reloads) -> io::Result<Actor> {
    signal::each([Signal::Hup], move |_hup| {
        reloads.around(|| match limits.reload() {
            Ok(done) => {
                tracing::info!("{done}");
                done.into()
            }
            Err(error) => {
                tracing::error!("{error}");
                error
            }
        });
    })
}

/// Makes the actor that logs on SIGUSR1 what the group is doing and what it waits for, even while
/// the runtime is stuck.
pub(crate) fn log_status(group: Handle) -> io::Result<Actor> {
    signal::each([Signal::Usr1], move |_usr1| logs::status(&group.status()))
}
