//! HTTP with hyper, where each connection is an actor. On SIGTERM or Ctrl-C, each answers the request
//! that has begun, and closes; an idle one closes immediately.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin hyper
//!
//! curl -d hello http://127.0.0.1:8080/
//! ```

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rungroup::{Actor, Context, Ends, Group, Result, Tokio, signal};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

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

/// Adds an actor for each connection. It stops with the server.
async fn serve(ctx: Context, listener: TcpListener) -> Result {
    while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
        match accepted {
            Ok((client, peer)) => {
                let connection = Actor::with(move |ctx| converse(ctx, client, peer));
                let connection = connection.name("connection").ends_group(Ends::Never);
                if ctx.handle().add_actor(connection).is_err() {
                    break; // the server is stopping
                }
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "cannot accept for now: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    Ok(())
}

async fn converse(ctx: Context, client: TcpStream, peer: SocketAddr) -> Result {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()); // for the limit on how long a request's head may take
    let mut connection = pin!(http.serve_connection(TokioIo::new(client), service_fn(answer)));
    let ended = match ctx.run_until_interrupted(connection.as_mut()).await {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match timeout(HTTP_GRACE, connection).await {
                Ok(ended) => ended,
                Err(_) => {
                    let _ = writeln!(io::stderr(), "{peer}: cut off, because it did not end");
                    return Ok(());
                }
            }
        }
    };
    if let Err(error) = ended {
        let _ = writeln!(io::stderr(), "{peer}: {error}");
    }
    Ok(())
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await?;
    Ok(Response::new(Full::new(body.to_bytes())))
}
