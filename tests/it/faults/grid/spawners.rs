//! Spawners that keep their contract in every way there is: the script is the same on all of them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use futures_lite::future::{block_on, poll_once, yield_now};
use rungroup::{Spawner, Task};

use super::assert_whole;
use super::scenario::{Noting, Script};
use crate::runtime::Runtime;
use crate::support::{Inline, parking};

on_every_runtime! {
    law_11_any_spawner_that_keeps_its_contract,
}

/// What a spawner may do and keep its contract.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Delays,
    PollsInSpawn,
    PollsOnAnotherThreadBeforeSpawnReturns,
    PollsSpuriously,
    PollsInsideTheWake,
    DropsLate,
}

const MANNERS: [Manner; 6] = [
    Manner::Delays,
    Manner::PollsInSpawn,
    Manner::PollsOnAnotherThreadBeforeSpawnReturns,
    Manner::PollsSpuriously,
    Manner::PollsInsideTheWake,
    Manner::DropsLate,
];

#[derive(Clone)]
struct Mannered<R> {
    rt: R,
    manner: Manner,
    finished: Arc<Mutex<Vec<Task>>>,
}

impl<R: Runtime> Spawner for Mannered<R> {
    fn spawn_task(&self, mut task: Task) {
        let finished = Arc::clone(&self.finished);
        match self.manner {
            Manner::Delays => self.rt.spawn(async {
                for _ in 0..100 {
                    yield_now().await;
                }
                task.await;
            }),
            Manner::PollsInSpawn => parking(Beside(self.rt.clone())).spawn_task(task),
            Manner::PollsOnAnotherThreadBeforeSpawnReturns => {
                let first = move || {
                    let _ = block_on(poll_once(&mut task));
                    task
                };
                // One that has ended is ready once more.
                self.rt.spawn(thread::spawn(first).join().unwrap());
            }
            Manner::PollsSpuriously => self.rt.spawn(poll_fn(move |cx| {
                for _ in 0..3 {
                    if Pin::new(&mut task).poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            })),
            Manner::PollsInsideTheWake => Inline.spawn_task(task),
            Manner::DropsLate => self.rt.spawn(async move {
                (&mut task).await;
                finished.lock().unwrap().push(task);
            }),
        }
    }
}

/// Spawns on the runtime from everywhere.
#[derive(Clone)]
struct Beside<R>(R);

impl<R: Runtime> Spawner for Beside<R> {
    fn spawn_task(&self, task: Task) {
        self.0.spawn(task);
    }
}

/// Whichever way the tasks run: the same result, and the same order of the stages.
async fn law_11_any_spawner_that_keeps_its_contract<R: Runtime>(rt: R) {
    for manner in MANNERS {
        let what = format!("{manner:?}");
        let script = Script::new();
        let mannered = Mannered {
            rt: rt.clone(),
            manner,
            finished: Arc::default(),
        };
        let spawner = Noting::new(&script, mannered.clone());
        let group = script.group(spawner.clone());
        let handle = group.handle();
        let result = group.run(spawner).await;
        script.settle(&rt, &handle, &what).await;
        script.check_order(&what);
        assert_whole(result, &what);
        let finished = std::mem::take(&mut *mannered.finished.lock().unwrap());
        thread::spawn(move || drop(finished)).join().unwrap();
    }
}
