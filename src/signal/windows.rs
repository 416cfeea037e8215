//! Watches Ctrl-C on Windows. Compiled there alone, and run by no test.
//!
//! Made with async-signal, which sees Ctrl-C as an event: signal-hook has but flags there, which
//! somebody would have to poll, and ctrlc allows for one handler in a program.

use std::io;
use std::thread;

use async_channel::Sender;
use async_signal::Signals;
use futures_lite::future::{block_on, or};
use futures_lite::stream::StreamExt;

use super::Signal;

pub(super) const TERMINATION: &[Signal] = &[Signal::Int];

/// Keeps Ctrl-C watched until it is dropped.
pub(super) struct Watch {
    /// Its drop ends the thread, and with it the delivery.
    _thread: Sender<()>,
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
        let (thread, dropped) = async_channel::bounded::<()>(1);
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || {
                let next = || {
                    let dropped = &dropped;
                    let arrival = arrivals.next();
                    block_on(or(
                        async move {
                            let _ = dropped.recv().await;
                            None
                        },
                        arrival,
                    ))
                };
                for _arrival in std::iter::from_fn(next) {
                    on_signal(Signal::Int);
                }
            })?;
        Ok(Watch { _thread: thread })
    }
}
