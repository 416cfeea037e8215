//! Server-sent events with axum. On SIGTERM, the streams end first, and their clients reconnect
//! elsewhere. Everything else is served until the drain is over. A stream that did not end would hold
//! up the stop until it is cut off.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin server_sent_events
//!
//! curl http://127.0.0.1:8080/events
//! curl http://127.0.0.1:8080/readyz
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_lite::Stream;
use futures_lite::stream::{stop_after_future, unfold};
use rungroup::{Actor, Context, Group, Handle, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::{Instant, Interval, interval, sleep};

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    // Time for load balancers to see that /readyz fails.
    let drain = env::args().nth(2).map_or(Ok(5), |it| it.parse())?;
    group.drain(Duration::from_secs(drain));
    group.grace(Duration::from_secs(drain) + HTTP_GRACE + Duration::from_secs(2));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let _ = writeln!(io::stdout(), "listening on {}", listener.local_addr()?);
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));

    Ok(group.run(Tokio).await?)
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .route("/readyz", get(ready))
        .route("/events", get(events))
        .with_state(ctx.handle());
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

async fn ready(State(group): State<Handle>) -> StatusCode {
    if group.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn events(State(group): State<Handle>) -> Sse<impl Stream<Item = Result<Event>>> {
    Sse::new(stop_after_future(ticks(), group.stopping()))
}

/// An event each second: how many seconds the client has listened.
fn ticks() -> impl Stream<Item = Result<Event>> {
    let start = Instant::now();
    let tick = move |mut second: Interval| async move {
        let listened = second.tick().await - start;
        let event = Event::default().data(listened.as_secs().to_string());
        Some((Ok(event), second))
    };
    unfold(interval(Duration::from_secs(1)), tick)
}
