//! Prometheus metrics and probes on a second port. Its actor is in the background, so probes and
//! scrapes are answered until everything else has stopped, the drain included.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin metrics -- 127.0.0.1:8080 127.0.0.1:9090
//!
//! curl http://127.0.0.1:8080/
//! curl http://127.0.0.1:9090/metrics
//! curl http://127.0.0.1:9090/readyz
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use rungroup::{Actor, Context, Ends, Group, Handle, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    // A port that is taken fails the start, not only the metrics.
    let address = env::args().nth(2).unwrap_or("127.0.0.1:9090".into());
    let observer = TcpListener::bind(address).await?;
    let observed_at = observer.local_addr()?;
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let drain = env::args().nth(3).map_or(Ok(5), |it| it.parse())?;

    let mut group = app(listener, observer, Duration::from_secs(drain));
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "metrics on {observed_at}");
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, observer: TcpListener, drain: Duration) -> Group {
    let mut group = Group::new();
    group.drain(drain); // for load balancers to see that /readyz fails
    group.grace(drain + HTTP_GRACE + Duration::from_secs(2));

    let requests = Counter::default();
    let mut registry = Registry::default();
    registry.register("requests", "Requests answered", requests.clone());

    let state = Observed {
        registry: Arc::new(registry),
        group: group.handle(),
    };
    let observer = Actor::cancellable(observe(observer, state));
    let observer = observer.background().ends_group(Ends::Never);
    group.add_actor(observer.name("metrics"));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener, requests)).name("http"));
    group
}

#[derive(Clone)]
struct Observed {
    registry: Arc<Registry>,
    group: Handle,
}

/// Nobody waits for an observer, so its interrupt drops it.
async fn observe(listener: TcpListener, state: Observed) -> Result {
    let app = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/statusz", get(status))
        .with_state(state);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn metrics(State(observed): State<Observed>) -> std::result::Result<String, StatusCode> {
    let mut text = String::new();
    encode(&mut text, &observed.registry).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(text)
}

async fn ready(State(observed): State<Observed>) -> StatusCode {
    if observed.group.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn status(State(observed): State<Observed>) -> String {
    format!("{:#}\n", observed.group.status())
}

async fn serve(ctx: Context, listener: TcpListener, requests: Counter) -> Result {
    let hello = get(async move || {
        requests.inc();
        "hello\n"
    });
    let app = Router::new().route("/", hello);
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
