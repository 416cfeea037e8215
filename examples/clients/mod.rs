//! The clients of a server, one after the other.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_io::{Async, Timer};
use rungroup::Context;

/// How long a server waits that cannot accept anybody.
const PAUSE: Duration = Duration::from_millis(500);

/// Accepts the next client; `None` once the actor is interrupted.
///
/// Running out of file descriptors is no reason to stop: clients that leave give theirs back, and
/// until then the others wait in the system's queue.
pub(crate) async fn next(
    ctx: &Context,
    listener: &Async<TcpListener>,
) -> Option<(Async<TcpStream>, SocketAddr)> {
    loop {
        match ctx.run_until_interrupted(listener.accept()).await? {
            Ok(client) => return Some(client),
            Err(error) if left_already(error.kind()) => {}
            Err(error) => {
                eprintln!("cannot accept for now: {error}");
                ctx.run_until_interrupted(Timer::after(PAUSE)).await?;
            }
        }
    }
}

fn left_already(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
