//! The spawner's clock, whose failure does not fail the group.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::panic::{catch, discard};
use crate::spawner::{Sleep, Spawner, sleep_on_a_thread};

/// Rings once `delay` is over, by the spawner's clock. A runtime that was shut down or has no clock
/// panics when it is asked to sleep. A thread then measures what is left.
pub(crate) struct Alarm {
    /// `None` when it has rung.
    sleep: Option<Pin<Box<Sleep>>>,
    delay: Duration,
    set: Instant,
}

impl Alarm {
    pub(crate) fn new(spawner: &dyn Spawner, delay: Duration) -> Alarm {
        let sleep = catch(|| spawner.sleep(delay));
        let sleep = sleep.unwrap_or_else(|_| sleep_on_a_thread(delay));
        Alarm {
            sleep: Some(sleep),
            delay,
            set: Instant::now(),
        }
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.sleep.is_none()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(sleep) = &mut self.sleep else {
            return;
        };
        let polled = catch(|| sleep.as_mut().poll(cx)).unwrap_or_else(|_| {
            let left = self.delay.saturating_sub(self.set.elapsed());
            discard(std::mem::replace(sleep, sleep_on_a_thread(left)));
            sleep.as_mut().poll(cx)
        });
        if polled == Poll::Ready(()) {
            discard(self.sleep.take());
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        discard(self.sleep.take());
    }
}
