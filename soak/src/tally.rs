//! Counts what becomes of actors: each that is offered to a group returns, is forced, or is given back.

use std::future::{Future, pending};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future::yield_now;
use rungroup::{Actor, Cause, Handle, Result};

#[derive(Debug, Default)]
pub struct Tally {
    offered: AtomicUsize,
    given_back: AtomicUsize,
    returned: AtomicUsize,
    /// Those that did not return: forced, held back until the stop, or given back.
    dropped: AtomicUsize,
    /// The interrupts that were called or dropped.
    told: AtomicUsize,
}

/// How an actor lives.
#[derive(Clone, Copy, Debug)]
pub enum Life {
    /// It ends after so many polls.
    Short(usize),
    /// It ends when it is interrupted.
    Waits,
    /// It does not end.
    Deaf,
}

/// How an actor ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Ok,
    Err,
    Panic,
}

impl Tally {
    pub fn actor(self: &Arc<Tally>, life: Life, end: End) -> Actor {
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let work = async move {
            match life {
                Life::Short(polls) => {
                    for _ in 1..polls {
                        yield_now().await;
                    }
                }
                Life::Waits => drop(stopped.recv().await),
                Life::Deaf => pending().await,
            }
            end.result()
        };
        self.counted(work, move |_| drop(stop))
    }

    /// An actor of these parts, whose fate is counted.
    pub fn counted(
        self: &Arc<Tally>,
        work: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        self.offered.fetch_add(1, Ordering::SeqCst);
        let fate = Fate {
            tally: Arc::clone(self),
            returns: false,
        };
        let told = Told(Arc::clone(self));
        let execute = async move {
            let returned = work.await;
            fate.returned();
            returned
        };
        Actor::new(execute, move |cause| {
            let _told = told;
            interrupt(cause);
        })
    }

    /// Adds an actor; says whether it was accepted.
    pub fn add(&self, handle: &Handle, actor: Actor) -> bool {
        let Err(back) = handle.add_actor(actor) else {
            return true;
        };
        self.given_back.fetch_add(1, Ordering::SeqCst);
        drop(back);
        false
    }

    /// Waits until nothing is left of any actor: one that was forced inside its poll is dropped when
    /// the poll returns.
    pub async fn settled(&self) {
        while !self.is_settled() {
            yield_now().await;
        }
    }

    /// The actors that have not ended.
    pub fn living(&self) -> usize {
        // Those that ended are read first: at worst, it is too many.
        let ended = self.returned.load(Ordering::SeqCst) + self.dropped.load(Ordering::SeqCst);
        self.offered.load(Ordering::SeqCst) - ended
    }

    /// Whether nothing is left of any actor.
    pub fn is_settled(&self) -> bool {
        let now = self.counts();
        now.returned + now.dropped == now.offered && now.told == now.offered
    }

    pub fn counts(&self) -> Counts {
        let get = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        Counts {
            offered: get(&self.offered),
            given_back: get(&self.given_back),
            returned: get(&self.returned),
            dropped: get(&self.dropped),
            told: get(&self.told),
        }
    }
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub offered: usize,
    pub given_back: usize,
    pub returned: usize,
    dropped: usize,
    told: usize,
}

impl Counts {
    pub fn accepted(&self) -> usize {
        self.offered - self.given_back
    }

    /// Those that were accepted and did not return.
    pub fn forced(&self) -> usize {
        self.dropped - self.given_back
    }
}

impl End {
    fn result(self) -> Result {
        match self {
            End::Ok => Ok(()),
            End::Err => Err("failed".into()),
            // Without the panic hook, which would print it.
            End::Panic => resume_unwind(Box::new("panicked")),
        }
    }
}

/// Lives as long as an execute.
struct Fate {
    tally: Arc<Tally>,
    returns: bool,
}

impl Fate {
    fn returned(mut self) {
        self.returns = true;
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        // A panic is a return too.
        let returned = self.returns || std::thread::panicking();
        let count = if returned {
            &self.tally.returned
        } else {
            &self.tally.dropped
        };
        count.fetch_add(1, Ordering::SeqCst);
    }
}

/// Lives as long as an interrupt.
struct Told(Arc<Tally>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.told.fetch_add(1, Ordering::SeqCst);
    }
}
