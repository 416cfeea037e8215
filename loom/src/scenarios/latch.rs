//! A latch wakes whoever waits, and everybody sees what happened before it was set.

use std::sync::Arc;

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::Dropped;
use crate::shared::latch::{Latch, Oneshot, Wait};

fn wait(latch: Arc<Latch>) -> Wait<Arc<Latch>> {
    Wait::on(latch, ())
}

/// loom fails when the waiter sleeps for ever.
#[test]
fn who_waits_is_woken_and_sees_what_led_to_it() {
    loom::model(|| {
        let (latch, cause) = (Arc::new(Latch::new()), Arc::new(AtomicUsize::new(0)));
        let (sets, writes) = (Arc::clone(&latch), Arc::clone(&cause));
        let setter = thread::spawn(move || {
            writes.store(7, Ordering::Relaxed);
            sets.set(true);
        });
        assert!(block_on(wait(latch)));
        assert_eq!(cause.load(Ordering::Relaxed), 7);
        setter.join().unwrap();
    });
}

#[test]
fn two_who_wait_are_woken() {
    loom::model(|| {
        let latch = Arc::new(Latch::new());
        let (one, two) = (Arc::clone(&latch), Arc::clone(&latch));
        let waiter = thread::spawn(move || block_on(wait(one)));
        let setter = thread::spawn(move || two.set(true));
        assert!(block_on(wait(latch)));
        assert!(waiter.join().unwrap());
        setter.join().unwrap();
    });
}

/// When two threads set it, one of them does.
#[test]
fn the_first_value_counts() {
    loom::model(|| {
        let latch = Arc::new(Latch::new());
        let other = Arc::clone(&latch);
        let setter = thread::spawn(move || {
            other.set(false);
            other.get()
        });
        latch.set(true);
        let seen = latch.get();
        assert_eq!(setter.join().unwrap(), seen);
    });
}

/// The task that is woken finds the value.
#[test]
fn what_was_sent_is_taken_once() {
    loom::model(|| {
        let oneshot = Oneshot::new();
        let sender = Arc::clone(&oneshot);
        let thread = thread::spawn(move || sender.send(7));
        assert!(block_on(oneshot.sent()));
        assert_eq!(oneshot.take(), Some(7));
        assert_eq!(oneshot.take(), None);
        thread.join().unwrap();
    });
}

/// A task that is gone before the thread has sent leaves nothing behind.
#[test]
fn what_nobody_takes_is_dropped() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let oneshot = Oneshot::new();
        let (sender, value) = (Arc::clone(&oneshot), Dropped(Arc::clone(&drops)));
        let thread = thread::spawn(move || sender.send(value));
        drop(oneshot.sent());
        drop(oneshot);
        thread.join().unwrap();
        assert_eq!(drops.load(Ordering::Acquire), 1);
    });
}
