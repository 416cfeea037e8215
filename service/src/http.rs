//! The HTTP server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use async_channel::Sender;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use rungroup::{Actor, Ends, Handle};
use tokio::net::TcpListener;

use crate::database::Ledger;
use crate::limits::Limits;
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

/// Makes the actor that serves. It is ready when it listens. When it is interrupted, it takes no
/// more connections, and answers the requests that have begun. Requests that run out of time are
/// left to the runtime; what they ask of the stages below is refused.
pub(crate) fn serve(address: SocketAddr, parts: Parts) -> Actor {
    let actor = Actor::with(move |ctx| async move {
        let listener = TcpListener::bind(address).await?;
        tracing::info!("listening on {}", listener.local_addr()?);
        ctx.announce_ready();
        axum::serve(listener, routes(parts))
            .with_graceful_shutdown(ctx.interrupted())
            .await?;
        Ok(())
    });
    actor.announces_ready()
}

fn routes(parts: Parts) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/statusz", get(status))
        .route("/events", get(events))
        .route("/entries", get(count).post(keep))
        .route("/imports", post(import))
        .route("/slow", get(slow))
        .with_state(parts)
}

/// Tells whether to send us requests: no longer, once a stop was requested.
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
