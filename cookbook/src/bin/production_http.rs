//! HTTP for production, in one file. It has limits for slow clients, loses no request at the edge of
//! the stop, and goes on when its log is not read, when no file descriptors are left, and when one
//! client misbehaves:
//!
//! | while it stops | |
//! | --- | --- |
//! | from the request on, with the drain | `/readyz` answers 503, and answers carry `Connection: close` |
//! | at the interrupt | what has queued is accepted and answered; later connections are refused |
//! | after `IDLE` | connections without a request are closed |
//! | after `HTTP_GRACE` | what is left is cut off with a warning, and the stop goes on |
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin production_http
//!
//! curl -d hello http://127.0.0.1:8080/echo
//! curl http://127.0.0.1:8080/readyz
//! ```

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_lite::future::poll_once;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rungroup::{Actor, Context, Group, Handle, Result, Tokio, signal};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// For the head of a request, and between two requests.
const HEAD: Duration = Duration::from_secs(10);
const BODY: Duration = Duration::from_secs(10);
const LONGEST_BODY: usize = 1024 * 1024;

/// For the next request of an open connection, once the server stops.
const IDLE: Duration = Duration::from_millis(500);

/// What clients may take of the stop.
const HTTP_GRACE: Duration = Duration::from_secs(8);

/// For handshakes that have begun when the server stops.
const HANDSHAKES: Duration = Duration::from_millis(100);
const BACKLOG: usize = 1024;

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(&address).await;
    let listener = listener.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let drain = env::args().nth(2).map_or(Ok(0), |it| it.parse())?;

    let mut group = app(listener, Duration::from_secs(drain));
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, drain: Duration) -> Group {
    let mut group = Group::new();
    group.drain(drain); // for load balancers to see that /readyz fails
    group.grace(drain + HTTP_GRACE + Duration::from_secs(2));
    let routes = routes(group.handle());
    group.add_actor(Actor::with(|ctx| serve(ctx, listener, routes)).name("http"));
    group
}

/// The layer that comes last is asked first.
fn routes(group: Handle) -> Router {
    Router::new()
        .route("/", get(async || "hello\n"))
        .route("/echo", post(async |body: String| body))
        .route("/readyz", get(ready))
        .with_state(group.clone())
        .layer(from_fn(read_body))
        .layer(from_fn_with_state(group, send_away))
}

async fn ready(State(group): State<Handle>) -> StatusCode {
    if group.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Reads the body before the handler is asked, so that a slow client holds up nothing else.
async fn read_body(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match timeout(BODY, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, body.into())).await,
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// From the request of the stop on, clients connect elsewhere for their next request.
async fn send_away(State(group): State<Handle>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if poll_once(group.stopping()).await.is_some() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

async fn serve(ctx: Context, listener: TcpListener, routes: Router) -> Result {
    let mut connections = JoinSet::new();
    let mut said: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            () = ctx.interrupted() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(converse(ctx.clone(), client, routes.clone()));
                }
                // Too many open files, for example: once a second in the log, not a thousand times.
                Err(error) => {
                    if said.is_none_or(|said| said.elapsed() > Duration::from_secs(1)) {
                        log(format!("cannot accept: {error}"));
                        said = Some(Instant::now());
                    }
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    let finish = async {
        accept_queued(&listener, |client| {
            connections.spawn(converse(ctx.clone(), client, routes.clone()));
        })
        .await;
        drop(listener);
        while connections.join_next().await.is_some() {}
    };
    if timeout(HTTP_GRACE, finish).await.is_err() {
        log(format!(
            "cut off {} clients that did not end",
            connections.len()
        ));
    }
    Ok(()) // a client's fault is not a failure
}

/// Closing a listener resets the connections in its queue, whose clients may have sent a request.
async fn accept_queued(listener: &TcpListener, mut begin: impl FnMut(TcpStream)) {
    refuse_handshakes(listener);
    let handshakes = sleep(HANDSHAKES);
    tokio::pin!(handshakes);
    for _ in 0..BACKLOG {
        tokio::select! {
            biased;
            Ok((client, _)) = listener.accept() => begin(client),
            () = &mut handshakes => return,
        }
    }
}

/// Drops the first packet of a handshake. Its sender repeats it after a second, and is refused then,
/// because nobody listens any longer. Where that is not possible, a client that connects in the moment
/// before the listener closes is reset.
#[cfg(target_os = "linux")]
fn refuse_handshakes(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};

    const LOAD_FLAGS: SockFilter = SockFilter::new(0x30, 0, 0, 13); // of the TCP header
    const IF_SYN: SockFilter = SockFilter::new(0x45, 0, 1, 0x02);
    const DROP: SockFilter = SockFilter::new(0x06, 0, 0, 0);
    const PASS: SockFilter = SockFilter::new(0x06, 0, 0, u32::MAX);

    let _ = SockRef::from(listener).attach_filter(&[LOAD_FLAGS, IF_SYN, DROP, PASS]);
}

#[cfg(not(target_os = "linux"))]
fn refuse_handshakes(_listener: &TcpListener) {}

async fn converse(ctx: Context, client: TcpStream, routes: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(TokioIo::new(client), TowerToHyperService::new(routes));
    tokio::pin!(connection);
    let idle = async {
        ctx.interrupted().await;
        sleep(IDLE).await;
    };
    tokio::select! {
        biased; // a request that has arrived is read before the connection counts as idle
        _ = connection.as_mut() => {} // an error is the client's
        () = idle => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Never waits and never fails: a line that finds no room is dropped. `eprintln!` panics when stderr
/// is gone, and waits while its reader sleeps.
fn log(line: String) {
    static LINES: LazyLock<SyncSender<String>> = LazyLock::new(|| {
        let (sender, lines) = sync_channel::<String>(1024);
        thread::spawn(move || {
            for line in lines {
                let _ = writeln!(io::stderr(), "{line}");
            }
        });
        sender
    });
    let _ = LINES.try_send(line);
}
