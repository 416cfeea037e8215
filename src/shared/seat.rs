//! A shared member.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::shared::member::Member;

/// Members of one stage that were added one after the other. They share one allocation, which lives
/// as long as any seat in it.
pub(crate) type Page = Arc<[Member]>;

/// A member, shared by the task that polls it, the contexts that its execute was given, and the
/// group.
#[derive(Clone)]
pub(crate) struct Seat {
    page: Page,
    at: usize,
}

impl Seat {
    /// The seat of the member that lies at `at`, where there must be one.
    pub(crate) fn new(page: &Page, at: usize) -> Seat {
        debug_assert!(at < page.len());
        let page = Arc::clone(page);
        Seat { page, at }
    }
}

impl Deref for Seat {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.page[self.at]
    }
}

thread_local! {
    /// The member whose execute is polled for the first time.
    ///
    /// It is never dropped with its thread, because [`Seat::poll`] takes back what execute did not
    /// take. A local that is dropped is gone while the thread destroys the others, one of which may
    /// be a runtime that still polls.
    static ENTERING: Cell<Option<ManuallyDrop<Seat>>> = const { Cell::new(None) };
}

impl Seat {
    /// Polls execute once. If it was made from a context, it finds its member by
    /// [`Seat::entering`] when it is polled for the first time.
    ///
    /// Execute cannot be given its member when it is made, because it has none yet. Anything that
    /// it shared with its member until then would cost one more allocation for each actor.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.enters() {
            return Member::poll(self, cx);
        }
        // What was there belongs to the poll around this one: an inner group may be run by a
        // spawner that polls inline.
        let outer = hand_over(Some(self.clone()));
        let polled = Member::poll(self, cx);
        drop(hand_over(outer));
        polled
    }

    /// The member whose execute is polled for the first time, on this thread. Execute asks once,
    /// before it does anything else.
    pub(crate) fn entering() -> Option<Seat> {
        hand_over(None)
    }
}

/// Hands over `seat`. Returns what was there.
fn hand_over(mut seat: Option<Seat>) -> Option<Seat> {
    // On a target whose locals are library calls, a thread that destroys them has none, whatever
    // they hold. Then nothing is handed over, and execute fails.
    let outer = ENTERING.try_with(|entering| entering.replace(seat.take().map(ManuallyDrop::new)));
    outer.ok().flatten().map(ManuallyDrop::into_inner)
}
