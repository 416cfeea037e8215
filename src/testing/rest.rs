//! Whether the actors of a program rest: each waits for something.

use std::future::poll_fn;
use std::task::Poll;
use std::thread;

use super::scene::Scene;

/// Actors rest if none was polled while the driver was polled so many times.
const QUIET: usize = 50;

/// A program that never rests, such as one that counts, is left at work.
const LONGEST: usize = 2_000;

/// Waits until the actors rest, without a clock, so that it ends at the same moment in each trial on
/// a deterministic executor.
pub(super) async fn rest(scene: &Scene) {
    let mut last = None;
    let mut quiet = 0;
    for _ in 0..LONGEST {
        let pace = scene.pace();
        quiet = if pace.is_some() && pace == last {
            quiet + 1
        } else {
            0
        };
        if quiet == QUIET {
            return;
        }
        last = pace;
        let_others_work().await;
    }
}

/// Lets the other tasks of this thread, and other threads, go first.
async fn let_others_work() {
    thread::yield_now();
    let mut is_over = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
