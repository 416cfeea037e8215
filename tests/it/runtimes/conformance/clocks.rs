//! Clocks, and what may be wrong with them. The tasks run as they should.

use std::future::{Future, pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rungroup::{Spawner, Task, Threads};

use crate::support::{holding, kaboom, on_drop};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clock {
    RingsAtOnce,
    RingsAtOnceForAnHour,
    RingsForEver,
    RingsLate,
    NeverRings,
    WakesNobody,
    WakesItsFirstWaker,
    StopsWithTheFirstThatIsDropped,
    WaitsInItsDrop,
    PanicsInSleep,
    PanicsWhenPolled,
    PanicsWhenDropped,
    /// Which it may.
    WakesSpuriously,
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

pub struct WithClock {
    clock: Clock,
    one_is_dropped: Arc<AtomicBool>,
}

impl WithClock {
    pub fn new(clock: Clock) -> WithClock {
        WithClock {
            clock,
            one_is_dropped: Arc::default(),
        }
    }
}

impl Spawner for WithClock {
    fn spawn_task(&self, task: Task) {
        Threads.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let sleep = Threads.sleep(duration);
        let is_long = duration >= Duration::from_secs(60);
        match self.clock {
            Clock::RingsAtOnce => Box::pin(ready(())),
            Clock::RingsAtOnceForAnHour if is_long && duration != Duration::MAX => {
                Box::pin(ready(()))
            }
            Clock::RingsForEver if duration == Duration::MAX => Box::pin(ready(())),
            Clock::RingsLate if !is_long => Threads.sleep(duration * 200),
            Clock::NeverRings => Box::pin(pending()),
            Clock::WakesNobody => wakes_nobody(duration),
            Clock::WakesItsFirstWaker => wakes_its_first_waker(sleep),
            Clock::StopsWithTheFirstThatIsDropped => self.stops_with_the_first(sleep),
            Clock::WaitsInItsDrop if is_long => Box::pin(holding(
                pending(),
                on_drop(|| {
                    loop {
                        thread::park();
                    }
                }),
            )),
            Clock::PanicsInSleep => kaboom("clock"),
            Clock::PanicsWhenPolled => Box::pin(poll_fn(|_| kaboom("clock"))),
            Clock::PanicsWhenDropped => Box::pin(holding(sleep, on_drop(|| kaboom("clock")))),
            Clock::WakesSpuriously => wakes_spuriously(sleep),
            _ => sleep,
        }
    }
}

/// Looks at the time whenever it is polled.
fn wakes_nobody(duration: Duration) -> Sleep {
    let end = Instant::now().checked_add(duration);
    Box::pin(poll_fn(move |_| match end {
        Some(end) if Instant::now() >= end => Poll::Ready(()),
        _ => Poll::Pending,
    }))
}

fn wakes_its_first_waker(mut sleep: Sleep) -> Sleep {
    let mut first: Option<Waker> = None;
    Box::pin(poll_fn(move |cx| {
        let first = first.get_or_insert_with(|| cx.waker().clone());
        sleep.as_mut().poll(&mut Context::from_waker(first))
    }))
}

fn wakes_spuriously(mut sleep: Sleep) -> Sleep {
    let mut left = 3;
    Box::pin(poll_fn(move |cx| {
        if left > 0 {
            left -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        sleep.as_mut().poll(cx)
    }))
}

impl WithClock {
    fn stops_with_the_first(&self, mut sleep: Sleep) -> Sleep {
        let (drops, dropped) = (
            Arc::clone(&self.one_is_dropped),
            Arc::clone(&self.one_is_dropped),
        );
        let kept = on_drop(move || drops.store(true, Ordering::Relaxed));
        let rings = poll_fn(move |cx| match dropped.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => sleep.as_mut().poll(cx),
        });
        Box::pin(holding(rings, kept))
    }
}
