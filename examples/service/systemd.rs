//! Tells systemd, or who else gave us a `NOTIFY_SOCKET`, where we are: see `sd_notify(3)`.

use std::time::Duration;

use rungroup::{Actor, Ends, Handle};

/// Makes the actor that notifies. Must be in the highest stage, so that it is interrupted first.
pub(crate) fn notifier(group: Handle, grace: Duration) -> Actor {
    Actor::with(move |ctx| async move {
        if let Some(Ok(())) = ctx.run_until_interrupted(group.ready()).await {
            ready();
        }
        ctx.interrupted().await;
        stopping(grace);
        Ok(())
    })
    .ends_group(Ends::Never)
}

#[cfg(unix)]
fn ready() {
    notify(&[sd_notify::NotifyState::Ready]);
}

/// Also asks for time: the stop may last for the grace, however short `TimeoutStopSec` is.
#[cfg(unix)]
fn stopping(grace: Duration) {
    use sd_notify::NotifyState::{ExtendTimeoutUsec, Stopping};

    let grace = u32::try_from(grace.as_micros()).unwrap_or(u32::MAX);
    notify(&[Stopping, ExtendTimeoutUsec(grace)]);
}

/// Without a `NOTIFY_SOCKET`, it does nothing.
#[cfg(unix)]
fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("cannot notify: {error}"); // no reason to stop
    }
}

#[cfg(not(unix))]
fn ready() {}

#[cfg(not(unix))]
fn stopping(_: Duration) {}
