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
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    group.drain(Duration::from_secs(5)); // for clients to go elsewhere
    group.grace(Duration::from_secs(15)); // for the drain and the stop

    let address = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let listener = TcpListener::bind(address).await?;
    let _ = writeln!(io::stdout(), "listening on {}", listener.local_addr()?);

    let (reporter, health) = health_reporter();
    let server = Actor::with(|ctx| async move {
        let server = Server::builder()
            .add_service(health) // and yours
            .serve_with_incoming_shutdown(TcpIncoming::from(listener), ctx.interrupted());
        tokio::select! {
            ended = server => ended?,
            () = clients_are_late(&ctx) => {}
        }
        Ok(())
    });
    group.add_actor(server.name("grpc"));
    group.add_actor(Actor::with(|ctx| report(ctx, reporter)).name("health"));

    Ok(group.run(Tokio).await?)
}

async fn clients_are_late(ctx: &Context) {
    ctx.interrupted().await;
    sleep(GRPC_GRACE).await;
    // A terminal that is gone is no reason to fail.
    let _ = writeln!(io::stderr(), "cut off the clients that did not end");
}

async fn report(ctx: Context, mut reporter: HealthReporter) -> Result {
    ctx.handle().stopping().await;
    reporter
        .set_service_status(WHOLE, ServingStatus::NotServing)
        .await;
    ctx.interrupted().await;
    reporter.clear_service_status(WHOLE).await; // ends the streams of those that watch it
    Ok(())
}
