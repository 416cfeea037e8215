//! A clock of the spawner's that cannot take the group down with it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::spawner::{Sleep, Spawner, sleep_on_a_thread};
use crate::unwind;

/// Rings once `delay` is over, by the spawner's clock. A runtime that was shut down, or that has no
/// clock, panics when it is asked to sleep; then a thread measures what is left.
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    delay: Duration,
    set: Instant,
}

impl Alarm {
    pub(crate) fn new(spawner: &dyn Spawner, delay: Duration) -> Alarm {
        let sleep = unwind::catch(|| spawner.sleep(delay));
        let sleep = sleep.unwrap_or_else(|_| sleep_on_a_thread(delay));
        Alarm {
            sleep,
            delay,
            set: Instant::now(),
        }
    }

    /// Not to be polled again after it rang.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Ok(polled) = unwind::catch(|| self.sleep.as_mut().poll(cx)) {
            return polled;
        }
        self.replace(sleep_on_a_thread(
            self.delay.saturating_sub(self.set.elapsed()),
        ));
        self.sleep.as_mut().poll(cx)
    }

    fn replace(&mut self, sleep: Pin<Box<Sleep>>) {
        let _ = unwind::catch_drop(std::mem::replace(&mut self.sleep, sleep));
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.replace(Box::pin(async {}));
    }
}
