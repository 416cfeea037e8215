//! The task that a spawner runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::name::Name;
use crate::outcome::{BoxError, Outcome};
use crate::shared::member_ref::MemberRef;

/// One actor's execute, as a future for a [`Spawner`](crate::Spawner) to run.
///
/// It never panics and returns nothing. Whatever becomes of the task, it tells its group how the
/// actor ended. If it runs to its end, it reports what execute returned, or its panic. If it is
/// dropped before that, polled or not, it reports the actor as [lost](crate::Outcome::Lost); if it
/// is [refused](Task::refuse), as lost with a reason. So a spawner cannot make a group wait for
/// ever by losing a task, but only by keeping one that it never polls.
///
/// # Examples
///
/// A spawner that runs each task on a thread of its own:
///
/// ```
/// use rungroup::{Group, Task, spawner};
///
/// let spawner = spawner::from_fn(|task: Task| {
///     println!("starting {}", task.name());
///     std::thread::spawn(|| futures_lite::future::block_on(task));
/// });
/// let mut group = Group::new();
/// group.add(async { Ok(()) }, |_| {});
/// group.run_blocking(spawner).unwrap();
/// ```
#[must_use = "an actor is lost when its task is dropped"]
pub struct Task {
    member: MemberRef,
}

impl Task {
    pub(crate) fn new(member: MemberRef) -> Task {
        Task { member }
    }

    /// Returns the name of the actor it runs, for threads, logs and debuggers.
    pub fn name(&self) -> &Name {
        self.member.name()
    }

    /// Gives the task up because it cannot be run. Its actor is lost, with `why` as the reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{ErrorKind, Group, spawner};
    ///
    /// let mut group = Group::new();
    /// group.add(async { Ok(()) }, |_| {});
    /// let error = group.run_blocking(spawner::from_fn(|task| task.refuse("closed"))).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Lost);
    /// ```
    pub fn refuse(self, why: impl Into<BoxError>) {
        self.member.end(Outcome::Lost(Some(why.into())));
    }
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.member.poll(cx)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Fast path: most actors have ended by now. The load may be stale; `end` checks again under
        // the lock.
        if !self.member.has_ended() {
            self.member.end(Outcome::Lost(None));
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", self.name())
            .finish_non_exhaustive()
    }
}
