//! Watches signals on Unix.
//!
//! It is built on signal-hook, as the signals of Tokio and smol are, so all of them work together
//! in one program. signal-hook brings three small crates and no runtime, and we can end its thread.
//! async-signal would bring async-io with a second reactor, whose thread never ends, and would
//! still need signal-hook to give the default effect back. nix unblocks signals, for which
//! signal-hook has no function.

mod default_action;

use std::collections::VecDeque;
use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use nix::sys::signal::{SigSet, Signal as Number};
use signal_hook::iterator::{Handle, Signals};

use super::Signal;
pub(super) use default_action::Held;

pub(super) const TERMINATION: &[Signal] = &[Signal::Int, Signal::Term];

/// Keeps signals watched until it is dropped.
pub(super) struct Watch {
    delivery: Handle,
    held: Vec<Held>,
    dropped: Arc<AtomicBool>,
}

impl Watch {
    /// Calls `on_thread` on a new thread, with the signals that arrive from now on.
    ///
    /// What may fail comes first. After an error, every signal has the effect that it had before.
    pub(super) fn new(
        signals: impl IntoIterator<Item = Signal>,
        on_thread: impl FnOnce(Arrivals) + Send + 'static,
    ) -> io::Result<Watch> {
        let signals: Vec<_> = signals.into_iter().collect();
        let numbers: Vec<_> = signals.iter().map(|it| it.number()).collect();
        let delivered = Signals::new(&[] as &[c_int])?;
        let delivery = delivered.handle();
        let dropped = Arc::new(AtomicBool::new(false));
        let arrivals = Arrivals {
            signals,
            delivered,
            batch: VecDeque::new(),
            is_last: false,
            dropped: Arc::clone(&dropped),
        };
        let (start, started) = channel();
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || {
                // After an error, `start` is dropped.
                if let Ok(()) = started.recv() {
                    unblock(&arrivals.signals);
                    on_thread(arrivals);
                }
            })?;

        default_action::register(&numbers)?;
        // The signals are delivered before they are held back, so that none falls in between.
        for &number in &numbers {
            delivery.add_signal(number)?;
        }
        let held = numbers.into_iter().map(Held::new).collect();
        // They are unblocked only now, because one that is pending arrives immediately. The thread
        // waits for this message, so it is received.
        let _ = start.send(());
        Ok(Watch {
            delivery,
            held,
            dropped,
        })
    }

    /// Ends the arrivals after those that are already there. The signals are still held back.
    pub(super) fn end(&self) {
        self.delivery.close();
    }

    /// Holds one of the signals back until the result is dropped, which may outlive the watch.
    #[expect(
        clippy::unused_self,
        reason = "the watch has registered the default action"
    )]
    pub(super) fn hold_back(&self, signal: Signal) -> Held {
        Held::new(signal.number())
    }

    /// Gives one signal its former effect back. It still arrives, if the program survives it.
    pub(super) fn release(&mut self, signal: Signal) {
        self.held.retain(|it| !it.is_of(signal.number()));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The signals are released before the delivery ends, for the same reason as in `new`.
        self.held.clear();
        // Release pairs with the acquire in `next`: a thread that sees it finds its actor gone.
        self.dropped.store(true, Ordering::Release);
        self.end();
    }
}

/// Lets this thread receive signals that the parent of the program blocked for all of its threads.
/// A signal that is sent to the program is delivered to any thread that does not block it, and the
/// default action needs such a thread too: it runs in the handler.
fn unblock(signals: &[Signal]) {
    let number = |it: &Signal| Number::try_from(it.number()).ok();
    let signals: SigSet = signals.iter().filter_map(number).collect();
    // It fails only for an operation that the system does not know.
    let _ = signals.thread_unblock();
}

#[cfg(test)]
pub(super) fn is_held_back(signal: Signal) -> bool {
    default_action::is_held_back(signal.number())
}

/// The signals in turn. `next` blocks until there is one, and returns `None` once the watch has
/// ended and what arrived before was taken, or once the watch was dropped.
///
/// What arrives between two calls is kept, each signal once.
pub(super) struct Arrivals {
    signals: Vec<Signal>,
    delivered: Signals,
    /// Taken over as a whole, because signal-hook's own iterators look at the lowest number again
    /// and again: a signal that keeps arriving would hide the higher ones.
    batch: VecDeque<c_int>,
    /// Whether the batch was taken after the end.
    is_last: bool,
    dropped: Arc<AtomicBool>,
}

impl Iterator for Arrivals {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        // Acquire pairs with the release in the drop of `Watch`: a thread that sees it calls nothing
        // for what arrived before.
        while !self.dropped.load(Ordering::Acquire) {
            if let Some(number) = self.batch.pop_front() {
                return self
                    .signals
                    .iter()
                    .copied()
                    .find(|it| it.number() == number);
            }
            if self.is_last {
                return None;
            }
            // It is read before the batch is taken, so that the last batch has all that arrived
            // before the end. Once closed, `wait` does not block.
            self.is_last = self.delivered.is_closed();
            self.batch.extend(self.delivered.wait());
        }
        None
    }
}
