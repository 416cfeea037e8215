//! HTTP with axum. On SIGTERM or Ctrl-C, the server takes no more connections and answers the
//! requests that have begun.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin axum
//!
//! curl -d hello http://127.0.0.1:8080/echo
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
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
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;

    let mut group = app(listener);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: TcpListener) -> Group {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(2));
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("http"));
    group
}

async fn serve(ctx: Context, listener: TcpListener) -> Result {
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .route("/echo", post(async |body: String| body));
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::SocketAddr;

    use rungroup::testing::every_stop;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn it_stops_whatever_happens() {
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        every_stop(async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener)
        })
        .meanwhile(async |_handle| {
            // Where the program was stopped before, nobody answers.
            let answer = get(address.get()).await.unwrap_or_default();
            answers += usize::from(answer.ends_with("hello\n"));
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Tokio)
        .await;
        assert!(answers > 0);
    }

    /// HTTP/1.0, which closes the connection after the answer.
    async fn get(address: SocketAddr) -> io::Result<String> {
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
