//! What must hold in every order.

mod gone;
mod latch;
mod mail;
mod member;
mod turn;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};

use crate::cause::{Cause, Trigger};
use crate::name::Name;
use crate::outcome::Result;
use crate::settings::{Settings, StopOrder};
use crate::shared::chunk::{Chunk, Place};
use crate::shared::interrupt::Interrupt;
use crate::shared::member::Member;
use crate::shared::member_ref::MemberRef;
use crate::shared::receiver::Receiver;
use crate::shared::stage::Stage;

/// Counts its wakes.
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

fn counted() -> (Arc<Counted>, Waker) {
    let counted = Arc::new(Counted(AtomicUsize::new(0)));
    (Arc::clone(&counted), counted.into())
}

impl Counted {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// Is dropped once, and says so.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// A future that is pending for `left` polls, and then returns `Ok`.
struct Pending {
    left: usize,
    polls: Arc<AtomicUsize>,
    _dropped: Dropped,
}

impl Future for Pending {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result> {
        // loom switches threads only where they use what they share. Without this, it would not
        // switch inside a poll, and no force would ever find the lock taken.
        self.polls.fetch_add(1, Ordering::Relaxed);
        match self.left.checked_sub(1) {
            None => Poll::Ready(Ok(())),
            Some(left) => {
                self.left = left;
                Poll::Pending
            }
        }
    }
}

/// One stage of a group.
struct Scene {
    receiver: Receiver,
    stage: Arc<Stage>,
    polls: Arc<AtomicUsize>,
    drops: Arc<AtomicUsize>,
}

impl Scene {
    fn new() -> Scene {
        let receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let stage = Arc::new(Stage::new(StopOrder::Stage(0), state));
        Scene {
            receiver,
            stage,
            polls: Arc::new(AtomicUsize::new(0)),
            drops: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// A member whose future is pending for that many polls before it returns `Ok`.
    fn member(&self, nth: u64, pending: usize) -> MemberRef {
        let execute = Pending {
            left: pending,
            polls: Arc::clone(&self.polls),
            _dropped: Dropped(Arc::clone(&self.drops)),
        };
        let mut settings = Settings::default();
        settings.set_announces();
        let interrupt = Interrupt::function(Box::new(|_| {}));
        let member = Member::new(Box::pin(execute), interrupt, Name::of_caller(), settings);
        let chunk = Chunk::new(Arc::clone(&self.stage), nth, &mut vec![member]);
        Place::new(chunk, 0)
    }

    /// Lets loom switch here to a thread that is inside a poll.
    fn meet_a_poll(&self) {
        self.polls.load(Ordering::Relaxed);
    }

    fn drops(&self) -> usize {
        self.drops.load(Ordering::Acquire)
    }
}

/// A request without an error.
fn request() -> Cause {
    Cause::new(Trigger::Request {
        outcome: Ok(()).into(),
        reason: None,
    })
}

fn poll(member: &MemberRef, waker: &Waker) -> Poll<()> {
    member.poll(&mut Context::from_waker(waker))
}
