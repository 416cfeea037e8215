//! gRPC with tonic, and its health protocol. On SIGTERM, clients that watch the health hear
//! `NOT_SERVING` while calls still work. After the drain, the streams end: a server waits for every
//! open stream.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin tonic
//!
//! grpc_health_probe -addr=127.0.0.1:50051
//! ```

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};

/// The name of the server as a whole in the health protocol.
const WHOLE: &str = "";

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const GRPC_GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let drain = env::args().nth(2).map_or(Ok(5), |it| it.parse())?;

    let mut group = app(listener, Duration::from_secs(drain));
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: TcpListener, drain: Duration) -> Group {
    let mut group = Group::new();
    group.drain(drain); // for clients to go elsewhere
    group.grace(drain + GRPC_GRACE + Duration::from_secs(2));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("grpc"));
    group
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let (reporter, health) = health_reporter();
    let server = Server::builder()
        .add_service(health) // and yours
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), ctx.interrupted());
    tokio::select! {
        ended = server => ended?,
        () = report(&ctx, reporter) => {}
    }
    Ok(())
}

/// Tells clients of the stop, and returns when those that do not end are late.
async fn report(ctx: &Context, mut reporter: HealthReporter) {
    ctx.handle().stopping().await;
    reporter
        .set_service_status(WHOLE, ServingStatus::NotServing)
        .await;
    ctx.interrupted().await;
    reporter.clear_service_status(WHOLE).await; // ends the streams of those that watch it
    sleep(GRPC_GRACE).await;
    // A terminal that is gone is no reason to fail.
    let _ = writeln!(io::stderr(), "cut off the clients that did not end");
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::SocketAddr;

    use rungroup::testing::every_stop;
    use tonic::Streaming;
    use tonic::transport::Endpoint;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

    use super::*;

    #[tokio::test]
    async fn it_stops_whatever_happens() {
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut told = 0;
        every_stop(async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener, Duration::from_millis(1))
        })
        .meanwhile(async |handle| {
            // Where the program was stopped before, nobody answers.
            let Ok(mut health) = watch(address.get()).await else {
                return;
            };
            told += 1;
            handle.stop(Ok(()));
            while let Ok(Some(_)) = health.message().await {} // the stop ends the stream
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Tokio)
        .await;
        assert!(told > 0);
    }

    /// Returns when the server has said how it is.
    async fn watch(address: SocketAddr) -> Result<Streaming<HealthCheckResponse>> {
        let server = Endpoint::from_shared(format!("http://{address}"))?;
        let mut client = HealthClient::new(server.connect().await?);
        let watched = client.watch(HealthCheckRequest::default()).await?;
        let mut health = watched.into_inner();
        health.message().await?;
        Ok(health)
    }
}
