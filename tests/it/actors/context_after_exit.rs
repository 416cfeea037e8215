//! What an actor that left by its policy leaves to those that it gave its context.

use std::future::Future;
use std::pin::Pin;

use futures_lite::future::poll_once;
use rungroup::{Actor, Context, Ends, Error, Group, Handle, Result};

use crate::runtime::Runtime;
use crate::support::{Count, Log, counting_waker, during, poll_with, waiter, watched};

on_every_runtime! {
    interrupted_of_one_that_left_resolves_when_the_group_has_ended,
    interrupted_of_one_that_left_resolves_when_the_run_is_dropped,
    interrupted_of_one_that_left_waits_for_the_end,
}

/// Leaves at once, and gives its context away.
fn leaver(give: async_channel::Sender<Context>) -> Actor {
    let actor = Actor::with(|ctx| async move {
        give.try_send(ctx)?;
        Ok(())
    });
    actor.name("leaver").ends_group(Ends::OnError)
}

/// A group in which it has left, and its context.
async fn after_it_left<R: Runtime>(rt: &R) -> (Run, Handle, Context) {
    let tasks = Log::new();
    let (give, given) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add_actor(leaver(give));
    group.add_actor(waiter());
    let handle = group.handle();
    let mut run: Run = Box::pin(group.run(watched(rt, &tasks)));
    let context = during(&mut run, given.recv()).await.unwrap();
    during(&mut run, tasks.until("leaver done")).await;
    assert!(poll_once(&mut run).await.is_none());
    (run, handle, context)
}

type Run = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A helper that was given it ends at the latest then, and is woken for that.
async fn interrupted_of_one_that_left_resolves_when_the_group_has_ended<R: Runtime>(rt: R) {
    let (run, handle, context) = after_it_left(&rt).await;
    let mut interrupted = context.interrupted();
    let wakes = Count::new();
    assert!(poll_with(&counting_waker(&wakes), &mut interrupted).is_pending());
    handle.stop(Ok(()));
    run.await.unwrap();
    assert_eq!(wakes.get(), 1);
    assert!(poll_once(interrupted).await.is_some());
    assert!(poll_once(context.interrupted()).await.is_some());
    assert_eq!(context.run_until_interrupted(async { 7 }).await, None);
}

async fn interrupted_of_one_that_left_resolves_when_the_run_is_dropped<R: Runtime>(rt: R) {
    let (run, _, context) = after_it_left(&rt).await;
    drop(run);
    assert!(poll_once(context.interrupted()).await.is_some());
}

/// Not at its exit: the group is not told to stop by that.
async fn interrupted_of_one_that_left_waits_for_the_end<R: Runtime>(rt: R) {
    let (_run, _, context) = after_it_left(&rt).await;
    assert!(!context.is_interrupted());
    assert!(poll_once(context.interrupted()).await.is_none());
}
