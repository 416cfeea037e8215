//! `run` is dropped while others still send, wait and ask.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::Dropped;
use crate::cause::{Cause, Trigger};
use crate::outcome::Outcome;
use crate::shared::latch::{Latch, Wait};
use crate::shared::link::{Event, Exited, Key, Link};
use crate::settings::Rank;
use crate::phase::Phase;

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

fn exit(drops: &Arc<AtomicUsize>) -> Event {
    let error = Error(Dropped(Arc::clone(drops)));
    Event::Exited(Exited {
        key: Key {
            rank: Rank::Stage(0),
            nth: 0,
        },
        outcome: Outcome::Failed(Box::new(error)).into(),
        at: Duration::ZERO,
    })
}

/// A sender drops what it sends too late, and the group drops what was sent before, although
/// handles keep the link.
#[test]
fn nothing_that_was_sent_outlives_the_group() {
    loom::model(|| {
        let inbox = Link::open();
        let (link, drops) = (Arc::clone(&inbox.link), Arc::new(AtomicUsize::new(0)));
        let sent = exit(&drops);
        let sender = thread::spawn(move || {
            link.send(sent);
            link
        });
        drop(inbox);
        let link = sender.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
        assert!(link.gone.is_set());
    });
}

#[test]
fn whoever_waits_for_the_stop_hears_of_the_end() {
    struct Stopping(Arc<Link>);
    impl AsRef<Latch> for Stopping {
        fn as_ref(&self) -> &Latch {
            &self.0.stopping
        }
    }
    loom::model(|| {
        let inbox = Link::open();
        let stopping = Stopping(Arc::clone(&inbox.link));
        let waiter = thread::spawn(move || block_on(Wait::new(stopping)));
        drop(inbox);
        assert!(waiter.join().unwrap());
    });
}

/// A guard is kept until the group is gone, and no longer, whoever is first.
#[test]
fn a_guard_is_dropped_with_the_group() {
    loom::model(|| {
        let inbox = Link::open();
        let (link, drops) = (Arc::clone(&inbox.link), Arc::new(AtomicUsize::new(0)));
        let guard = Dropped(Arc::clone(&drops));
        let keeper = thread::spawn(move || {
            link.keep(Box::new(guard));
            link
        });
        drop(inbox);
        let _link = keeper.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
    });
}

/// Law 30: a status that says that the group stops says why.
#[test]
fn whoever_sees_the_stop_sees_the_cause() {
    loom::model(|| {
        let inbox = Link::open();
        let link = Arc::clone(&inbox.link);
        let look = thread::spawn(move || {
            let phase = link.standing().phase;
            assert!(phase == Phase::NotStarted || link.cause().is_some());
        });
        inbox.link.caused(Cause::new(Trigger::NoActorLeft));
        inbox.link.enter(Phase::Stopping, Duration::ZERO);
        look.join().unwrap();
    });
}
