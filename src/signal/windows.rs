//! Watches Ctrl-C on Windows. It has been run under wine: ci/windows.sh.
//!
//! It is built on async-signal, which sees Ctrl-C as an event. On Windows, signal-hook only has
//! flags, which we would have to poll, and ctrlc allows one handler in a program.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use async_signal::Signals;
use futures_lite::future::{block_on, or, poll_once};
use futures_lite::stream::StreamExt;

use super::Signal;
use crate::shared::latch::{Latch, Wait};

pub(super) const TERMINATION: &[Signal] = &[Signal::Int];

/// How many hold Ctrl-C back. async-signal's handler stays for ever and has no way to pass the event
/// on, so we must bring about the default effect.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);

/// The exit code of a program that Ctrl-C ended: `STATUS_CONTROL_C_EXIT`, which is `0xC000013A`.
const CONTROL_C_EXIT: i32 = -1_073_741_510;

/// Keeps Ctrl-C watched until it is dropped.
pub(super) struct Watch {
    ended: Arc<Latch>,
    dropped: Arc<AtomicBool>,
    held: Option<Held>,
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
        let dropped = Arc::new(AtomicBool::new(false));
        let arrivals = Arrivals {
            delivered,
            ended: Wait::on(Arc::clone(&ended), ()),
            dropped: Arc::clone(&dropped),
        };
        let held = signals.first().map(|_| Held::new());
        let watch = Watch {
            ended,
            dropped,
            held,
        };
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || on_thread(arrivals))?;
        Ok(watch)
    }

    /// Ends the arrivals after those that are already there. Ctrl-C still has no effect.
    pub(super) fn end(&self) {
        self.ended.set(true);
    }

    /// Holds Ctrl-C back until the result is dropped, which may outlive the watch.
    #[expect(clippy::unused_self, reason = "the twin of the one on Unix")]
    pub(super) fn hold_back(&self, _: Signal) -> Held {
        Held::new()
    }

    /// Gives Ctrl-C its default effect back. `Arrivals` brings it about.
    pub(super) fn release(&mut self, _: Signal) {
        self.held = None;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // This comes before the release of Ctrl-C, see `next`.
        self.dropped.store(true, Ordering::Release);
        self.held = None;
        self.end();
    }
}

/// Holds Ctrl-C back until it is dropped.
pub(super) struct Held(());

impl Held {
    fn new() -> Held {
        // Relaxed, because a press that is read meanwhile may come before or after.
        HOLDERS.fetch_add(1, Ordering::Relaxed);
        Held(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Release pairs with the acquire in `next`, see there.
        HOLDERS.fetch_sub(1, Ordering::Release);
    }
}

/// The presses of Ctrl-C in turn. `next` blocks until there is one, and returns `None` once the
/// watch has ended and what arrived before was taken, or once the watch was dropped.
///
/// Presses that arrive between two calls are one, as on Unix.
pub(super) struct Arrivals {
    delivered: Signals,
    ended: Wait<Arc<Latch>>,
    dropped: Arc<AtomicBool>,
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
        while let Some(Some(_)) = block_on(poll_once(delivered.next())) {}
        // Acquire pairs with the release in the drop of `Held`. If it is the drop of this watch that
        // released Ctrl-C, `dropped` is set: a press that waited behind a slow function while the
        // actor went away must not end the program.
        let is_held = HOLDERS.load(Ordering::Acquire) > 0;
        if self.dropped.load(Ordering::Acquire) {
            return None;
        }
        if pressed && !is_held {
            process::exit(CONTROL_C_EXIT);
        }
        pressed.then_some(Signal::Int)
    }
}
