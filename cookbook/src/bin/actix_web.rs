//! HTTP with actix-web, whose `ServerHandle` exists only once the server runs. The actor makes both,
//! and stops the server when it is interrupted. On SIGTERM or Ctrl-C, the server takes no more
//! connections and answers the requests that have begun.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin actix_web
//!
//! curl -d hello http://127.0.0.1:8080/echo
//! ```

use std::env;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;

    let mut group = app(listener);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));
    group
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = || {
        App::new()
            .route("/", web::get().to(async || "hello\n"))
            .route("/echo", web::post().to(async |body: String| body))
    };
    let mut server = HttpServer::new(app)
        .disable_signals() // the group watches them
        .client_request_timeout(Duration::from_secs(5)) // for a head
        .shutdown_timeout(8) // then slow clients are cut off; shorter than the group's grace
        .listen(listener)?
        .run();
    match ctx.run_until_interrupted(&mut server).await {
        Some(ended) => ended?,
        None => {
            // `stop` returns only if the server is polled meanwhile.
            let ((), ended) = tokio::join!(server.handle().stop(true), server);
            ended?;
        }
    }
    Ok(())
}
