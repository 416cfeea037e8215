//! A shared member.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::shared::chunk::{Chunk, Place};
use crate::shared::member::Member;

/// A member, shared by the task that polls it, the contexts that its execute was given, and the
/// group.
pub(crate) type MemberRef = Place<Arc<Chunk<[Member]>>>;

thread_local! {
    /// The member whose execute is polled for the first time.
    ///
    /// `ManuallyDrop`, so that this thread-local needs no destructor. One with a destructor is
    /// inaccessible while a thread shuts down, and a runtime kept in another thread-local may still
    /// poll tasks then. Nothing leaks: [`MemberRef::poll`] takes back what execute did not take.
    static ENTERING: Cell<Option<ManuallyDrop<MemberRef>>> = const { Cell::new(None) };
}

impl MemberRef {
    /// Polls execute once. If it was made from a context, it finds its member by
    /// [`MemberRef::entering`] when it is polled for the first time.
    ///
    /// Execute cannot be given its member when it is made, because it has none yet. Anything that
    /// it shared with its member until then would cost one more allocation for each actor.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // What was there belongs to the poll around this one: an inner group may be run by a
        // spawner that polls inline.
        let outer = self.enters().then(|| switch_entering(Some(self.clone())));
        let polled = self.poll_execute(cx);
        if let Some(outer) = outer {
            drop(switch_entering(outer));
        }
        polled
    }

    /// The member whose execute is polled for the first time, on this thread. Execute asks once,
    /// before it does anything else.
    pub(crate) fn entering() -> Option<MemberRef> {
        switch_entering(None)
    }
}

/// Replaces the member that is being entered, and returns the one before.
fn switch_entering(mut member: Option<MemberRef>) -> Option<MemberRef> {
    // On targets without native thread-locals, a thread that is shutting down has none at all. Then
    // nothing is handed over, and execute fails.
    let outer =
        ENTERING.try_with(|entering| entering.replace(member.take().map(ManuallyDrop::new)));
    outer.ok().flatten().map(ManuallyDrop::into_inner)
}
