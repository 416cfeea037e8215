//! The HTTP server.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_channel::Sender;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_lite::future::poll_once;
use rungroup::{Actor, Ends, Handle};
use tokio::time::timeout;
use tracing::Instrument;

use crate::database::Ledger;
use crate::limits::Limits;
use crate::listen::Listen;
use crate::server::{self, Times};
use crate::workers::{self, Job};

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) group: Handle,
    pub(crate) jobs: Sender<Job>,
    pub(crate) ledger: Ledger,
    pub(crate) limits: Limits,
}

type Answer = (StatusCode, &'static str);

/// The longest body that is read.
const LONGEST_BODY: usize = 2 * 1024 * 1024;

/// Makes the actor that serves. It is ready when it listens. When it is interrupted, it takes no
/// more connections, and answers the requests that have begun, within the grace of `times`.
pub(crate) fn serve(listen: Listen, parts: Parts, times: Times) -> Actor {
    let actor = Actor::with(move |ctx| async move {
        let listener = listen.open().await?;
        tracing::info!("listening on {}", listener.socket.local_addr()?);
        ctx.announce_ready();
        server::serve(ctx, listener, routes(parts, times), times).await
    });
    actor.announces_ready()
}

/// What comes last is asked first.
fn routes(parts: Parts, times: Times) -> Router {
    let group = parts.group.clone();
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/statusz", get(status))
        .route("/events", get(events))
        .route("/entries", get(count).post(keep))
        .route("/imports", post(import))
        .route("/slow", get(slow))
        .with_state(parts)
        .layer(from_fn_with_state(times.body, read_body))
        .layer(from_fn_with_state(group, send_away))
        .layer(from_fn(trace))
}

/// Reads the body before the handler is asked, so that a slow client holds up nobody but itself.
async fn read_body(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match timeout(limit, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, body.into())).await,
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "too long\n").into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "too slow\n").into_response(),
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

/// What is logged while a request is answered names it.
async fn trace(request: Request, next: Next) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("request", %method, path);
    let answer = async {
        let start = Instant::now();
        let response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), start.elapsed());
        tracing::debug!(status, ?took, "answered");
        response
    };
    answer.instrument(span).await
}

/// Tells whether to send us requests: no longer, once a stop was requested, and not while the database
/// is locked by another process.
async fn ready(State(parts): State<Parts>) -> Answer {
    if parts.group.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

/// What the group is doing, and what it waits for.
async fn status(State(parts): State<Parts>) -> String {
    format!("{:#}\n", parts.group.status())
}

/// Waits for the only event there is: the service stops. Its clients can go elsewhere while the
/// others are still served.
async fn events(State(parts): State<Parts>) -> &'static str {
    tracing::info!("waiting for events");
    parts.group.stopping().await;
    "stopping\n"
}

async fn count(State(parts): State<Parts>) -> Result<String, Answer> {
    match parts.ledger.count().await {
        Ok(count) => Ok(format!("{count}\n")),
        Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "not counted\n")),
    }
}

/// Keeps the request's body as an entry.
async fn keep(State(parts): State<Parts>, entry: String) -> Answer {
    if !parts.limits.allow(&entry) {
        return (StatusCode::PAYLOAD_TOO_LARGE, "too long\n");
    }
    match workers::keep(&parts.jobs, entry).await {
        Ok(()) => (StatusCode::OK, "kept\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not kept\n"),
    }
}

/// Answers, and then keeps each line of the body as an entry. An actor in the stage of the workers
/// does that, because it still works while HTTP stops.
async fn import(State(parts): State<Parts>, lines: String) -> Answer {
    let ledger = parts.ledger;
    let import = Actor::with(move |_ctx| async move {
        for line in lines.lines() {
            ledger.append(line.into()).await?;
        }
        Ok(())
    });
    let import = import.name("import").stage(1).ends_group(Ends::Never);
    match parts.group.add_actor(import) {
        Ok(()) => (StatusCode::ACCEPTED, "will be kept\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
}

/// Takes `?ms=` milliseconds to keep an entry.
async fn slow(parts: State<Parts>, Query(query): Query<HashMap<String, u64>>) -> Answer {
    let ms = query.get("ms").copied().unwrap_or(1000);
    tracing::info!("taking {ms} ms");
    tokio::time::sleep(Duration::from_millis(ms)).await;
    keep(parts, format!("slow {ms}")).await
}
