//! The HTTP recipes are stopped, forced or dropped, or lose an actor, at every moment of a request.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rungroup::testing::every_stop;
use rungroup::{Group, Tokio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The recipes without their `main`.
macro_rules! recipes {
    ($($path:literal $recipe:ident,)+) => {$(
        #[allow(dead_code)] // its `main`
        #[path = $path]
        mod $recipe;
    )+};
}

recipes! {
    "../../src/bin/actix_web.rs" actix_web,
    "../../src/bin/axum.rs" axum,
    "../../src/bin/hyper.rs" hyper,
    "../../src/bin/metrics.rs" metrics,
    "../../src/bin/opentelemetry.rs" opentelemetry,
    "../../src/bin/production_http.rs" production_http,
    "../../src/bin/queue.rs" queue,
    "../../src/bin/sqlite.rs" sqlite,
}

/// More trials than any of these recipes has moments.
const EVERY: usize = 1_000;

/// Stops the program that `app` makes at every moment of `request`, which is answered at least once.
pub async fn stops_during(
    request: &str,
    is_answered: impl Fn(&str) -> bool,
    trials: usize,
    app: impl AsyncFn(TcpListener) -> Group,
) {
    let address = Cell::new(SocketAddr::from(([0; 4], 0)));
    let mut answers = 0;
    every_stop(async || {
        let listener = bind().await;
        address.set(listener.local_addr().unwrap());
        app(listener).await
    })
    .meanwhile(async |_handle| {
        // Where the program was stopped before, nobody answers.
        let answer = ask(address.get(), request).await.unwrap_or_default();
        answers += usize::from(is_answered(&answer));
    })
    .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
    .trials(trials)
    .check(Tokio)
    .await;
    assert!(answers > 0);
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// HTTP/1.0, which closes the connection after the answer.
async fn ask(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut client = TcpStream::connect(address).await?;
    client.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A short drain, because each trial may have one.
const DRAIN: Duration = Duration::from_millis(1);

const GET: &str = "GET / HTTP/1.0\r\n\r\n";

pub fn post_request(path: &str) -> String {
    format!("POST {path} HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
}

fn is_hello(answer: &str) -> bool {
    answer.ends_with("hello\n")
}

fn is_echo(answer: &str) -> bool {
    answer.ends_with("hello")
}

#[tokio::test]
async fn actix_web_stops_whatever_happens() {
    let app = async |listener: TcpListener| actix_web::app(listener.into_std().unwrap());
    stops_during(GET, is_hello, EVERY, app).await;
}

#[tokio::test]
async fn axum_stops_whatever_happens() {
    stops_during(GET, is_hello, EVERY, async |listener| axum::app(listener)).await;
}

#[tokio::test]
async fn hyper_stops_whatever_happens() {
    stops_during(&post_request("/"), is_echo, EVERY, async |listener| {
        hyper::app(listener)
    })
    .await;
}

#[tokio::test]
async fn metrics_stops_whatever_happens() {
    let app = async |listener| metrics::app(listener, bind().await, DRAIN);
    stops_during(GET, is_hello, EVERY, app).await;
}

#[tokio::test]
async fn opentelemetry_stops_whatever_happens() {
    // A process has one subscriber, and so no trial has one.
    let app = async |listener| opentelemetry::app(listener, opentelemetry::exporter());
    let is_shouted = |answer: &str| answer.ends_with("HELLO");
    stops_during(&post_request("/"), is_shouted, EVERY, app).await;
}

#[tokio::test]
async fn production_http_stops_whatever_happens() {
    let request = post_request("/echo");
    let app = async |listener| production_http::app(listener, DRAIN);
    stops_during(&request, is_echo, EVERY, app).await;
}

#[tokio::test]
async fn queue_stops_whatever_happens() {
    let request = post_request("/jobs");
    let is_accepted = |answer: &str| answer.contains(" 202 ");
    let app = async |listener| queue::app(listener, "/dev/null".into());
    stops_during(&request, is_accepted, EVERY, app).await;
}

#[tokio::test]
async fn sqlite_stops_whatever_happens() {
    let is_kept = |answer: &str| answer.ends_with("1\n");
    let app = async |listener| sqlite::app(listener, ":memory:".into());
    stops_during(&post_request("/notes"), is_kept, EVERY, app).await;
}
