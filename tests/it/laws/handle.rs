//! Law 24: any thread may call any handle method at any time. Tests of wakers are in `wakers.rs`.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use futures_lite::future::{poll_once, yield_now};
use rungroup::{Actor, Ends, ErrorKind, Group, Handle};

use crate::runtime::Runtime;
use crate::support::{Count, holding, on_drop, waiter, waiting};

on_every_runtime! {
    law_24_from_inside_an_interrupt,
    law_24_a_force_from_inside_an_interrupt,
    law_24_from_inside_a_drop,
    law_24_before_and_after_the_run,
    law_24_from_many_threads_at_once,
    law_24_no_request_is_slept_through,
    law_24_added_against_a_stop_is_accepted_or_given_back,
    law_24_added_against_a_drop_is_interrupted_or_given_back,
}

/// Calls every method but `force`; returns whether an actor was accepted.
async fn call_all(handle: &Handle) -> bool {
    handle.stop(Err("again".into()));
    let _ = handle.is_ready();
    let _ = poll_once(handle.ready()).await;
    let _ = poll_once(handle.stopping()).await;
    let _ = format!("{handle:?} {0} {0:#} {0:?}", handle.status());
    handle.skip_drain();
    handle.clone().add_actor(waiter()).is_ok()
}

fn call_all_now(handle: &Handle) -> bool {
    futures_lite::future::block_on(call_all(handle))
}

/// "… from inside an interrupt …"
async fn law_24_from_inside_an_interrupt<R: Runtime>(rt: R) {
    let calls = Count::new();
    let mut group = Group::new();
    for _ in 0..3 {
        let (handle, calls) = (group.handle(), calls.clone());
        group.add(async { Ok(()) }, move |_| {
            assert!(!call_all_now(&handle));
            calls.add();
        });
    }
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(calls.get(), 3);
}

async fn law_24_a_force_from_inside_an_interrupt<R: Runtime>(rt: R) {
    let calls = Count::new();
    let mut group = Group::new();
    for _ in 0..3 {
        let (handle, calls) = (group.handle(), calls.clone());
        group.add(pending(), move |_| {
            handle.force();
            calls.add();
        });
    }
    group.handle().stop(Ok(()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(error.report().stragglers().len(), 3);
    assert_eq!(calls.get(), 3);
}

/// "… a drop …": of a finished future, a forced one, an interrupt that was called, one that left.
async fn law_24_from_inside_a_drop<R: Runtime>(rt: R) {
    let drops = Count::new();
    let mut group = Group::new();
    let calling = |group: &Group| {
        let (handle, drops) = (group.handle(), drops.clone());
        on_drop(move || {
            call_all_now(&handle);
            drops.add();
        })
    };
    let kept = calling(&group);
    let leaver = Actor::new(holding(async { Ok(()) }, calling(&group)), move |_| {
        drop(kept);
    });
    group.add_actor(leaver.ends_group(Ends::OnError));
    let kept = calling(&group);
    group.add(holding(pending(), calling(&group)), move |_| drop(kept));
    let (gone, is_gone) = async_channel::bounded::<()>(1);
    let forcing = {
        let handle = group.handle();
        on_drop(move || {
            handle.force();
            drop(gone);
        })
    };
    group.add(holding(async { Ok(()) }, forcing), |_| {});
    let _ = group.run(rt.spawner()).await;
    let _ = is_gone.recv().await;
    // A future that was inside its poll is dropped after the return of `run`.
    while drops.get() < 4 {
        yield_now().await;
    }
}

/// Before the run a handle does what it does later; after it, nothing.
async fn law_24_before_and_after_the_run<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    assert!(!handle.is_ready());
    let waits = handle.ready();
    handle.add_actor(waiter()).unwrap();
    handle.stop(Err("before".into()));
    handle.stop(Ok(()));
    handle.skip_drain();
    handle
        .add_actor(waiter())
        .expect("no stage was told to stop");
    let error = group.run(rt.spawner()).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "before");

    assert!(waits.await.is_err());
    for _ in 0..10 {
        assert!(!call_all(&handle).await);
        handle.force();
        assert!(!handle.is_ready());
    }
}

/// All methods, from threads that are not the runtime's, from the first poll to the end.
async fn law_24_from_many_threads_at_once<R: Runtime>(rt: R) {
    for _ in 0..50 {
        let mut group = Group::new();
        for _ in 0..3 {
            group.add_actor(waiter());
        }
        let threads: Vec<_> = (0..4)
            .map(|nth| {
                let handle = group.handle();
                thread::spawn(move || {
                    for _ in 0..=nth {
                        let _ = handle.add_actor(waiter().ends_group(Ends::OnError));
                        let _ = handle.is_ready();
                    }
                    call_all_now(&handle);
                    if nth == 3 {
                        handle.force();
                    }
                    assert!(futures_lite::future::block_on(handle.ready()).is_err());
                })
            })
            .collect();
        let error = group.run(rt.spawner()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// "… no lost wake-up": a request that meets `run` at any point of its polls ends it.
async fn law_24_no_request_is_slept_through<R: Runtime>(rt: R) {
    let (handles, each): (Sender<Handle>, Receiver<Handle>) = mpsc::channel();
    let requesting = thread::spawn(move || {
        for handle in each {
            handle.stop(Ok(()));
        }
    });
    for _ in 0..1000 {
        let mut group = Group::new();
        group.add_actor(waiter());
        handles.send(group.handle()).unwrap();
        group.run(rt.spawner()).await.unwrap();
    }
    drop(handles);
    requesting.join().unwrap();
}

/// What became of one actor.
#[derive(Default)]
struct Fate {
    polled: Count,
    interrupted: Count,
    dropped: Count,
}

impl Fate {
    fn get(&self) -> (usize, usize, usize) {
        (
            self.polled.get(),
            self.interrupted.get(),
            self.dropped.get(),
        )
    }

    /// Waits for its interrupt.
    fn actor(self: &Arc<Self>) -> Actor {
        let (execute, interrupt) = waiting();
        let (polls, drops, interrupts) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let execute = async move {
            polls.polled.add();
            execute.await
        };
        let execute = holding(execute, on_drop(move || drops.dropped.add()));
        Actor::new(execute, move |cause| {
            interrupts.interrupted.add();
            interrupt(cause);
        })
    }
}

/// An actor that was added against a stop, and the actor if it was given back.
type Added = (Arc<Fate>, Option<Actor>);

/// A thread that adds a few actors to each group it is given.
struct Adder {
    groups: Sender<Handle>,
    added: Receiver<Vec<Added>>,
}

impl Adder {
    const ACTORS: usize = 4;

    fn new() -> Adder {
        let (groups, each) = mpsc::channel::<Handle>();
        let (adds, added) = mpsc::channel();
        thread::spawn(move || {
            for handle in each {
                let few = (0..Adder::ACTORS).map(|_| {
                    let fate = Arc::new(Fate::default());
                    let given_back = handle.add_actor(fate.actor()).err();
                    (fate, given_back)
                });
                let _ = adds.send(few.collect());
            }
        });
        Adder { groups, added }
    }
}

/// Runs `round` again and again, while threads add actors; returns all that were added.
async fn race<F: Future<Output = ()>>(
    rounds: usize,
    mut round: impl FnMut(usize, Group) -> F,
) -> Vec<Added> {
    let adders: Vec<_> = (0..2).map(|_| Adder::new()).collect();
    let mut all = Vec::new();
    for nth in 0..rounds {
        let group = Group::new();
        for adder in &adders {
            adder.groups.send(group.handle()).unwrap();
        }
        round(nth, group).await;
        for adder in &adders {
            all.extend(adder.added.recv().unwrap());
        }
    }
    all
}

/// "`add_actor` against a stop: accepted (then it is run, interrupted and awaited) or given back;
/// never lost, never both."
async fn law_24_added_against_a_stop_is_accepted_or_given_back<R: Runtime>(rt: R) {
    let spawner = rt.spawner();
    let added = race(1000, |nth, mut group| {
        let spawner = spawner.clone();
        let handle = group.handle();
        match nth % 4 {
            0 => {
                group.add(async { Ok(()) }, |_| {});
            }
            1 => {
                group.add(async { Err("no".into()) }, |_| {});
            }
            2 => {
                group.add_actor(waiter());
                thread::spawn(move || handle.stop(Ok(())));
            }
            // No actor is left at once, unless some were added already.
            _ => {
                let last = waiter().background();
                group.add_actor(last);
                thread::spawn(move || {
                    thread::yield_now();
                    handle.stop(Ok(()));
                });
            }
        }
        async move {
            let _ = group.run(spawner).await;
        }
    })
    .await;
    let mut returned = Vec::new();
    for (fate, given_back) in added {
        match given_back {
            None => assert_eq!(fate.get(), (1, 1, 1)),
            Some(actor) => {
                assert_eq!(fate.get(), (0, 0, 0));
                returned.push((fate, actor));
            }
        }
    }

    // Given back whole: they can be run elsewhere.
    let mut group = Group::new();
    let mut fates = Vec::new();
    for (fate, actor) in returned.into_iter().take(50) {
        group.add_actor(actor);
        fates.push(fate);
    }
    group.handle().stop(Ok(()));
    group.run(spawner).await.unwrap();
    for fate in fates {
        assert_eq!(fate.get(), (1, 1, 1));
    }
}

/// The same when `run` is dropped, but for the poll.
async fn law_24_added_against_a_drop_is_interrupted_or_given_back<R: Runtime>(rt: R) {
    let spawner = rt.spawner();
    let added = race(300, |nth, mut group| {
        let spawner = spawner.clone();
        async move {
            group.add_actor(waiter());
            let mut run = Box::pin(group.run(spawner));
            for _ in 0..=nth % 3 {
                assert!(poll_once(&mut run).await.is_none());
            }
        }
    })
    .await;
    for (fate, given_back) in added {
        if given_back.is_some() {
            assert_eq!(fate.get(), (0, 0, 0));
            continue;
        }
        assert_eq!(fate.interrupted.get(), 1);
        // Inside its poll when it was forced: as soon as that returns.
        while fate.dropped.get() == 0 {
            yield_now().await;
        }
        assert_eq!((fate.interrupted.get(), fate.dropped.get()), (1, 1));
    }
}
