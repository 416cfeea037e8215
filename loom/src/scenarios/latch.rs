//! A latch wakes whoever waits, and everybody sees what happened before it was set.

use std::sync::Arc;

use loom::future::block_on;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::shared::latch::{Latch, Wait};

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
        assert!(block_on(Wait::new(latch)));
        assert_eq!(cause.load(Ordering::Relaxed), 7);
        setter.join().unwrap();
    });
}

#[test]
fn two_who_wait_are_woken() {
    loom::model(|| {
        let latch = Arc::new(Latch::new());
        let (one, two) = (Arc::clone(&latch), Arc::clone(&latch));
        let waiter = thread::spawn(move || block_on(Wait::new(one)));
        let setter = thread::spawn(move || two.set(true));
        assert!(block_on(Wait::new(latch)));
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
