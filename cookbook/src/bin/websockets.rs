//! WebSockets with axum. On SIGTERM or Ctrl-C, each client gets a close frame that says that the
//! server goes away, and answers it, so that it knows that nothing was lost. Each connection is an
//! actor: axum does not wait for those that were upgraded.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin websockets
//!
//! websocat ws://127.0.0.1:8080/echo
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use axum::routing::get;
use rungroup::{Actor, Context, Ends, Group, Handle, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

/// How long a client may take to answer a close frame.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

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
        .route("/echo", get(upgrade))
        .with_state(ctx.handle());
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

/// Adds an actor for the connection. While the server stops, it is given back, and so closed.
async fn upgrade(State(group): State<Handle>, request: WebSocketUpgrade) -> Response {
    request.on_upgrade(async move |socket| {
        let client = Actor::with(|ctx| echo(ctx, socket));
        let _ = group.add_actor(client.name("client").ends_group(Ends::Never));
    })
}

async fn echo(ctx: Context, mut socket: WebSocket) -> Result {
    while let Some(received) = ctx.run_until_interrupted(socket.recv()).await {
        match received {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if !matches!(timeout(CLOSE_GRACE, socket.send(message)).await, Ok(Ok(()))) {
                    return Ok(()); // it does not read, or is gone
                }
            }
            Some(Ok(_)) => {} // pings and close frames are answered by axum
            Some(Err(_)) | None => return Ok(()),
        }
    }
    let _ = timeout(CLOSE_GRACE, close(&mut socket)).await;
    Ok(())
}

async fn close(socket: &mut WebSocket) -> std::result::Result<(), axum::Error> {
    let frame = CloseFrame {
        code: close_code::AWAY,
        reason: "the server stops".into(),
    };
    socket.send(Message::Close(Some(frame))).await?;
    while socket.recv().await.is_some() {} // until its answer
    Ok(())
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
        let mut closed = 0;
        every_stop(async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener)
        })
        .meanwhile(async |group| {
            // Where the program was stopped before, nobody answers.
            closed += usize::from(talk(address.get(), &group).await.is_ok());
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Tokio)
        .await;
        assert!(closed > 0);
    }

    /// A client that has a message echoed, and answers the close frame of the stop.
    async fn talk(address: SocketAddr, group: &Handle) -> io::Result<()> {
        let mut client = TcpStream::connect(address).await?;
        let upgrade = "GET /echo HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        client.write_all(upgrade.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        client.write_all(b"\x81\x82\0\0\0\0hi").await?; // a client's frame has a mask
        loop {
            let (kind, length) = (client.read_u8().await?, client.read_u8().await?);
            client.read_exact(&mut vec![0; length.into()]).await?;
            if kind == 0x88 {
                // An actor waits for this answer, so the program cannot have ended.
                return client.write_all(b"\x88\x82\0\0\0\0\x03\xe9").await;
            }
            group.stop(Ok(())); // the message has been echoed
        }
    }
}
