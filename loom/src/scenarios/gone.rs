//! `run` is dropped while others still send, wait and ask.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Dropped, request};
use crate::cause::{Cause, Trigger};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::settings::StopOrder;
use crate::shared::group_state::GroupLatch;
use crate::shared::latch::Wait;
use crate::shared::mailbox::{Event, Exited, Key};
use crate::shared::receiver::Receiver;

/// An error that says when it is dropped.
struct Error(#[expect(dead_code, reason = "for its drop")] Dropped);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error")
    }
}

impl std::error::Error for Error {}

fn failed(drops: &Arc<AtomicUsize>) -> Outcome {
    Outcome::Failed(Box::new(Error(Dropped(Arc::clone(drops)))))
}

fn exit(drops: &Arc<AtomicUsize>) -> Event {
    Event::Exited(Exited {
        key: Key {
            order: StopOrder::Stage(0),
            nth: 0,
        },
        outcome: failed(drops).into(),
        at: Duration::ZERO,
    })
}

/// A sender drops what it sends too late, and the group drops what was sent before, although
/// handles keep the state.
#[test]
fn nothing_that_was_sent_outlives_the_group() {
    loom::model(|| {
        let receiver = Receiver::new();
        let (state, drops) = (Arc::clone(receiver.state()), Arc::new(AtomicUsize::new(0)));
        let sent = exit(&drops);
        let sender = thread::spawn(move || {
            state.mailbox.send(sent);
            state
        });
        drop(receiver);
        let state = sender.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
        assert!(state.gone.is_set());
    });
}

#[test]
fn whoever_waits_for_the_stop_hears_of_the_end() {
    loom::model(|| {
        let receiver = Receiver::new();
        let stopping = Wait::on(Arc::clone(receiver.state()), GroupLatch::Stopping);
        let waiter = thread::spawn(move || block_on(stopping));
        drop(receiver);
        assert!(waiter.join().unwrap());
    });
}

/// A guard is kept until the group is gone, and no longer, whoever is first.
#[test]
fn a_guard_is_dropped_with_the_group() {
    loom::model(|| {
        let receiver = Receiver::new();
        let (state, drops) = (Arc::clone(receiver.state()), Arc::new(AtomicUsize::new(0)));
        let guard = Dropped(Arc::clone(&drops));
        let keeper = thread::spawn(move || {
            state.keep_guard(Box::new(guard));
            state
        });
        drop(receiver);
        let _state = keeper.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
    });
}

/// Law 30: a status that says that the group stops says why.
#[test]
fn whoever_sees_the_stop_sees_the_cause() {
    loom::model(|| {
        let receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let look = thread::spawn(move || {
            let phase = state.progress().phase;
            assert!(phase == Phase::NotStarted || state.cause().is_some());
        });
        receiver.state().set_cause(
            Cause::new(Trigger::NoActorLeft),
            None,
            (Phase::Stopping, Duration::ZERO),
        );
        look.join().unwrap();
    });
}

/// Law 34: a request whose error holds something lets go of it with the group, whichever of the two
/// comes first, although handles keep the state.
#[test]
fn the_error_of_a_request_does_not_outlive_the_group() {
    loom::model(|| {
        let receiver = Receiver::new();
        let (state, drops) = (Arc::clone(receiver.state()), Arc::new(AtomicUsize::new(0)));
        let cause = Cause::new(Trigger::Request {
            outcome: failed(&drops).into(),
            reason: None,
        });
        let requester = thread::spawn(move || {
            state.request(cause);
            state
        });
        drop(receiver);
        let _state = requester.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
    });
}

/// A handle that requests the stop of a group that ends finds that it is stopping.
#[test]
fn a_request_against_the_end_finds_the_group_stopping() {
    loom::model(|| {
        let receiver = Receiver::new();
        let state = Arc::clone(receiver.state());
        let requester = thread::spawn(move || {
            state.request(request());
            assert!(state.stopping.is_set() && !state.is_ready());
        });
        drop(receiver);
        requester.join().unwrap();
    });
}
