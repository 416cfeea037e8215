//! A clock that the test turns by hand: nothing depends on real time.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use rungroup::{Spawner, Task};

/// Spawns as `spawner` does; its sleeps end when the test says so.
pub fn manual<S: Spawner>(spawner: S) -> (ManualClock<S>, Alarms) {
    let (set, alarms) = async_channel::unbounded();
    (ManualClock { spawner, set }, Alarms(alarms))
}

#[derive(Clone)]
pub struct ManualClock<S> {
    spawner: S,
    set: Sender<Alarm>,
}

impl<S: Spawner> Spawner for ManualClock<S> {
    fn spawn_task(&self, task: Task) {
        self.spawner.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (bell, rings) = async_channel::bounded::<()>(1);
        let _ = self.set.try_send(Alarm { duration, bell });
        Box::pin(async move {
            // An alarm that the test forgot never rings.
            if rings.recv().await.is_err() {
                pending::<()>().await;
            }
        })
    }
}

/// The sleeps that were asked for, in order.
pub struct Alarms(Receiver<Alarm>);

impl Alarms {
    /// Waits until a sleep is asked for.
    pub async fn next(&self) -> Alarm {
        self.0.recv().await.expect("a clock")
    }

    /// Whether no further sleep was asked for.
    pub fn are_all_taken(&self) -> bool {
        self.0.is_empty()
    }
}

pub struct Alarm {
    pub duration: Duration,
    bell: Sender<()>,
}

impl Alarm {
    pub fn ring(&self) {
        let _ = self.bell.try_send(());
    }

    /// Whether it was set for `limit`, of which the real time that passed meanwhile is taken off.
    pub fn is_for(&self, limit: Duration) -> bool {
        self.duration <= limit && self.duration > limit / 2
    }

    /// Whether the sleep was dropped.
    pub fn is_let_go(&self) -> bool {
        self.bell.is_closed()
    }
}
