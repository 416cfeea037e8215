//! A sender sends first and wakes second; the group keeps its waker first and looks second.

use std::sync::Arc;
use std::task::Context;

use loom::thread;

use super::{counted, request};
use crate::actor::Actor;
use crate::shared::group_state::Registry;
use crate::shared::mailbox::Event;
use crate::shared::receiver::Receiver;

#[test]
fn no_event_sleeps_unseen() {
    loom::model(|| {
        let mut receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let (count, waker) = counted();
        let sender = thread::spawn(move || state.mailbox.send(Event::SkipDrain));
        let mailbox = &receiver.state().mailbox;
        mailbox.keep_waker(&Context::from_waker(&waker));
        let seen = receiver.has_mail();
        sender.join().unwrap();
        assert!(seen || count.wakes() == 1);
        assert!(receiver.next_event().is_some());
    });
}

/// A group that has fetched some waits for the rest: the flag that spares it the lock hides nothing.
#[test]
fn what_is_sent_behind_a_fetch_is_seen() {
    loom::model(|| {
        let mut receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let (count, waker) = counted();
        let sender = thread::spawn(move || {
            state.mailbox.send(Event::SkipDrain);
            state.mailbox.send(Event::Force);
        });
        let mut taken = 0;
        while receiver.fetch_some() {
            taken += usize::from(receiver.next_fetched().is_some());
        }
        let mailbox = &receiver.state().mailbox;
        mailbox.keep_waker(&Context::from_waker(&waker));
        let is_seen = receiver.has_mail();
        sender.join().unwrap();
        assert!(taken == 2 || is_seen || count.wakes() == 1);
        while receiver.next_event().is_some() {
            taken += 1;
        }
        assert_eq!(taken, 2);
    });
}

/// The first of two requests is the cause; each caller finds that the group is stopping.
#[test]
fn one_request_is_the_cause() {
    loom::model(|| {
        let mut receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let sender = thread::spawn(move || {
            state.request(request());
            assert!(state.stopping.is_set() && !state.is_ready());
        });
        receiver.state().request(request());
        receiver.state().ready.set(true);
        assert!(!receiver.state().is_ready());
        sender.join().unwrap();
        assert!(matches!(receiver.next_event(), Some(Event::Requested)));
        assert!(receiver.next_event().is_none());
    });
}

/// Law 29: `stopping` is no later than a `NotReady`.
#[test]
fn who_is_not_ready_is_stopping() {
    loom::model(|| {
        let receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let looks = thread::spawn(move || {
            if state.ready.get() == Some(false) {
                assert!(state.stopping.is_set());
            }
        });
        receiver.state().request(request());
        looks.join().unwrap();
    });
}

/// Law 24: accepted and taken, or given back; never lost, never both; and no wake-up is lost.
#[test]
fn an_actor_is_accepted_or_given_back() {
    loom::model(|| {
        let receiver = Receiver::new();
        let intake = Arc::clone(&receiver.intake);
        let (count, waker) = counted();
        let adder = thread::spawn(move || {
            let actor = Actor::new(async { Ok(()) }, |_| {});
            intake.add(actor, None).is_ok()
        });
        let mailbox = &receiver.state().mailbox;
        mailbox.keep_waker(&Context::from_waker(&waker));
        let is_seen = receiver.intake.has_added();
        let early = receiver.intake.take_all().map_or(0, |added| added.len());
        let (next, late) = receiver.intake.close_stage_and_take();
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
        let receiver = Receiver::new();
        let intake = Arc::clone(&receiver.intake);
        let (count, waker) = counted();
        let adder = thread::spawn(move || {
            let actor = Actor::new(async { Ok(()) }, |_| {});
            assert!(intake.add(actor, None).is_ok());
        });
        let mailbox = &receiver.state().mailbox;
        mailbox.keep_waker(&Context::from_waker(&waker));
        let is_seen = receiver.intake.has_added();
        adder.join().unwrap();
        assert!(is_seen || count.wakes() == 1);
        assert_eq!(receiver.intake.take_all().map(|added| added.len()), Some(1));
    });
}
