//! The processes that the commands leave behind.

use std::io;
use std::sync::Arc;

use rungroup::{Actor, Result};

use crate::job::{Job, on_a_thread};

/// Makes an actor that waits, once all shells have ended, for the processes that they have left
/// behind.
///
/// # Errors
///
/// Returns the system's error if we cannot become the parent of what a shell leaves.
pub(crate) fn actor(jobs: Vec<Arc<Job>>) -> io::Result<Actor> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;

    let actor = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        reap(jobs).await
    });
    Ok(actor.name("what the commands left").background())
}

async fn reap(jobs: Vec<Arc<Job>>) -> Result {
    for job in jobs {
        on_a_thread(move || job.reap()).await?;
    }
    Ok(())
}

/// Kills all that is left. It is called after the run, because a group that was forced leaves
/// processes behind.
pub(crate) fn kill(jobs: &[Arc<Job>]) {
    for job in jobs {
        job.kill();
    }
    for job in jobs {
        job.reap();
    }
}
