//! An actor that runs until something outside of the group is cancelled.
//!
//! Ported from `ExampleGroup_Add_context` of Go's `run.Group`; it prints the same line. Here,
//! [`Actor::with`] gives the execute its context, and a channel stands for what is cancelled
//! outside.
//!
//! ```sh
//! cargo run --example context
//! cargo run --example context --features tokio # or smol, or async-std
//! ```

mod runtime;

use std::error::Error;
use std::thread;

use async_channel::Receiver;
use rungroup::{Actor, Context, Group};

fn main() {
    let (cancel, canceled) = async_channel::bounded::<()>(1);

    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| run_until_canceled(ctx, canceled)));

    thread::spawn(move || drop(cancel));
    if let Err(error) = runtime::run(group) {
        let error = error.source().map(ToString::to_string).unwrap_or_default();
        println!("The group was terminated with: {error}");
    }
}

/// Ends when either the group or the outside wants it to.
async fn run_until_canceled(ctx: Context, canceled: Receiver<()>) -> rungroup::Result {
    let _ = ctx.run_until_interrupted(canceled.recv()).await;
    Err("context canceled".into())
}
