//! Tells systemd, or whoever gave us a `NOTIFY_SOCKET`, what the service does: see `sd_notify(3)`.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use rungroup::{Actor, Ends, Handle};
use sd_notify::NotifyState::{self, *};
use tokio::time::{interval, sleep};

/// From the end of the grace to the end of the process, which still has to say what did not stop.
const END: Duration = Duration::from_secs(1);

const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Makes the actor that notifies until all others have exited: the watchdog watches over the stop
/// too. Without a `NOTIFY_SOCKET`, it does nothing.
pub(crate) fn notifier(group: Handle, grace: Duration) -> (Actor, Reloads) {
    let (sender, reloads) = async_channel::unbounded();
    let told = Reloads {
        group: group.clone(),
        sender,
    };
    let actor = Actor::with(move |ctx| async move {
        if let Some(systemd) = Systemd::connect()? {
            // A socket that is full makes us wait, but not beyond the interrupt.
            let notify =
                async { tokio::join!(systemd.follow(group, grace, reloads), systemd.watchdog()) };
            ctx.run_until_interrupted(notify).await;
        }
        Ok(())
    });
    // Having nobody to notify is no reason to stop.
    (actor.background().ends_group(Ends::Never), told)
}

struct Systemd(tokio::net::UnixDatagram);

impl Systemd {
    fn connect() -> io::Result<Option<Systemd>> {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else {
            return Ok(None);
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address(&name)?)?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UnixDatagram::from_std(socket)?;
        Ok(Some(Systemd(socket)))
    }

    /// Reports the states that the group goes through.
    async fn follow(&self, group: Handle, grace: Duration, reloads: Receiver<Reload>) {
        if group.ready().await.is_ok() {
            self.notify(&[Ready]).await;
        }
        let tell_reloads = async {
            while let Ok(reload) = reloads.recv().await {
                match reload {
                    Reload::Begun(at) => self.notify(&[Reloading, at]).await,
                    Reload::Ended(status) => self.notify(&[Ready, Status(&status)]).await,
                }
            }
        };
        tokio::select! {
            biased;
            () = group.stopping() => {}
            () = tell_reloads => group.stopping().await,
        }
        // The stop may take the whole grace, however short `TimeoutStopSec` is.
        let time = u32::try_from((grace + END).as_micros()).unwrap_or(u32::MAX);
        self.notify(&[Stopping, ExtendTimeoutUsec(time)]).await;
        loop {
            self.notify(&[Status(&group.status().to_string())]).await;
            sleep(STATUS_EVERY).await;
        }
    }

    async fn watchdog(&self) {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            return;
        };
        let mut ticks = interval(limit / 2);
        loop {
            ticks.tick().await;
            self.notify(&[Watchdog]).await;
        }
    }

    async fn notify(&self, states: &[NotifyState<'_>]) {
        let mut datagram = String::new();
        for state in states {
            let _ = writeln!(datagram, "{state}");
        }
        if let Err(error) = self.0.send(datagram.as_bytes()).await {
            tracing::warn!("cannot notify: {error}");
        }
    }
}

/// A name that begins with `@` is no path: it is in Linux's abstract namespace.
#[cfg(target_os = "linux")]
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;

    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(not(target_os = "linux"))]
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(name)
}

/// Where reloads are reported.
pub(crate) struct Reloads {
    group: Handle,
    sender: Sender<Reload>,
}

enum Reload {
    /// When it began, by the system's clock, which systemd reads too.
    Begun(NotifyState<'static>),
    /// And what came of it.
    Ended(String),
}

impl Reloads {
    /// Reports that the service reloads, and that it has reloaded once `reload` returns, with what it
    /// returned as the status. A service that is not ready reports neither, because what ends a reload
    /// is `READY=1`.
    pub(crate) fn around(&self, reload: impl FnOnce() -> String) {
        let begun = NotifyState::monotonic_usec_now().map(Reload::Begun);
        let begun = begun.ok().filter(|_| self.group.is_ready());
        let told = begun.map(|begun| self.sender.try_send(begun)).is_some();
        let status = reload();
        if told {
            let _ = self.sender.try_send(Reload::Ended(status));
        }
    }
}
