//! Pieces that many tests need.

pub mod cause;
pub mod clock;
pub mod errors;
#[macro_use]
pub mod runtime;

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_lite::future::or;
use rungroup::{Actor, Cause, Result, Spawner, Task};

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn new() -> Log {
        Log::default()
    }

    pub fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    pub fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, entry: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|one| *one == entry)
            .count()
    }
}

/// An execute that waits for its interrupt, and the interrupt, as Go's tests have them.
pub fn waiting() -> (
    impl Future<Output = Result> + Send,
    impl FnOnce(&Cause) + Send,
) {
    let (stop, stopped) = async_channel::bounded::<()>(1);
    let execute = async move {
        let _ = stopped.recv().await;
        Ok(())
    };
    (execute, move |_: &Cause| drop(stop))
}

/// An actor that waits for its interrupt.
#[track_caller]
pub fn waiter() -> Actor {
    let (execute, interrupt) = waiting();
    Actor::new(execute, interrupt)
}

/// An actor that waits for its interrupt, then ends as `end` does.
#[track_caller]
pub fn ending(end: impl FnOnce() -> Result + Send + 'static) -> Actor {
    Actor::with(|ctx| async move {
        ctx.interrupted().await;
        end()
    })
}

/// How often something happened.
#[derive(Clone, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    pub fn new() -> Count {
        Count::default()
    }

    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Something that happens once. A test that waits, waits for the event itself.
#[derive(Clone)]
pub struct Event {
    happens: async_channel::Sender<()>,
    happened: async_channel::Receiver<()>,
}

impl Event {
    pub fn new() -> Event {
        let (happens, happened) = async_channel::bounded(1);
        Event { happens, happened }
    }

    pub fn set(&self) {
        self.happens.close();
    }

    pub fn is_set(&self) -> bool {
        self.happens.is_closed()
    }

    pub async fn wait(&self) {
        let _ = self.happened.recv().await;
    }

    pub fn wait_blocking(&self) {
        futures_lite::future::block_on(self.wait());
    }

    /// A value that sets the event when it is dropped.
    pub fn on_drop(&self) -> impl Send + 'static {
        let event = self.clone();
        OnDrop(Some(move || event.set()))
    }
}

impl Log {
    /// Waits until `entry` is there.
    pub async fn until(&self, entry: &str) {
        while self.count(entry) == 0 {
            futures_lite::future::yield_now().await;
        }
    }

    /// A value that adds `entry` when it is dropped.
    pub fn on_drop(&self, entry: impl Into<String>) -> impl Send + 'static {
        let (log, entry) = (self.clone(), entry.into());
        OnDrop(Some(move || log.add(entry)))
    }
}

/// Calls its function when it is dropped.
pub struct OnDrop<F: FnOnce()>(pub Option<F>);

pub fn on_drop<F: FnOnce()>(f: F) -> OnDrop<F> {
    OnDrop(Some(f))
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// Panics without the panic hook, so that an expected panic prints nothing.
pub fn kaboom(payload: impl Any + Send) -> ! {
    resume_unwind(Box::new(payload))
}

/// Runs an ignored test of this binary, which a fault would abort, in a process of its own.
pub fn survives(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", test])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("1 passed"), "there is no {test}: {text}");
}

/// Drops `kept` when it is dropped itself, not when `future` is ready.
pub struct Holding<F, T> {
    future: Pin<Box<F>>,
    _kept: T,
}

pub fn holding<F: Future, T>(future: F, kept: T) -> Holding<F, T> {
    Holding {
        future: Box::pin(future),
        _kept: kept,
    }
}

impl<F, T> Unpin for Holding<F, T> {}

impl<F: Future, T> Future for Holding<F, T> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.future.as_mut().poll(cx)
    }
}

/// Counts the polls of `future`.
pub fn counting<F: Future>(polls: &Count, future: F) -> impl Future<Output = F::Output> + use<F> {
    let polls = polls.clone();
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        polls.add();
        future.as_mut().poll(cx)
    })
}

/// Polls `run`, which must not end meanwhile, until `event` is there.
pub async fn during<T>(run: impl Future, event: impl Future<Output = T>) -> T {
    let ended = async {
        run.await;
        panic!("run ended too early")
    };
    or(ended, event).await
}

/// A waker that calls `f` whenever it wakes.
pub fn waker_fn(f: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Call<F>(F);

    impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }

    Waker::from(Arc::new(Call(f)))
}

/// A waker that counts.
pub fn counting_waker(wakes: &Count) -> Waker {
    let wakes = wakes.clone();
    waker_fn(move || wakes.add())
}

pub fn poll_with<F: Future + Unpin>(waker: &Waker, future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// A spawner that leaves its tasks to the test, which polls them by hand.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Vec<Task>>>);

impl Held {
    pub fn new() -> Held {
        Held::default()
    }

    /// The tasks since the last call, in the order in which they were spawned.
    pub fn take(&self) -> Vec<Task> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Spawner for Held {
    fn spawn_task(&self, task: Task) {
        self.0.lock().unwrap().push(task);
    }
}

/// The tasks of a group, which are polled by hand.
#[derive(Clone, Default)]
pub struct Tasks {
    held: Held,
    polled: Arc<Mutex<Vec<Task>>>,
}

impl Tasks {
    pub fn spawner(&self) -> Held {
        self.held.clone()
    }

    /// Polls each task once.
    pub fn poll(&self) {
        let mut tasks = std::mem::take(&mut *self.polled.lock().unwrap());
        tasks.extend(self.held.take());
        tasks.retain_mut(|task| poll_with(Waker::noop(), task).is_pending());
        self.polled.lock().unwrap().append(&mut tasks);
    }
}

/// An actor that waits for its interrupt, and logs "`name` interrupted" and "`name` exited".
#[track_caller]
pub fn logged(name: &'static str, log: &Log) -> Actor {
    let (wait, stop) = waiting();
    let (exited, log) = (log.on_drop(format!("{name} exited")), log.clone());
    let execute = async move {
        let _exited = exited;
        wait.await
    };
    let interrupt = move |cause: &Cause| {
        log.add(format!("{name} interrupted"));
        stop(cause);
    };
    Actor::new(execute, interrupt).name(name)
}

/// An actor that never ends by itself, and logs "`name` interrupted" and "`name` dropped".
#[track_caller]
pub fn deaf(name: &'static str, log: &Log) -> Actor {
    let (dropped, log) = (log.on_drop(format!("{name} dropped")), log.clone());
    let execute = async move {
        let _dropped = dropped;
        std::future::pending().await
    };
    let interrupt = move |_: &Cause| log.add(format!("{name} interrupted"));
    Actor::new(execute, interrupt).name(name)
}

/// Runs the tasks on `rt`, and logs "`name` spawned" and, once its exit was told, "`name` done".
pub fn watched<R: crate::runtime::Runtime>(
    rt: &R,
    log: &Log,
) -> impl rungroup::Spawner + Clone + 'static {
    let (rt, log) = (rt.clone(), log.clone());
    rungroup::spawner::from_fn(move |task: rungroup::Task| {
        let (log, name) = (log.clone(), task.name().to_string());
        log.add(format!("{name} spawned"));
        rt.spawn(async move {
            task.await;
            log.add(format!("{name} done"));
        });
    })
}

/// Polls each task for the first time in `spawn`, and hands it to `spawner` when it is woken: one
/// that never wakes is surely parked when `spawn` returns, not inside a first poll elsewhere.
pub fn parking<S: Spawner + Clone + 'static>(spawner: S) -> Parking<S> {
    Parking(spawner)
}

#[derive(Clone)]
pub struct Parking<S>(S);

impl<S: Spawner + Clone + 'static> Spawner for Parking<S> {
    fn spawn_task(&self, mut task: Task) {
        let parked = Arc::new(Parked {
            spawner: self.0.clone(),
            state: Mutex::new(ParkedState::Polling),
        });
        let waker = Waker::from(Arc::clone(&parked));
        if poll_with(&waker, &mut task).is_ready() {
            return;
        }
        let mut state = parked.state.lock().unwrap();
        match *state {
            ParkedState::Woken => {
                drop(state);
                self.0.spawn_task(task);
            }
            _ => *state = ParkedState::Parked(task),
        }
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(duration)
    }
}

struct Parked<S> {
    spawner: S,
    state: Mutex<ParkedState>,
}

enum ParkedState {
    Polling,
    Parked(Task),
    Woken,
}

impl<S: Spawner + 'static> Wake for Parked<S> {
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        let before = std::mem::replace(&mut *state, ParkedState::Woken);
        drop(state);
        if let ParkedState::Parked(task) = before {
            self.spawner.spawn_task(task);
        }
    }
}

/// Polls each task where it is spawned and where it is woken, inside the wake.
#[derive(Clone)]
pub struct Inline;

impl Spawner for Inline {
    fn spawn_task(&self, task: Task) {
        parking(Inline).spawn_task(task);
    }
}
