//! Watches signals on Unix.
//!
//! Made with signal-hook: it is what Tokio's and smol's own signals are built on (so that all of
//! them get along in one program), it brings three small crates and no runtime, and its thread is
//! ours to end. async-signal would bring async-io with a second reactor, whose thread never ends,
//! and still leave it to signal-hook to give the default effect back.

mod effect;

use std::io;
use std::thread;

use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals};

use super::Signal;
use effect::Effect;

pub(super) const TERMINATION: &[Signal] = &[Signal::Int, Signal::Term];

/// Keeps signals watched until it is dropped.
pub(super) struct Watch {
    /// Ends the thread, and with it the delivery.
    delivery: Handle,
    effects: Vec<Effect>,
}

impl Watch {
    /// Calls `on_signal` for every signal that arrives from now on, on a thread of its own.
    pub(super) fn new(
        signals: &[Signal],
        mut on_signal: impl FnMut(Signal) + Send + 'static,
    ) -> io::Result<Watch> {
        if let Some(signal) = signals.iter().find(|it| FORBIDDEN.contains(&it.number())) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the signal {signal} cannot be handled"),
            ));
        }
        // Delivered before the effect is held back, so that no signal falls in between.
        let effects = signals.iter().map(|it| Effect::of(it.number()));
        let mut effects = effects.collect::<io::Result<Vec<_>>>()?;
        let mut arrivals = Signals::new(signals.iter().map(|it| it.number()))?;
        effects.iter_mut().for_each(Effect::hold_back);

        let delivery = arrivals.handle();
        let watched = signals.to_vec();
        thread::Builder::new()
            .name("rungroup-signal".into())
            .spawn(move || {
                for number in arrivals.forever() {
                    let mut watched = watched.iter();
                    if let Some(&signal) = watched.find(|it| it.number() == number) {
                        on_signal(signal);
                    }
                }
            })?;
        Ok(Watch { delivery, effects })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // In this order, for the same reason.
        self.effects.clear();
        self.delivery.close();
    }
}
