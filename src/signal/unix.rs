//! Watches signals on Unix.
//!
//! It is built on signal-hook, as the signals of Tokio and smol are, so all of them work together
//! in one program. signal-hook brings three small crates and no runtime, and we can end its thread.
//! async-signal would bring async-io with a second reactor, whose thread never ends, and would
//! still need signal-hook to give the default effect back.

mod effect;

use std::collections::VecDeque;
use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals};

use super::Signal;
use effect::Effect;

pub(super) const TERMINATION: &[Signal] = &[Signal::Int, Signal::Term];

/// Keeps signals watched until it is dropped.
pub(super) struct Watch {
    delivery: Handle,
    effects: Vec<Effect>,
    dropped: Arc<AtomicBool>,
}

impl Watch {
    /// Calls `on_thread` on a new thread, with the signals that arrive from now on.
    pub(super) fn new(
        signals: impl IntoIterator<Item = Signal>,
        on_thread: impl FnOnce(Arrivals) + Send + 'static,
    ) -> io::Result<Watch> {
        let signals: Vec<_> = signals.into_iter().collect();
        if let Some(signal) = signals.iter().find(|it| FORBIDDEN.contains(&it.number())) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the signal {signal} cannot be handled"),
            ));
        }
        // The signals are delivered before the effect is held back, so that none falls in between.
        let effects = signals.iter().map(|it| Effect::of(it.number()));
        let mut effects = effects.collect::<io::Result<Vec<_>>>()?;
        let delivered = Signals::new(signals.iter().map(|it| it.number()))?;
        effects.iter_mut().for_each(Effect::hold_back);

        let delivery = delivered.handle();
        let dropped = Arc::new(AtomicBool::new(false));
        let arrivals = Arrivals {
            signals,
            delivered,
            batch: VecDeque::new(),
            is_last: false,
            dropped: Arc::clone(&dropped),
        };
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || on_thread(arrivals))?;
        Ok(Watch {
            delivery,
            effects,
            dropped,
        })
    }

    /// Ends the arrivals after those that are already there. The effects are still held back.
    pub(super) fn end(&self) {
        self.delivery.close();
    }

    /// Gives one signal its former effect back. It still arrives, if the program survives it.
    pub(super) fn release(&mut self, signal: Signal) {
        self.effects.retain(|it| !it.is_of(signal.number()));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The effects end before the delivery does, for the same reason as in `new`.
        self.effects.clear();
        // Release pairs with the acquire in `next`: a thread that sees it finds its actor gone.
        self.dropped.store(true, Ordering::Release);
        self.end();
    }
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
