//! The pool of workers between HTTP and the database.

use std::sync::Arc;

use async_channel::Sender;
use rungroup::Actor;
use tokio::sync::oneshot;

use crate::database::Ledger;
use crate::inbox::Inbox;

/// An entry, and where to report that it is kept.
pub(crate) struct Job {
    entry: String,
    kept: oneshot::Sender<()>,
}

/// Has a worker keep an entry. Returns when it is kept.
pub(crate) async fn keep(jobs: &Sender<Job>, entry: String) -> rungroup::Result {
    let (kept, is_kept) = oneshot::channel();
    jobs.send(Job { entry, kept }).await?;
    Ok(is_kept.await?)
}

/// Makes one worker. It is interrupted when no more jobs come, and does those that are left.
pub(crate) fn worker(jobs: Arc<Inbox<Job>>, ledger: Ledger, poison: Option<String>) -> Actor {
    Actor::with(move |ctx| async move {
        while let Some(Ok(job)) = ctx.run_until_interrupted(jobs.recv()).await {
            work(job, &ledger, poison.as_deref()).await;
        }
        // HTTP is gone, and with it all senders. Why it is gone is the cause of the stop, not we.
        ctx.interrupted().await;
        while let Ok(job) = jobs.try_recv() {
            work(job, &ledger, poison.as_deref()).await;
        }
        Ok(())
    })
}

async fn work(job: Job, ledger: &Ledger, poison: Option<&str>) {
    assert_ne!(Some(&*job.entry), poison, "poisoned");
    match ledger.append(job.entry).await {
        Ok(()) => drop(job.kept.send(())),
        Err(error) => tracing::warn!("an entry is not kept: {error}"),
    }
}
