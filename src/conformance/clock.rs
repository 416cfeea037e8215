//! The clock that measures graces and drains, used as a group uses it: where `run` is polled.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, or};

use super::scenario::Stage;
use crate::actor::Actor;
use crate::group::Group;
use crate::panic::{catch_drop, discard};
use crate::spawner::{Sleep, sleep_on_a_thread};

/// Long enough to measure, and short enough not to matter.
const SHORT: Duration = Duration::from_millis(50);

/// Longer than any check.
const LONG: [(Duration, &str); 2] = [
    (Duration::MAX, "`Duration::MAX`"),
    (Duration::from_secs(3600), "an hour"),
];

/// A hundred times as long as what it is compared with, so that a busy machine is not blamed.
const LATE: Duration = Duration::from_secs(5);

/// Waits for a clock that was set to `duration` at `set`.
fn rings(
    stage: &Stage<'_>,
    clock: impl Future<Output = ()>,
    duration: Duration,
    set: Instant,
) -> Result<(), String> {
    block_on(or(clock, sleep_on_a_thread(LATE)));
    let slept = set.elapsed();
    // By then, a clock that is ready but wakes nobody is found too.
    if slept >= LATE {
        stage.give_up();
        return Err(format!(
            "a clock set to {duration:?} did not ring within {LATE:?}"
        ));
    }
    if slept < duration {
        return Err(format!("a clock set to {duration:?} rang after {slept:?}"));
    }
    Ok(())
}

/// A clock of the spawner, which is dropped on another thread: only the scenario that is about its
/// drop has to see that drop panic, or never return.
struct Clock(Option<Pin<Box<Sleep>>>);

impl Clock {
    fn new(stage: &Stage<'_>, duration: Duration) -> Clock {
        Clock(Some(stage.sleep(duration)))
    }

    /// Whether it has rung.
    fn poll_once(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(self).poll(&mut cx).is_ready()
    }
}

impl Future for Clock {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(clock) = self.0.take() {
            thread::spawn(|| discard(clock));
        }
    }
}

pub(super) fn it_rings_neither_early_nor_late(stage: &Stage<'_>) -> Result<(), String> {
    let mut long = LONG.map(|(duration, name)| (Clock::new(stage, duration), name));
    for duration in [Duration::ZERO, SHORT] {
        let set = Instant::now();
        let mut clock = Clock::new(stage, duration);
        let mut early = None;
        let first = poll_fn(|cx| {
            // All are polled, so that all may ring.
            for (clock, name) in &mut long {
                if Pin::new(clock).poll(cx).is_ready() {
                    early = Some(*name);
                    return Poll::Ready(());
                }
            }
            Pin::new(&mut clock).poll(cx)
        });
        let rang = rings(stage, first, duration, set);
        if let Some(name) = early {
            return Err(format!("a clock set to {name} rang within seconds"));
        }
        rang?;
    }
    Ok(())
}

/// `run` may move from one task to another while it waits.
pub(super) fn it_wakes_its_newest_waker(stage: &Stage<'_>) -> Result<(), String> {
    let set = Instant::now();
    let mut clock = Clock::new(stage, SHORT);
    if clock.poll_once() {
        return rings(stage, async {}, SHORT, set);
    }
    rings(stage, clock, SHORT, set)
        .map_err(|what| format!("{what}, after it was polled with another waker"))
}

pub(super) fn it_leaves_the_other_clocks_alone(stage: &Stage<'_>) -> Result<(), String> {
    let set = Instant::now();
    let [mut dropped, kept] = [SHORT; 2].map(|duration| Clock::new(stage, duration));
    let _ = dropped.poll_once();
    discard(dropped.0.take());
    rings(stage, kept, SHORT, set).map_err(|what| format!("{what}, after another was dropped"))
}

/// At the end of a stop that took less time.
pub(super) fn it_can_be_dropped_at_any_time(stage: &Stage<'_>) -> Result<(), String> {
    for is_polled in [false, true] {
        for (duration, name) in LONG {
            let mut clock = Clock::new(stage, duration);
            if is_polled && clock.poll_once() {
                return Err(format!("a clock set to {name} rang within seconds"));
            }
            let (done, is_done) = mpsc::channel();
            let clock = clock.0.take();
            thread::spawn(move || done.send(catch_drop(clock)));
            match is_done.recv_timeout(LATE) {
                Ok(None) => {}
                Ok(Some(panic)) => return Err(format!("the drop of a clock panicked: {panic}")),
                Err(_) => return Err(format!("the drop of a clock took more than {LATE:?}")),
            }
        }
    }
    Ok(())
}

/// "When it ends, the group is forced."
pub(super) fn it_ends_a_stop(stage: &Stage<'_>) -> Result<(), String> {
    let mut group = Group::new();
    group.grace(SHORT);
    group.add_actor(Actor::new(pending(), |_| {}));
    group.handle().stop(Ok(()));
    let report = stage.run(group);
    if stage.is_given_up() {
        return Err(format!("a grace of {SHORT:?} did not end the stop"));
    }
    match report.stragglers().len() {
        1 => Ok(()),
        _ => Err("an actor that waits for ever has ended".into()),
    }
}
