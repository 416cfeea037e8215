//! Laws 15 and 26: no step of `run` is unbounded. What happens between two batches of a start or of
//! interrupts is seen before the next one.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rungroup::{Actor, Ends, ErrorKind, ForcedBy, Group, Handle, Spawner, Task};

use crate::runtime::Runtime;
use crate::support::{Count, Held, Inline, Log, counting_waker, on_drop, parking, poll_with};

on_every_runtime! {
    law_15_a_force_between_two_batches_of_a_start,
    law_15_a_batch_of_a_start_counts_the_actors_of_all_stages,
    law_15_a_grace_between_two_batches_of_a_start,
    law_15_a_grace_ends_although_actors_are_added_without_pause,
    law_15_a_force_between_two_batches_of_interrupts,
    law_15_a_force_between_two_batches_of_actors_that_never_start,
    law_26_a_group_that_is_never_idle_becomes_ready,
}

/// As many as several batches have.
const MANY: usize = 2_000;

/// Calls `hook` at each spawn with the number of those before, and has a clock that rings for all
/// once it is told.
#[derive(Clone)]
struct Hooked<S> {
    spawner: S,
    spawned: Count,
    is_time_over: Arc<AtomicBool>,
    hook: Arc<dyn Fn(usize) + Send + Sync>,
}

impl<S> Hooked<S> {
    fn new(spawner: S, hook: impl Fn(usize, &AtomicBool) + Send + Sync + 'static) -> Hooked<S> {
        let is_time_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_time_over);
        Hooked {
            spawner,
            spawned: Count::new(),
            is_time_over,
            hook: Arc::new(move |nth| hook(nth, &over)),
        }
    }
}

impl<S: Spawner> Spawner for Hooked<S> {
    fn spawn_task(&self, task: Task) {
        let nth = self.spawned.get();
        self.spawned.add();
        self.spawner.spawn_task(task);
        (self.hook)(nth);
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let is_over = Arc::clone(&self.is_time_over);
        // Nobody wakes: `run` looks between two batches by itself.
        Box::pin(poll_fn(move |_| match is_over.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }))
    }
}

fn deaf() -> Actor {
    Actor::new(std::future::pending(), |_| {})
}

/// "Between two batches a stop, a limit and a force are seen. An actor that was accepted but not
/// started at a force never starts."
async fn law_15_a_force_between_two_batches_of_a_start<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.extend((0..MANY).map(|_| deaf()));
    let handle = group.handle();
    let spawner = Hooked::new(rt.spawner(), move |nth, _| {
        if nth == 300 {
            handle.force();
        }
    });
    let error = group.run(spawner.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert_eq!(error.report().stragglers().len(), MANY);
    let reasons = error.report().stragglers().iter();
    assert!(
        reasons
            .map(rungroup::Straggler::reason)
            .all(|it| it == ForcedBy::Request)
    );
    assert!(spawner.spawned.get() < MANY, "all have started");
}

/// Each stage begins anew, but not its batch.
async fn law_15_a_batch_of_a_start_counts_the_actors_of_all_stages<R: Runtime>(rt: R) {
    let started = async |stages: &[usize]| {
        let mut group = Group::new();
        for (stage, &actors) in (0..).zip(stages) {
            group.extend((0..actors).map(|_| deaf().stage(stage)));
        }
        let handle = group.handle();
        let spawner = Hooked::new(rt.spawner(), move |_, _| handle.force());
        let error = group.run(spawner.clone()).await.unwrap_err();
        assert_eq!(error.report().stragglers().len(), MANY);
        spawner.spawned.get()
    };
    let in_one_stage = started(&[MANY]).await;
    assert!(in_one_stage < MANY, "all have started");
    for first in [1, 100, 200] {
        let in_two_stages = started(&[first, MANY - first]).await;
        assert_eq!(in_two_stages, in_one_stage, "{first} in the first stage");
    }
}

async fn law_15_a_grace_between_two_batches_of_a_start<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.grace(Duration::from_secs(3600));
    group.extend((0..MANY).map(|_| deaf()));
    let handle = group.handle();
    let spawner = Hooked::new(rt.spawner(), move |nth, is_time_over| match nth {
        300 => handle.stop(Ok(())),
        900 => is_time_over.store(true, Ordering::Relaxed),
        _ => {}
    });
    let error = group.run(spawner.clone()).await.unwrap_err();
    assert_eq!(error.report().stragglers().len(), MANY);
    let reasons = error.report().stragglers().iter();
    assert!(
        reasons
            .map(rungroup::Straggler::reason)
            .all(|it| it == ForcedBy::Grace)
    );
    assert!(spawner.spawned.get() < MANY, "all have started");
}

/// Each start adds an actor, so there is always one to start.
async fn law_15_a_grace_ends_although_actors_are_added_without_pause<R: Runtime>(rt: R) {
    /// Far more than fit between the end of the grace and the next look at it.
    const STARVED: usize = 50_000;
    let mut group = Group::new();
    group.grace(Duration::from_secs(3600));
    group.add_actor(deaf().stage(1));
    group.add_actor(deaf());
    let handle = group.handle();
    // Nothing of it runs: only the adds matter.
    let spawner = Hooked::new(Held::new(), move |nth, is_time_over| {
        assert!(nth < STARVED, "the grace does not end");
        let _ = handle.add_actor(deaf());
        match nth {
            600 => handle.stop(Ok(())),
            1_200 => is_time_over.store(true, Ordering::Relaxed),
            _ => {}
        }
    });
    let _ = rt.spawner();
    let error = group.run(spawner).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
}

/// Those that were interrupted before the force are named, the others are counted; each interrupt is
/// called once, in the order of adding.
async fn law_15_a_force_between_two_batches_of_interrupts<R: Runtime>(rt: R) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let mut group = Group::new();
    let handle = group.handle();
    for nth in 0..MANY {
        let (calls, handle) = (Arc::clone(&calls), handle.clone());
        group.add_actor(Actor::new(std::future::pending(), move |_| {
            calls.lock().unwrap().push(nth);
            if nth == 300 {
                handle.force();
            }
        }));
    }
    handle.stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    let in_order: Vec<_> = (0..MANY).collect();
    assert_eq!(*calls.lock().unwrap(), in_order);
    let stragglers = error.report().stragglers().iter();
    let waited_for = stragglers.filter(|it| it.waited_for().is_some()).count();
    // The second batch of 256 is finished, and all of it had its turn before the force.
    assert_eq!(waited_for, 512);
}

/// The first of those that readiness holds back forces the group when it is dropped.
async fn law_15_a_force_between_two_batches_of_actors_that_never_start<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(crate::support::deaf("silent", &log).announces_ready());
    let handle = group.handle();
    let forces = handle.clone();
    let first = crate::support::on_drop(move || forces.force());
    let held = crate::support::holding(std::future::pending(), first);
    group.add_actor(Actor::new(held, |_| {}).stage(1));
    group.extend((1..MANY).map(|_| deaf().stage(1)));
    handle.stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.report().never_started().len(), MANY);
    assert_eq!(error.report().stragglers().len(), 1);
    // No turn began once the force was asked for.
    assert!(error.report().stragglers()[0].waited_for().is_none());
    assert_eq!(log.count("silent interrupted"), 1);
}

/// "However busy the group is, it becomes ready when this law says so."
async fn law_26_a_group_that_is_never_idle_becomes_ready<R: Runtime>(rt: R) {
    const STARVED: usize = 50_000;
    /// An actor that exits where it is spawned.
    fn short() -> Actor {
        Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::Never)
    }
    fn add_and_look(handle: &Handle, nth: usize) {
        assert!(nth < STARVED, "it does not become ready");
        if handle.is_ready() {
            handle.stop(Ok(()));
        } else {
            let _ = handle.add_actor(short());
        }
    }
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(std::future::pending()).name("stays"));
    // More than a batch: what is added meanwhile must not come in before they have started.
    group.extend((0..MANY).map(|_| short()));
    let handle = group.handle();
    let stays = Mutex::new(Some(rt.spawner()));
    let hook = Hooked::new(Inline, move |nth, _| add_and_look(&handle, nth));
    let spawner = rungroup::spawner::from_fn(move |task: Task| {
        // The one that stays must be polled again.
        let is_first = task.name().as_str() == Some("stays");
        match stays.lock().unwrap().take().filter(|_| is_first) {
            Some(spawner) => spawner.spawn_task(task),
            None => hook.spawn_task(task),
        }
    });
    group.run(spawner).await.unwrap();
}

/// Between two batches, `run` lets the other tasks of its thread run: it returns, and is polled again.
/// By hand, to see what it does in each poll.
#[test]
fn law_15_no_poll_starts_or_takes_more_than_a_batch() {
    starts_and_is_taken_in_batches(deaf());
    // While readiness has a say, actors are looked at one by one.
    starts_and_is_taken_in_batches(deaf().announces_ready());
}

fn starts_and_is_taken_in_batches(first: Actor) {
    const BATCH: usize = 256;
    let (spawner, wakes) = (Held::new(), Count::new());
    let waker = counting_waker(&wakes);
    let mut group = Group::new();
    group.add_actor(first);
    let left = Count::new();
    group.extend((1..MANY).map(|_| leaving(&left)));
    let mut run = pin!(group.run(spawner.clone()));
    // Polls `run` until it waits. In each poll, `done` grows by a batch at most.
    let mut poll_run = |mut done: Box<dyn FnMut() -> usize + '_>| {
        let mut before = done();
        loop {
            let woken = wakes.get();
            assert!(poll_with(&waker, &mut run).is_pending());
            let now = done();
            assert!(now - before <= BATCH, "{before} and then {now}");
            before = now;
            if wakes.get() == woken {
                return now;
            }
        }
    };

    let mut tasks = Vec::new();
    let started = poll_run(Box::new(|| {
        tasks.extend(spawner.take());
        tasks.len()
    }));
    assert_eq!(started, MANY);

    tasks.retain_mut(|task| poll_with(&waker, task).is_pending());
    assert_eq!(tasks.len(), 1, "all others have exited");
    let taken = poll_run(Box::new(|| left.get()));
    assert_eq!(taken, MANY - 1);
}

/// An actor that exits without ending its group, which counts it when it takes the exit.
fn leaving(left: &Count) -> Actor {
    let left = left.clone();
    let dropped = on_drop(move || left.add());
    let interrupt = move |_: &rungroup::Cause| drop(dropped);
    Actor::new(async { Ok(()) }, interrupt).ends_group(Ends::OnError)
}
