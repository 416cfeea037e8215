//! Law 30: the status of a group that is stuck, asked for from everywhere.

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::task::Waker;
use std::thread;

use futures_lite::future::poll_once;
use rungroup::{Actor, ActorState, Ends, Group, Handle, Phase, Result, Status, Threads};

use crate::runtime::{Runtime, guard};
use crate::support::{
    Count, Event, Held, Log, deaf, during, holding, on_drop, parking, poll_with, waiter, waiting,
    waker_fn,
};

on_every_runtime! {
    law_30_an_interrupt_that_does_not_return_is_named,
    law_30_a_destructor_of_an_interrupt_that_does_not_return_is_named,
    law_30_an_actor_inside_its_poll_is_polling,
    law_30_an_actor_on_a_thread_is_blocking,
    law_30_status_from_inside_an_interrupt,
    law_30_status_from_inside_destructors,
    law_30_status_from_many_threads,
    law_30_looking_never_makes_a_parked_actor_a_polling_one,
}

/// Where a callback waits until the status was seen.
#[derive(Clone)]
struct Stuck {
    entered: Event,
    release: Event,
}

impl Stuck {
    fn new() -> Stuck {
        Stuck {
            entered: Event::new(),
            release: Event::new(),
        }
    }

    /// Called where it is stuck.
    fn here(&self) {
        self.entered.set();
        self.release.wait_blocking();
    }

    /// Looks from another thread, once it is stuck, and releases it. An interrupt that is about to
    /// return is let return first.
    fn look_after_interrupts(&self, handle: &Handle) -> thread::JoinHandle<Status> {
        self.look_until(handle, |status| {
            let mut waiting = status.waiting_for().iter();
            waiting.all(|one| one.state() != ActorState::Interrupting)
        })
    }

    /// Looks from another thread, once it is stuck, and releases it.
    fn look(&self, handle: &Handle) -> thread::JoinHandle<Status> {
        self.look_until(handle, |_| true)
    }

    fn look_until(
        &self,
        handle: &Handle,
        until: fn(&Status) -> bool,
    ) -> thread::JoinHandle<Status> {
        let (stuck, handle) = (self.clone(), handle.clone());
        thread::spawn(move || {
            // Released whatever happens here: the test is to fail, not to hang.
            let _release = stuck.release.on_drop();
            stuck.entered.wait_blocking();
            loop {
                let status = handle.status();
                if until(&status) {
                    return status;
                }
            }
        })
    }
}

fn state_of(status: &Status, name: &str) -> Option<ActorState> {
    let waiting = status.waiting_for().iter();
    let mut waiting = waiting.filter(|one| one.actor().as_str() == Some(name));
    let state = waiting.next().map(rungroup::ActorStatus::state);
    assert!(
        waiting.next().is_none(),
        "{name} is there twice: {status:#}"
    );
    state
}

async fn law_30_an_interrupt_that_does_not_return_is_named<R: Runtime>(rt: R) {
    let stuck = Stuck::new();
    let mut group = Group::new();
    group.add_actor(waiter().name("before").stage(1));
    let (execute, stop) = waiting();
    let sticks = stuck.clone();
    let hangs = Actor::new(execute, move |cause| {
        sticks.here();
        stop(cause);
    });
    group.add_actor(hangs.name("hangs").stage(1));
    group.add_actor(waiter().name("after").stage(1));
    group.add_actor(waiter().name("low"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    let looks = stuck.look(&handle);
    handle.stop(Ok(()));
    run.await.unwrap();
    let status = looks.join().unwrap();
    assert_eq!(status.phase(), Phase::Stopping);
    assert_eq!(state_of(&status, "hangs"), Some(ActorState::Interrupting));
    assert_eq!(state_of(&status, "after"), Some(ActorState::Parked));
    assert_eq!(state_of(&status, "low"), Some(ActorState::Parked));
    assert!(
        status.to_string().contains("`hangs` (interrupting)"),
        "{status}"
    );
}

/// It left, in the midst of Running, and `run` is inside the destructor of its interrupt.
async fn law_30_a_destructor_of_an_interrupt_that_does_not_return_is_named<R: Runtime>(rt: R) {
    let (stuck, leave) = (Stuck::new(), Event::new());
    let (sticks, leaving) = (stuck.clone(), leave.clone());
    let kept = on_drop(move || sticks.here());
    let execute = async move {
        leaving.wait().await;
        Ok(())
    };
    let leaves = Actor::new(execute, move |_| drop(kept)).name("leaves");
    let mut group = Group::new();
    group.add_actor(leaves.ends_group(Ends::OnError));
    group.add_actor(waiter().name("stays"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    let looks = stuck.look(&handle);
    leave.set();
    during(&mut run, stuck.release.wait()).await;
    let status = looks.join().unwrap();
    assert_eq!(status.phase(), Phase::Running);
    assert!(state_of(&status, "leaves").is_some(), "{status:#}");
    assert_eq!(state_of(&status, "stays"), None);
    handle.stop(Ok(()));
    run.await.unwrap();
}

/// Asked from outside of the runtime, which it may block.
async fn law_30_an_actor_inside_its_poll_is_polling<R: Runtime>(rt: R) {
    let (stuck, go) = (Stuck::new(), Event::new());
    let (sticks, goes) = (stuck.clone(), go.clone());
    let spin = async move {
        goes.wait().await;
        sticks.here();
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(Actor::new(spin, move |_| go.set()).name("spin"));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    let looks = stuck.look_after_interrupts(&handle);
    handle.stop(Ok(()));
    run.await.unwrap();
    let status = looks.join().unwrap();
    assert_eq!(status.phase(), Phase::Stopping);
    assert_eq!(state_of(&status, "spin"), Some(ActorState::Polling));
}

async fn law_30_an_actor_on_a_thread_is_blocking<R: Runtime>(rt: R) {
    type Make = fn(Stuck) -> Actor;
    let makes: [Make; 2] = [
        |stuck| {
            let work = move || -> Result {
                stuck.here();
                Ok(())
            };
            Actor::blocking(work, |_| {})
        },
        |stuck| {
            Actor::blocking_with(move |_| {
                stuck.here();
                Ok(())
            })
        },
    ];
    for make in makes {
        let stuck = Stuck::new();
        let mut group = Group::new();
        group.add_actor(make(stuck.clone()).name("thread"));
        let handle = group.handle();
        let mut run = Box::pin(group.run(rt.spawner()));
        during(&mut run, stuck.entered.wait()).await;
        handle.stop(Ok(()));
        assert!(poll_once(&mut run).await.is_none());
        assert_eq!(
            state_of(&handle.status(), "thread"),
            Some(ActorState::Blocking)
        );
        stuck.release.set();
        run.await.unwrap();
    }
}

async fn law_30_status_from_inside_an_interrupt<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    for name in ["one", "two", "three"] {
        let (handle, log) = (group.handle(), log.clone());
        let (execute, stop) = waiting();
        let actor = Actor::new(execute, move |cause| {
            let status = handle.status();
            log.add(format!("{} {:?}", status.phase(), state_of(&status, name)));
            log.add(format!("{}", status.waiting_for().len()));
            stop(cause);
        });
        group.add_actor(actor.name(name).stage(1));
    }
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, handle.ready()).await.unwrap();
    handle.stop(Ok(()));
    run.await.unwrap();
    assert_eq!(
        log.count("stopping Some(Interrupting)"),
        3,
        "{:?}",
        log.entries()
    );
    assert_eq!(log.entries()[1], "4");
}

/// Of executes and interrupts: finished, left, forced, and never started.
async fn law_30_status_from_inside_destructors<R: Runtime>(rt: R) {
    let looks = Count::new();
    let looking = |group: &Group| {
        let (handle, looks) = (group.handle(), looks.clone());
        on_drop(move || {
            let status = handle.status();
            let _ = format!("{status} {status:#}");
            looks.add();
        })
    };
    let mut group = Group::new();
    let (execute, interrupt) = (looking(&group), looking(&group));
    let leaves = Actor::new(holding(async { Ok(()) }, execute), move |_| drop(interrupt));
    group.add_actor(leaves.ends_group(Ends::OnError));
    let (execute, interrupt) = (looking(&group), looking(&group));
    group.add(holding(pending(), execute), move |_| drop(interrupt));
    group.add_actor(waiter().announces_ready());
    let (execute, interrupt) = (looking(&group), looking(&group));
    let held_back = Actor::new(holding(pending(), execute), move |_| drop(interrupt));
    group.add_actor(held_back.stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(parking(rt.spawner())));
    during(&mut run, async {
        while looks.get() < 2 {
            futures_lite::future::yield_now().await;
        }
    })
    .await;
    handle.force();
    run.await.unwrap_err();
    assert_eq!(looks.get(), 6);
}

/// All the time, while a group goes through its life.
async fn law_30_status_from_many_threads<R: Runtime>(rt: R) {
    for _ in 0..50 {
        let mut group = Group::new();
        for stage in 0..4 {
            group.add_actor(waiter().name(stage.to_string()).stage(stage));
        }
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let handle = group.handle();
                thread::spawn(move || {
                    let mut phases = vec![Phase::NotStarted];
                    while phases.last() != Some(&Phase::Ended) {
                        let status = handle.status();
                        assert!(status.waiting_for().len() <= 4, "{status:#}");
                        phases.push(status.phase());
                    }
                    phases.dedup();
                    phases
                })
            })
            .collect();
        let handle = group.handle();
        let mut run = Box::pin(group.run(rt.spawner()));
        during(&mut run, handle.ready()).await.unwrap();
        handle.stop(Ok(()));
        run.await.unwrap();
        for thread in threads {
            let phases = thread.join().unwrap();
            let order = |phase: &Phase| {
                let all = [
                    Phase::NotStarted,
                    Phase::Starting,
                    Phase::Running,
                    Phase::Stopping,
                    Phase::Ended,
                ];
                all.iter().position(|one| one == phase).unwrap()
            };
            assert!(phases.is_sorted_by_key(order), "{phases:?}");
        }
    }
}

/// "No force ever takes a parked actor for a polling one because somebody looked."
async fn law_30_looking_never_makes_a_parked_actor_a_polling_one<R: Runtime>(rt: R) {
    for _ in 0..20 {
        let log = Log::new();
        let mut group = Group::new();
        for _ in 0..100 {
            group.add_actor(deaf("deaf", &log));
        }
        let (handle, ended) = (group.handle(), Event::new());
        let (looks, until) = (handle.clone(), ended.clone());
        let looking = thread::spawn(move || {
            while !until.is_set() {
                let _ = looks.status();
            }
        });
        let mut run = Box::pin(group.run(parking(rt.spawner())));
        during(&mut run, handle.ready()).await.unwrap();
        handle.stop(Ok(()));
        assert!(poll_once(&mut run).await.is_none());
        handle.force();
        let error = run.await.unwrap_err();
        ended.set();
        looking.join().unwrap();
        let mut stragglers = error.report().stragglers().iter();
        assert!(stragglers.all(|one| one.state() == ActorState::Parked));
        assert_eq!(log.count("deaf dropped"), 100);
    }
}

/// From inside the wakers of `run`, of a task and of those that wait.
#[test]
fn law_30_status_from_inside_wakers() {
    guard("law_30_status_from_inside_wakers", || {
        let held = Held::new();
        let mut group = Group::new();
        group.add(pending(), |_| {});
        group.add_actor(waiter());
        let handle = group.handle();
        let (looks, told) = (handle.clone(), Count::new());
        let counts = told.clone();
        let waker = waker_fn(move || {
            let _ = looks.status().to_string();
            counts.add();
        });
        let (mut ready, mut stopping) = (Box::pin(handle.ready()), Box::pin(handle.stopping()));
        assert!(poll_with(&waker, &mut ready).is_pending());
        assert!(poll_with(&waker, &mut stopping).is_pending());
        let mut run = Box::pin(group.run(&held));
        assert!(poll_with(&waker, &mut run).is_pending());
        assert_eq!(told.get(), 1, "of the one that waits until it is ready");
        for task in &mut held.take() {
            assert!(poll_with(&waker, task).is_pending());
        }
        handle.stop(Ok(()));
        assert_eq!(
            told.get(),
            3,
            "of `run`, and of the one that waits until it stops"
        );
        handle.force();
        assert!(poll_with(Waker::noop(), &mut run).is_ready());
    });
}

/// Nobody polls `run`: a program that forgot to await it is told so.
#[test]
fn law_30_status_while_run_is_not_polled() {
    let held = Held::new();
    let mut group = Group::new();
    group.add_actor(waiter().name("a"));
    let handle = group.handle();
    let mut run: Pin<&mut dyn Future<Output = _>> = pin!(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    handle.force();
    let looking = thread::spawn(move || handle.status());
    let status = looking.join().unwrap();
    assert_eq!(status.phase(), Phase::Running);
    assert_eq!(status.cause().unwrap().to_string(), "stop requested");
    assert_eq!(state_of(&status, "a"), Some(ActorState::Parked));
}

/// `run` is on a thread of its own, inside an interrupt that never returns: as one that hangs.
#[test]
fn law_30_status_while_run_hangs() {
    guard("law_30_status_while_run_hangs", || {
        let stuck = Stuck::new();
        let sticks = stuck.clone();
        let mut group = Group::new();
        group.grace(std::time::Duration::ZERO);
        let hangs = Actor::new(async { Ok(()) }, move |_| sticks.here());
        group.add_actor(hangs.name("hangs"));
        let handle = group.handle();
        let running = thread::spawn(|| group.run_blocking(Threads));
        stuck.entered.wait_blocking();
        for _ in 0..3 {
            let status = handle.status();
            assert_eq!(state_of(&status, "hangs"), Some(ActorState::Interrupting));
            handle.force();
        }
        stuck.release.set();
        let _ = running.join().unwrap();
    });
}
