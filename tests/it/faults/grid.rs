//! Grids of faults: one script, and a fault at each place of it.

pub mod scenario;
mod spawners;
pub mod stepped;

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use futures_lite::future::poll_once;
use rungroup::{ActorState, Error, ErrorKind, Spawner, Straggler, Task};

use crate::runtime::Runtime;
use crate::support::{Count, kaboom};
use scenario::{CALLBACKS, Callback, Noting, Script, actors};

on_every_runtime! {
    law_19_a_run_dropped_after_any_of_its_polls,
    law_19_any_spawn_panics,
    law_23_any_task_is_lost,
    law_32_any_actor_panics_in_any_callback,
}

/// No run of the script is polled, or spawns, nearly as often: a loop that gets there never ends.
const ENDLESS: usize = 1000;

/// Polls `run` so many times, unless it ends before. A panic of it comes back as `Err`.
async fn poll_times<F: Future + Unpin>(
    run: &mut F,
    times: usize,
) -> Option<thread::Result<F::Output>> {
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match catch_unwind(AssertUnwindSafe(|| std::pin::Pin::new(&mut *run).poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Some(Ok(output))),
            Err(payload) => Poll::Ready(Some(Err(payload))),
            Ok(Poll::Pending) if left == 0 => Poll::Ready(None),
            Ok(Poll::Pending) => Poll::Pending,
        }
    })
    .await
}

/// Of the script, only `deaf` does not stop.
pub fn assert_whole(result: Result<(), Error>, what: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers, "{what}: {error:?}");
    let stragglers = error.report().stragglers();
    assert_eq!(stragglers.len(), 1, "{what}: {error:?}");
    assert_eq!(stragglers[0].actor().as_str(), Some("deaf"));
}

/// "All interrupts are called exactly once, all futures are dropped, nothing runs later."
async fn law_19_a_run_dropped_after_any_of_its_polls<R: Runtime>(rt: R) {
    for polls in 0..ENDLESS {
        let what = format!("dropped after {polls} polls");
        let script = Script::new();
        let spawner = Noting::new(&script, rt.spawner());
        let group = script.group(spawner.clone());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        let ended = poll_times(&mut run, polls).await;
        drop(run);
        script.settle(&rt, &handle, &what).await;
        if polls == 0 {
            // Law 2.
            let entries = script.log.entries();
            let is_still = |entry: &String| !entry.ends_with("ed") || entry.ends_with("dropped");
            assert!(entries.iter().all(is_still), "{entries:#?}");
        }
        if let Some(result) = ended {
            return assert_whole(result.unwrap(), &what);
        }
    }
    panic!("it never ends");
}

/// What becomes of the task that is spawned as the k-th.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// The spawner panics.
    Panic,
    Refuse,
    Drop,
    DropOnAnotherThread,
    /// After its first poll.
    DropMidway,
}

/// Does to the k-th task as it is told, and runs the others.
#[derive(Clone)]
struct Fatal<R> {
    rt: R,
    kth: usize,
    fate: Fate,
    spawned: Count,
    /// Who was lost, or met the panic.
    met: Arc<Mutex<Option<String>>>,
}

impl<R: Runtime> Fatal<R> {
    fn new(rt: &R, kth: usize, fate: Fate) -> Fatal<R> {
        Fatal {
            rt: rt.clone(),
            kth,
            fate,
            spawned: Count::new(),
            met: Arc::default(),
        }
    }

    fn met(&self) -> Option<String> {
        self.met.lock().unwrap().clone()
    }

    fn meet(&self, task: &Task) {
        *self.met.lock().unwrap() = Some(task.name().to_string());
    }
}

impl<R: Runtime> Spawner for Fatal<R> {
    fn spawn_task(&self, mut task: Task) {
        self.spawned.add();
        if self.spawned.get() != self.kth + 1 {
            return self.rt.spawn(task);
        }
        if self.fate == Fate::DropMidway {
            let fatal = self.clone();
            return self.rt.spawn(async move {
                if poll_once(&mut task).await.is_none() {
                    fatal.meet(&task);
                }
            });
        }
        self.meet(&task);
        match self.fate {
            Fate::Panic => kaboom("no runtime"),
            Fate::Refuse => task.refuse("no room"),
            Fate::DropOnAnotherThread => drop(thread::spawn(move || drop(task))),
            Fate::Drop | Fate::DropMidway => drop(task),
        }
    }
}

/// A spawner's panic goes through `run`, which is thereby dropped; that of the nested group's is
/// the panic of its actor.
async fn law_19_any_spawn_panics<R: Runtime>(rt: R) {
    for kth in 0..ENDLESS {
        let what = format!("spawn {kth} panics");
        let script = Script::new();
        let fatal = Fatal::new(&rt, kth, Fate::Panic);
        let spawner = Noting::new(&script, fatal.clone());
        let group = script.group(spawner.clone());
        let handle = group.handle();
        let mut run = Box::pin(group.run(spawner));
        let ended = poll_times(&mut run, usize::MAX).await.unwrap();
        drop(run);
        script.settle(&rt, &handle, &what).await;
        match (fatal.met().as_deref(), ended) {
            (None, ended) => {
                assert!(kth > 5, "{what}");
                return assert_whole(ended.unwrap(), &what);
            }
            (Some("low" | "high"), ended) => {
                assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::Panicked);
            }
            (Some(_), ended) => {
                let payload = ended.unwrap_err();
                assert_eq!(payload.downcast_ref(), Some(&"no runtime"), "{what}");
            }
        }
    }
    panic!("it never ends");
}

/// "When a spawner drops a task, unpolled or midway, its actor exits with `Lost`."
async fn law_23_any_task_is_lost<R: Runtime>(rt: R) {
    for fate in [
        Fate::Refuse,
        Fate::Drop,
        Fate::DropOnAnotherThread,
        Fate::DropMidway,
    ] {
        let mut kth = 0;
        while lose(&rt, kth, fate).await {
            kth += 1;
        }
        assert!(kth > 5, "{fate:?} ends with {kth}");
    }
}

/// Runs the script without its k-th task. Returns whether there was one.
async fn lose<R: Runtime>(rt: &R, kth: usize, fate: Fate) -> bool {
    let what = format!("{fate:?} of task {kth}");
    let script = Script::new();
    let fatal = Fatal::new(rt, kth, fate);
    let spawner = Noting::new(&script, fatal.clone());
    let group = script.group(spawner.clone());
    let handle = group.handle();
    let result = group.run(spawner).await;
    script.settle(rt, &handle, &what).await;
    match fatal.met().as_deref() {
        None => assert_whole(result, &what),
        // Its own grace may have been faster.
        Some("deaf") if fate == Fate::DropMidway || fate == Fate::DropOnAnotherThread => {
            assert!(result.is_err(), "{what}");
        }
        Some(name) => {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Lost, "{what}: {name}: {error:?}");
        }
    }
    fatal.spawned.get() > kth
}

/// "All others are interrupted and awaited", and the run fails with the panic.
async fn law_32_any_actor_panics_in_any_callback<R: Runtime>(rt: R) {
    for name in actors() {
        for callback in CALLBACKS {
            let what = format!("{name} panics in {callback:?}");
            let script = Script::with_bomb(name, callback);
            let spawner = Noting::new(&script, rt.spawner());
            let group = script.group(spawner.clone());
            let handle = group.handle();
            let result = group.run(spawner).await;
            script.settle(&rt, &handle, &what).await;
            // A child that comes too late is given back, and explodes outside the group if at all.
            let is_late = name == "child" && script.log.count("child spawned") == 0;
            if script.explosions.get() == 0 || is_late {
                assert!(is_late || is_without(name, callback), "{what}: it did not");
                assert_whole(result, &what);
                continue;
            }
            let error = result.unwrap_err();
            let goes_on = |one: &Straggler| {
                one.state() == ActorState::Polling && one.actor().as_str() == Some(name)
            };
            if error.report().stragglers().iter().any(goes_on) {
                // Its poll, and what becomes of it, goes on after the force (law 16).
                assert_eq!(name, "deaf", "{what}: {error:?}");
                continue;
            }
            assert_eq!(error.kind(), ErrorKind::Panicked, "{what}: {error:?}");
            let payload = error.into_panic().expect("a payload");
            assert_eq!(payload.downcast_ref(), Some(&"bomb"), "{what}");
        }
    }
}

/// What an actor of the script does not do.
fn is_without(name: &str, callback: Callback) -> bool {
    match (name, callback) {
        // It leaves, and it does not listen.
        ("leaver", Callback::Interrupt | Callback::PollAfterInterrupt) => true,
        ("deaf", Callback::PollAfterInterrupt) => true,
        // The interrupt is the context's.
        ("db", Callback::Interrupt | Callback::DropOfInterrupt) => true,
        _ => false,
    }
}
