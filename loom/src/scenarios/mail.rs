//! A sender sends first and wakes second; the group keeps its waker first and looks second.

use std::sync::Arc;
use std::task::Context;

use loom::thread;

use super::counted;
use crate::actor::Actor;
use crate::shared::door::Keeper;
use crate::cause::{Cause, Trigger};
use crate::shared::link::{Event, Link};

fn request() -> Cause {
    Cause::new(Trigger::Request {
        outcome: Ok(()).into(),
        reason: None,
    })
}

#[test]
fn no_event_sleeps_unseen() {
    loom::model(|| {
        let mut inbox = Link::open();
        let link = Arc::clone(&inbox.link);
        let (count, waker) = counted();
        let sender = thread::spawn(move || link.send(Event::SkipDrain));
        inbox.link.keep_waker(&Context::from_waker(&waker));
        let seen = inbox.has_mail();
        sender.join().unwrap();
        assert!(seen || count.wakes() == 1);
        assert!(inbox.next_event().is_some());
    });
}

/// The first of two requests is the cause; each caller finds that the group is stopping.
#[test]
fn one_request_is_the_cause() {
    loom::model(|| {
        let mut inbox = Link::open();
        let link = Arc::clone(&inbox.link);
        let sender = thread::spawn(move || {
            link.request(request());
            assert!(link.stopping.is_set() && !link.is_ready());
        });
        inbox.link.request(request());
        inbox.link.ready.set(true);
        assert!(!inbox.link.is_ready());
        sender.join().unwrap();
        assert!(matches!(inbox.next_event(), Some(Event::Requested)));
        assert!(inbox.next_event().is_none());
    });
}

/// Law 29: `stopping` is no later than a `NotReady`.
#[test]
fn who_is_not_ready_is_stopping() {
    loom::model(|| {
        let inbox = Link::open();
        let link = Arc::clone(&inbox.link);
        let looks = thread::spawn(move || {
            if link.ready.get() == Some(false) {
                assert!(link.stopping.is_set());
            }
        });
        inbox.link.request(request());
        looks.join().unwrap();
    });
}

/// Law 24: accepted and taken, or given back; never lost, never both; and no wake-up is lost.
#[test]
fn an_actor_is_accepted_or_given_back() {
    loom::model(|| {
        let inbox = Link::open();
        let keeper = Arc::new(Keeper::open(&inbox.link));
        let door = Arc::clone(&keeper);
        let (count, waker) = counted();
        let adder = thread::spawn(move || {
            let actor = Actor::new(async { Ok(()) }, |_| {});
            door.add(actor, None).is_ok()
        });
        inbox.link.keep_waker(&Context::from_waker(&waker));
        let is_seen = keeper.has_added();
        let early = keeper.take().len();
        let (next, late) = keeper.close_stage();
        assert_eq!(next.is_some(), !late.is_empty());
        let accepted = adder.join().unwrap();
        assert_eq!(early + late.len(), usize::from(accepted));
        assert!(!accepted || is_seen || count.wakes() == 1 || !late.is_empty());
    });
}

/// A group that waits sees what was added: the flag that spares it the lock hides nothing.
#[test]
fn no_actor_waits_unseen() {
    loom::model(|| {
        let inbox = Link::open();
        let keeper = Arc::new(Keeper::open(&inbox.link));
        let door = Arc::clone(&keeper);
        let (count, waker) = counted();
        let adder = thread::spawn(move || {
            let actor = Actor::new(async { Ok(()) }, |_| {});
            assert!(door.add(actor, None).is_ok());
        });
        inbox.link.keep_waker(&Context::from_waker(&waker));
        let is_seen = keeper.has_added();
        adder.join().unwrap();
        assert!(is_seen || count.wakes() == 1);
        assert_eq!(keeper.take().len(), 1);
    });
}
