//! The HTTP server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use async_channel::Sender;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use rungroup::{Actor, Handle};
use tokio::net::TcpListener;

use crate::workers::{self, Job};

/// Makes the actor that serves. It is ready when it listens; interrupted, it takes no more
/// connections, and answers what has begun.
pub(crate) fn serve(address: SocketAddr, jobs: Sender<Job>, group: Handle) -> Actor {
    let actor = Actor::with(move |ctx| async move {
        let listener = TcpListener::bind(address).await?;
        tracing::info!("listening on {}", listener.local_addr()?);
        ctx.announce_ready();
        axum::serve(listener, routes(jobs, group))
            .with_graceful_shutdown(ctx.interrupted())
            .await?;
        Ok(())
    });
    actor.announces_ready()
}

fn routes(jobs: Sender<Job>, group: Handle) -> Router {
    let health = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .with_state(group);
    Router::new()
        .route("/entries", post(entry))
        .route("/slow", get(slow))
        .with_state(jobs)
        .merge(health)
}

/// Whether to send us requests: no longer, as soon as a stop was requested.
async fn ready(State(group): State<Handle>) -> (StatusCode, &'static str) {
    if group.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

/// Keeps the request's body as an entry.
async fn entry(State(jobs): State<Sender<Job>>, entry: String) -> (StatusCode, &'static str) {
    match workers::keep(&jobs, entry).await {
        Ok(()) => (StatusCode::OK, "kept\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not kept\n"),
    }
}

/// Takes `?ms=` milliseconds to keep an entry.
async fn slow(
    jobs: State<Sender<Job>>,
    Query(query): Query<HashMap<String, u64>>,
) -> (StatusCode, &'static str) {
    let ms = query.get("ms").copied().unwrap_or(1000);
    tracing::info!("taking {ms} ms");
    tokio::time::sleep(Duration::from_millis(ms)).await;
    entry(jobs, format!("slow {ms}")).await
}
