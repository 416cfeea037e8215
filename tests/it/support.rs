//! Pieces that many tests need.

use std::sync::{Arc, Mutex};

use rungroup::{Actor, Cause, Result};

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

/// Something that happens once. Who waits, waits for the thing itself.
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

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
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
