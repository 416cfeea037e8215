//! Watches Ctrl-C on Windows. It has been compiled for Windows but never run there.
//!
//! It is built on async-signal, which sees Ctrl-C as an event. On Windows, signal-hook only has
//! flags, which we would have to poll, and ctrlc allows one handler in a program.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use async_signal::Signals;
use futures_lite::future::{block_on, or};
use futures_lite::stream::StreamExt;

use super::Signal;
use crate::shared::latch::{Latch, Wait};

pub(super) const TERMINATION: &[Signal] = &[Signal::Int];

/// How many watches hold Ctrl-C back. async-signal's handler stays for ever and has no way to pass
/// the event on, so we must bring about the default effect.
static HOLDING: AtomicUsize = AtomicUsize::new(0);

/// The exit code of a program that Ctrl-C ended: `STATUS_CONTROL_C_EXIT`, which is `0xC000013A`.
const CONTROL_C_EXIT: i32 = -1_073_741_510;

/// Keeps Ctrl-C watched until it is dropped.
pub(super) struct Watch {
    ended: Arc<Latch>,
    is_holding: bool,
}

impl Watch {
    /// Calls `on_thread` on a new thread, with the presses of Ctrl-C from now on.
    pub(super) fn new(
        signals: impl IntoIterator<Item = Signal>,
        on_thread: impl FnOnce(Arrivals) + Send + 'static,
    ) -> io::Result<Watch> {
        let signals: Vec<_> = signals.into_iter().collect();
        if let Some(signal) = signals.iter().find(|&&it| it != Signal::Int) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the signal {signal} cannot be handled on Windows"),
            ));
        }
        let delivered = Signals::new(signals.iter().map(|_| async_signal::Signal::Int))?;
        let ended = Arc::new(Latch::new());
        let arrivals = Arrivals {
            delivered,
            ended: Wait::new(Arc::clone(&ended)),
        };
        let is_holding = !signals.is_empty();
        let watch = Watch { ended, is_holding };
        HOLDING.fetch_add(usize::from(is_holding), Ordering::SeqCst);
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || on_thread(arrivals))?;
        Ok(watch)
    }

    /// Ends the arrivals after those that are already there. Ctrl-C still has no effect.
    pub(super) fn end(&self) {
        self.ended.set(true);
    }

    /// Gives Ctrl-C its default effect back. `Arrivals` brings it about.
    pub(super) fn release(&mut self, _: Signal) {
        if std::mem::take(&mut self.is_holding) {
            HOLDING.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.release(Signal::Int);
        self.end();
    }
}

/// The presses of Ctrl-C in turn. `next` blocks until there is one, and returns `None` once the
/// watch has ended and what arrived before was taken.
pub(super) struct Arrivals {
    delivered: Signals,
    ended: Wait<Arc<Latch>>,
}

impl Iterator for Arrivals {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        let (delivered, ended) = (&mut self.delivered, &mut self.ended);
        let ended = async {
            ended.await;
            false
        };
        let pressed = block_on(or(async { delivered.next().await.is_some() }, ended));
        if pressed && HOLDING.load(Ordering::SeqCst) == 0 {
            process::exit(CONTROL_C_EXIT);
        }
        pressed.then_some(Signal::Int)
    }
}
