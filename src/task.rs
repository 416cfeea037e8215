//! The task that a spawner runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::exit::{BoxError, Outcome};
use crate::member::Member;
use crate::name::Name;

/// One actor's execute, as a future for a [`Spawner`](crate::Spawner) to run. It never panics and
/// returns nothing.
///
/// Whatever becomes of the task, it tells its group how the actor ended. If it runs to its end, it
/// reports what execute returned, or its panic. If it is dropped before that, polled or not, it
/// reports the actor as [lost](crate::Outcome::Lost); if it is [refused](Task::refuse), as lost
/// with a reason. So a spawner cannot make a group wait for ever by losing a task, but only by
/// keeping one that it never polls.
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
#[must_use = "a dropped task is an actor lost"]
pub struct Task {
    member: Arc<Member>,
    ended: bool,
}

impl Task {
    pub(crate) fn new(member: Arc<Member>) -> Task {
        Task {
            member,
            ended: false,
        }
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
    pub fn refuse(mut self, why: impl Into<BoxError>) {
        self.lose(Some(why.into()));
    }

    fn lose(&mut self, why: Option<BoxError>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.member.end(Outcome::Lost(why));
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.member.poll(cx);
        self.ended = polled.is_ready();
        polled
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.lose(None);
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", self.name())
            .finish_non_exhaustive()
    }
}
