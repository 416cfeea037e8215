//! HTTP with axum. On SIGTERM or Ctrl-C, the server takes no more connections and answers the
//! requests that have begun.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin axum
//!
//! curl -d hello http://127.0.0.1:8080/echo
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;

    let mut group = app(listener);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener) -> Group {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(2));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));
    group
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .route("/echo", post(async |body: String| body));
    let server = axum::serve(listener, app).with_graceful_shutdown(ctx.interrupted());
    tokio::select! {
        ended = server.into_future() => ended?,
        () = clients_are_late(&ctx) => {}
    }
    Ok(())
}

async fn clients_are_late(ctx: &Context) {
    ctx.interrupted().await;
    sleep(HTTP_GRACE).await;
    // A terminal that is gone is no reason to fail.
    let _ = writeln!(io::stderr(), "cut off the clients that did not end");
}
