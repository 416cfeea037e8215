//! Traces that are flushed last. A background actor stops after all others, so it exports their last
//! spans too. Here they go to stdout; with `opentelemetry-otlp` they go to a collector.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin opentelemetry
//!
//! curl -d hello http://127.0.0.1:8080/
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use futures_lite::future::block_on;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_stdout::SpanExporter;
use rungroup::{Actor, Context, Ends, Group, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

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

    let mut group = app(listener, init_tracing());
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, traces: SdkTracerProvider) -> Group {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(7)); // the rest is for what stops after it

    let telemetry = Actor::blocking_with(|ctx| flush(ctx, traces));
    // A collector that fails is no reason to stop.
    let telemetry = telemetry.background().ends_group(Ends::Never);
    group.add_actor(telemetry.name("telemetry"));

    group.add_actor(Actor::with(keep).name("cache").stage(0));

    let server = Actor::with(|ctx| serve(ctx, listener));
    group.add_actor(server.name("http").stage(1));
    group
}

pub fn exporter() -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_batch_exporter(SpanExporter::default())
        .build()
}

/// Logs to stderr, and exports spans in batches.
fn init_tracing() -> SdkTracerProvider {
    let traces = exporter();
    // The span `actor` lasts as long as its actor. It belongs in the log, but not in every trace.
    let exported = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("rungroup", LevelFilter::OFF);
    let exporter = tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("cookbook"))
        .with_filter(exported);
    let log = fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(LevelFilter::INFO);
    registry().with(exporter).with(log).init();
    traces
}

/// Exports the spans that are left. That blocks, so it has a thread of its own.
fn flush(ctx: Context, traces: SdkTracerProvider) -> Result {
    block_on(ctx.interrupted());
    traces.shutdown()?;
    Ok(())
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = Router::new().route("/", post(answer));
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

#[tracing::instrument(skip_all)]
async fn answer(question: String) -> String {
    question.to_uppercase()
}

/// What it does at the end is traced like everything else.
async fn keep(ctx: Context) -> Result {
    ctx.interrupted().await;
    save_cache();
    Ok(())
}

#[tracing::instrument]
fn save_cache() {}
