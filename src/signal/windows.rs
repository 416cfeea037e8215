//! Watches Ctrl-C on Windows. Compiled for it, but never run there.
//!
//! Made with async-signal, which sees Ctrl-C as an event: signal-hook has but flags there, which
//! somebody would have to poll, and ctrlc allows for one handler in a program.

use std::io;
use std::sync::Arc;
use std::thread;

use async_signal::Signals;
use futures_lite::future::{block_on, or};
use futures_lite::stream::StreamExt;

use super::Signal;
use crate::latch::{Latch, Wait};

pub(super) const TERMINATION: &[Signal] = &[Signal::Int];

/// Keeps Ctrl-C watched until it is dropped.
pub(super) struct Watch {
    /// Ends the thread, and with it the delivery.
    dropped: Arc<Latch>,
}

impl Watch {
    /// Calls `on_signal` at every Ctrl-C from now on, on a thread of its own.
    pub(super) fn new(
        signals: &[Signal],
        mut on_signal: impl FnMut(Signal) + Send + 'static,
    ) -> io::Result<Watch> {
        if let Some(signal) = signals.iter().find(|&&it| it != Signal::Int) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the signal {signal} cannot be handled on Windows"),
            ));
        }
        let mut arrivals = Signals::new(signals.iter().map(|_| async_signal::Signal::Int))?;
        let dropped = Arc::new(Latch::new());
        let mut until_dropped = Wait::new(Arc::clone(&dropped));
        let mut next = move || {
            block_on(or(
                async {
                    (&mut until_dropped).await;
                    None
                },
                arrivals.next(),
            ))
        };
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || {
                while next().is_some() {
                    on_signal(Signal::Int);
                }
            })?;
        Ok(Watch { dropped })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.dropped.set(true);
    }
}
