//! A group with some of everything, for the grids of faults: readiness, a drain, stages, the
//! background, limits, a nested group, an actor that leaves and one that is added. It stops itself
//! once it is ready.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::future::{block_on, poll_once, yield_now};
use rungroup::{Actor, Cause, Ends, Group, Handle, Phase, Result, Spawner, Task};

use crate::runtime::Runtime;
use crate::support::{Count, Log, holding, kaboom, on_drop, waiter};

const HOUR: Duration = Duration::from_secs(3600);

/// For a drain and a limit that end as soon as the clock is polled twice.
const SHORT: Duration = Duration::from_millis(1);

/// The actors, in the order of the stages in which they stop. `high` and `low` are in the nested
/// group; `child` is added by `server`, and `deaf` has a limit of its own.
const STAGES: [&[&str]; 4] = [
    &["trigger", "high", "low"],
    &["server", "child", "deaf"],
    &["leaver", "db"],
    &["metrics"],
];

/// Where an actor may panic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Callback {
    FirstPoll,
    /// The last poll, of one that waits for its interrupt.
    PollAfterInterrupt,
    Interrupt,
    DropOfExecute,
    DropOfInterrupt,
}

pub const CALLBACKS: [Callback; 5] = [
    Callback::FirstPoll,
    Callback::PollAfterInterrupt,
    Callback::Interrupt,
    Callback::DropOfExecute,
    Callback::DropOfInterrupt,
];

pub fn actors() -> impl Iterator<Item = &'static str> {
    STAGES.into_iter().flatten().copied()
}

/// The group's book: what was made, polled, interrupted and dropped.
#[derive(Clone, Default)]
pub struct Script {
    pub log: Log,
    bomb: Option<(&'static str, Callback)>,
    pub explosions: Count,
}

impl Script {
    pub fn new() -> Script {
        Script::default()
    }

    /// One whose actor `name` panics once.
    pub fn with_bomb(name: &'static str, callback: Callback) -> Script {
        Script {
            bomb: Some((name, callback)),
            ..Script::default()
        }
    }

    fn note(&self, name: &str, what: &str) {
        self.log.add(format!("{name} {what}"));
    }

    fn has(&self, name: &str, what: &str) -> bool {
        self.count(name, what) > 0
    }

    fn count(&self, name: &str, what: &str) -> usize {
        self.log.count(&format!("{name} {what}"))
    }

    fn pass(&self, name: &'static str, callback: Callback) {
        if self.bomb == Some((name, callback)) && self.explosions.get() == 0 {
            self.explosions.add();
            kaboom("bomb");
        }
    }

    /// The group, whose actors run on `spawner`, those of the nested group too.
    pub fn group(&self, spawner: impl Spawner + Clone + 'static) -> Group {
        let mut group = Group::new();
        group.grace(HOUR).drain(SHORT);
        let handle = group.handle();
        group.add_actor(self.database());
        group.add_actor(self.leaver());
        group.add_actor(self.waiter("metrics").background());
        group.add_actor(self.server(handle.clone()).stage(1));
        group.add_actor(self.deaf().stage(1).grace(SHORT));
        let mut inner = Group::new();
        inner.add_actor(self.waiter("low"));
        inner.add_actor(self.waiter("high").stage(1));
        group.add_actor(inner.into_actor(spawner).name("inner").stage(2));
        group.add_actor(self.trigger(handle).stage(2));
        group
    }

    fn database(&self) -> Actor {
        let script = self.clone();
        self.note("db", "made");
        // Of the interrupt of a context only the effect can be seen.
        self.note("db", "let go");
        let gone = on_drop(move || script.note("db", "dropped"));
        let script = self.clone();
        let actor = Actor::with(move |ctx| {
            let (seen, told) = (ctx.clone(), script.clone());
            let kept = on_drop(move || {
                if seen.is_interrupted() {
                    told.note("db", "interrupted");
                }
                drop(gone);
                told.pass("db", Callback::DropOfExecute);
            });
            let work = async move {
                script.note("db", "polled");
                script.pass("db", Callback::FirstPoll);
                ctx.announce_ready();
                ctx.interrupted().await;
                script.pass("db", Callback::PollAfterInterrupt);
                Ok(())
            };
            holding(work, kept)
        });
        actor.name("db").announces_ready()
    }

    fn leaver(&self) -> Actor {
        let actor = self.actor("leaver", async { Ok(()) }, |_| {});
        actor.ends_group(Ends::OnError)
    }

    fn waiter(&self, name: &'static str) -> Actor {
        let (wait, stop) = waiting();
        self.actor(name, wait, stop)
    }

    fn server(&self, handle: Handle) -> Actor {
        let (script, (wait, stop)) = (self.clone(), waiting());
        let work = async move {
            let child = script.waiter("child").stage(1).ends_group(Ends::OnError);
            drop(handle.add_actor(child));
            wait.await
        };
        self.actor("server", work, stop)
    }

    fn deaf(&self) -> Actor {
        self.actor("deaf", pending(), |_| {})
    }

    fn trigger(&self, handle: Handle) -> Actor {
        let (script, (wait, stop)) = (self.clone(), waiting());
        let work = async move {
            let is_ready = handle.ready().await.is_ok();
            // The limit of `deaf` is so short that it would often be over before its first poll.
            while !script.has("deaf", "polled") && !script.has("trigger", "interrupted") {
                yield_now().await;
            }
            if is_ready {
                handle.stop(Ok(()));
            }
            wait.await
        };
        self.actor("trigger", work, stop)
    }

    fn actor(
        &self,
        name: &'static str,
        work: impl Future<Output = Result> + Send + 'static,
        stop: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        self.note(name, "made");
        let script = self.clone();
        let let_go = on_drop(move || {
            script.note(name, "let go");
            script.pass(name, Callback::DropOfInterrupt);
        });
        let script = self.clone();
        let interrupt = move |cause: &Cause| {
            let _let_go = let_go;
            script.note(name, "interrupted");
            stop(cause);
            script.pass(name, Callback::Interrupt);
        };
        Actor::new(self.execute(name, work), interrupt).name(name)
    }

    fn execute(
        &self,
        name: &'static str,
        work: impl Future<Output = Result> + Send + 'static,
    ) -> impl Future<Output = Result> + Send + 'static {
        let script = self.clone();
        let dropped = on_drop(move || {
            script.note(name, "dropped");
            script.pass(name, Callback::DropOfExecute);
        });
        let (script, mut work) = (self.clone(), Box::pin(work));
        let work = poll_fn(move |cx| {
            script.note(name, "polled");
            script.pass(name, Callback::FirstPoll);
            let polled = work.as_mut().poll(cx);
            if polled.is_ready() && script.has(name, "interrupted") {
                script.pass(name, Callback::PollAfterInterrupt);
            }
            polled
        });
        holding(work, dropped)
    }

    /// Once the run has ended or was dropped: waits until all that was made is dropped, for a
    /// future inside its poll is dropped a little later, and checks the book.
    pub async fn settle<R: Runtime>(&self, rt: &R, handle: &Handle, what: &str) {
        for name in self.made() {
            self.log.until(&format!("{name} dropped")).await;
            self.log.until(&format!("{name} let go")).await;
        }
        self.check(handle, what);
        let before = self.log.entries();
        let (tell, told) = async_channel::bounded(1);
        rt.spawn(async move { tell.send(()).await.unwrap() });
        told.recv().await.unwrap();
        assert_eq!(self.log.entries(), before, "{what}: something ran later");
    }

    fn made(&self) -> Vec<&'static str> {
        actors().filter(|name| self.has(name, "made")).collect()
    }

    /// "All interrupts are called exactly once, all futures are dropped"; and handles work.
    pub fn check(&self, handle: &Handle, what: &str) {
        for name in self.made() {
            let book = format!("{what}: {name}: {:#?}", self.log.entries());
            assert_eq!(self.count(name, "dropped"), 1, "{book}");
            assert_eq!(self.count(name, "let go"), 1, "{book}");
            let interrupts = self.count(name, "interrupted");
            assert!(interrupts <= 1, "{book}");
            // One that never started is not interrupted; nor is `leaver`, if it has left.
            let is_due = self.has(name, "spawned")
                && !(name == "leaver" && self.has(name, "polled"))
                // It shows its interrupt only if it lives to see it.
                && name != "db";
            assert!(interrupts == 1 || !is_due, "{book}");
        }
        assert_gone(handle);
    }

    /// What a whole run must show besides: all were interrupted, in the order of the stages.
    pub fn check_order(&self, what: &str) {
        let entries = self.log.entries();
        let place = |name: &&str| {
            let interrupted = format!("{name} interrupted");
            entries.iter().position(|entry| *entry == interrupted)
        };
        let mut before = 0;
        for stage in STAGES {
            // It has left; and a child that comes too late is given back.
            let is_due = |name: &&&str| match **name {
                "leaver" => false,
                name => name != "child" || self.has(name, "spawned"),
            };
            let places: Vec<_> = stage.iter().filter(is_due).map(place).collect();
            for place in &places {
                let place = place.unwrap_or_else(|| panic!("{what}: {stage:?}: {entries:#?}"));
                assert!(place >= before, "{what}: {stage:?}: {entries:#?}");
            }
            before = places.into_iter().flatten().max().unwrap_or(before);
        }
    }
}

/// Handles of a group that is gone work, and do nothing.
pub fn assert_gone(handle: &Handle) {
    assert_eq!(handle.status().phase(), Phase::Ended);
    assert!(!handle.is_ready());
    assert!(handle.add_actor(waiter()).is_err());
    assert!(block_on(poll_once(handle.ready())).unwrap().is_err());
    assert!(block_on(poll_once(handle.stopping())).is_some());
    handle.stop(Err("too late".into()));
    handle.skip_drain();
    handle.force();
}

/// Waits for an interrupt, which wakes it outside of every lock: a channel that wakes inside its own
/// deadlocks with a spawner that polls inside the wake.
fn waiting() -> (
    impl Future<Output = Result> + Send,
    impl FnOnce(&Cause) + Send,
) {
    let gate = Arc::new(Mutex::new((false, None::<Waker>)));
    let opens = Arc::clone(&gate);
    let execute = poll_fn(move |cx| {
        let mut gate = gate.lock().unwrap();
        if gate.0 {
            return Poll::Ready(Ok(()));
        }
        let outdated = gate.1.replace(cx.waker().clone());
        drop(gate);
        drop(outdated);
        Poll::Pending
    });
    let interrupt = move |_: &Cause| {
        let waker = {
            let mut gate = opens.lock().unwrap();
            gate.0 = true;
            gate.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    };
    (execute, interrupt)
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Notes what it spawns, with a clock that rings for what is short and never for what is long.
#[derive(Clone)]
pub struct Noting<S> {
    spawner: S,
    log: Log,
}

impl<S> Noting<S> {
    pub fn new(script: &Script, spawner: S) -> Noting<S> {
        let log = script.log.clone();
        Noting { spawner, log }
    }
}

impl<S: Spawner> Spawner for Noting<S> {
    fn spawn_task(&self, task: Task) {
        self.log.add(format!("{} spawned", task.name()));
        self.spawner.spawn_task(task);
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        if duration > HOUR / 2 {
            return Box::pin(pending());
        }
        Box::pin(yield_now())
    }
}
