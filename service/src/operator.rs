//! What an operator asks for by a signal, while the service goes on.

use std::io::{self, Write};

use rungroup::signal::{self, Signal};
use rungroup::{Actor, Handle};

use crate::limits::Limits;
use crate::systemd::Reloads;

/// Makes the actor that reads the limits again on SIGHUP.
pub(crate) fn reload(limits: Limits, reloads: Reloads) -> io::Result<Actor> {
    signal::each([Signal::Hup], move |_hup| {
        reloads.around(|| match limits.reload() {
            Ok(()) => tracing::info!("reloaded the limits"),
            Err(error) => tracing::error!("the limits stay as they are: {error}"),
        });
    })
}

/// Makes the actor that prints on SIGUSR1 what the group is doing and what it waits for, even while
/// the runtime is stuck.
pub(crate) fn print_status(group: Handle) -> io::Result<Actor> {
    signal::each([Signal::Usr1], move |_usr1| {
        // It fails if nobody reads stderr, which is fine.
        let _ = writeln!(io::stderr(), "{:#}", group.status());
    })
}
