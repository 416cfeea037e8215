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
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    // Time for load balancers to see that /readyz fails.
    let drain = env::args().nth(2).map_or(Ok(5), |it| it.parse())?;

    let mut group = app(listener, Duration::from_secs(drain));
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: TcpListener, drain: Duration) -> Group {
    let mut group = Group::new();
    group.drain(drain);
    group.grace(drain + HTTP_GRACE + Duration::from_secs(2));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));
    group
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::SocketAddr;

    use rungroup::testing::every_stop;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn it_stops_whatever_happens() {
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut streams = 0;
        every_stop(async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener, Duration::from_millis(1))
        })
        .meanwhile(async |handle| {
            // Where the program was stopped before, nobody answers.
            let Ok(mut events) = listen(address.get()).await else {
                return;
            };
            streams += 1;
            handle.stop(Ok(()));
            while let Ok(Some(_)) = events.next_line().await {} // the stop ends the stream
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Tokio)
        .await;
        assert!(streams > 0);
    }

    /// Returns after the first event.
    async fn listen(address: SocketAddr) -> io::Result<Lines<BufReader<TcpStream>>> {
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"GET /events HTTP/1.0\r\n\r\n").await?;
        let mut events = BufReader::new(client).lines();
        while let Some(line) = events.next_line().await? {
            if line == "data: 0" {
                return Ok(events);
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
