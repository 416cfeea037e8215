//! A spawner with one thread, which polls the task it is told to poll, and with a clock that ticks
//! when it is told to.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rungroup::{Spawner, Task};

use crate::program::Id;
use crate::seen::Seen;
use crate::watch::id_of;

/// So long that the real time that passes in a test does not count.
pub const TICK: Duration = Duration::from_secs(1000);

/// Shared with all that note what they see.
#[derive(Clone, Default)]
pub struct Executor(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    seen: Seen,
    tasks: Vec<Entry>,
    /// Tasks to be dropped as soon as they are there.
    doomed: Vec<Id>,
    now: u32,
    sleepers: Vec<(u32, Waker)>,
}

struct Entry {
    id: Id,
    /// Away while it is polled, and when it is finished or lost.
    task: Option<Task>,
    wakes: Arc<Wakes>,
}

impl Executor {
    pub fn note<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        self.with(|state| f(&mut state.seen))
    }

    pub fn tick(&self) {
        let (due, later) = self.with(|state| {
            state.now += 1;
            let is_due = |sleeper: &(u32, Waker)| sleeper.0 <= state.now;
            mem::take(&mut state.sleepers)
                .into_iter()
                .partition::<Vec<_>, _>(is_due)
        });
        self.with(|state| state.sleepers.extend(later));
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Drops the actor's task, now or when it comes.
    pub fn lose(&self, id: Id) {
        let lost = self.with(|state| {
            if !state.seen.started.contains(&id) {
                state.doomed.push(id);
            }
            let entry = state.tasks.iter_mut().find(|entry| entry.id == id);
            entry.and_then(|entry| entry.task.take())
        });
        drop(lost);
    }

    /// Polls each woken task, in the order of the starts.
    pub fn poll_each(&self) {
        let mut place = 0;
        while place < self.with(|state| state.tasks.len()) {
            self.poll_if_woken(place);
            place += 1;
        }
    }

    /// Polls the first woken task, if there is one.
    pub fn poll_first(&self) -> bool {
        let tasks = self.with(|state| state.tasks.len());
        (0..tasks).any(|place| self.poll_if_woken(place))
    }

    fn poll_if_woken(&self, place: usize) -> bool {
        let Some((mut task, wakes)) = self.with(|state| {
            let entry = &mut state.tasks[place];
            let woken = entry.task.is_some() && entry.wakes.take();
            woken.then(|| Some((entry.task.take()?, Arc::clone(&entry.wakes))))?
        }) else {
            return false;
        };
        let waker = Waker::from(wakes);
        if Pin::new(&mut task)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
        {
            self.with(|state| state.tasks[place].task = Some(task));
        }
        true
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap())
    }
}

impl Spawner for Executor {
    fn spawn_task(&self, task: Task) {
        let id = id_of(task.name());
        let mut task = Some(task);
        let lost = self.with(|state| {
            let lost = state.doomed.contains(&id).then(|| task.take());
            state.seen.started.push(id);
            state.tasks.push(Entry {
                id,
                task,
                wakes: Wakes::woken(),
            });
            lost
        });
        drop(lost);
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        // What is missing to whole ticks is real time that has passed.
        let ticks = duration.as_millis().div_ceil(TICK.as_millis());
        let executor = self.clone();
        let until = self.with(|state| state.now) + u32::try_from(ticks).expect("a short sleep");
        Box::pin(poll_fn(move |cx| {
            executor.with(|state| {
                if state.now >= until {
                    return Poll::Ready(());
                }
                state.sleepers.push((until, cx.waker().clone()));
                Poll::Pending
            })
        }))
    }
}

/// Whether somebody was woken.
pub struct Wakes(AtomicBool);

impl Wakes {
    pub fn woken() -> Arc<Wakes> {
        Arc::new(Wakes(AtomicBool::new(true)))
    }

    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }

    /// Polls the future if it was woken.
    pub fn poll<F: Future + ?Sized>(self: &Arc<Self>, future: Pin<&mut F>) -> Option<F::Output> {
        if !self.take() {
            return None;
        }
        let waker = Waker::from(Arc::clone(self));
        match future.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    pub fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
