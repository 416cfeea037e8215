//! HTTP with axum. On SIGTERM or Ctrl-C, the server takes no more connections and answers the
//! requests that have begun.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin axum
//!
//! curl -d hello http://127.0.0.1:8080/echo
//! ```

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    let result = runtime.block_on(run());
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result {
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    // A client that does not finish its request holds up the stop no longer than this.
    group.grace(Duration::from_secs(10));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));

    Ok(group.run(Tokio).await?)
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .route("/echo", post(async |body: String| body));
    axum::serve(listener, app)
        .with_graceful_shutdown(ctx.interrupted())
        .await?;
    Ok(())
}
