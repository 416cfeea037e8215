//! The first program of the README: it works until it is told to stop.
//!
//! ```sh
//! cargo run --example first --features axum
//! ```

use rungroup::{Actor, Group, Tokio, signal};
use tokio::runtime::Runtime;

fn main() -> std::process::ExitCode {
    Tokio::main(Runtime::new().expect("a Tokio runtime"), async {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle())?); // SIGTERM and Ctrl-C
        group.add_actor(Actor::with(async |ctx| {
            println!("working");
            ctx.interrupted().await;
            println!("stopping: {}", ctx.cause().expect("interrupted"));
            Ok(())
        }));
        Ok(group.run(Tokio).await?)
    })
}
