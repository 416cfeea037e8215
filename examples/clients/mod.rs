//! The clients of a server, one after the other.

#[cfg(test)]
pub(crate) mod asking;

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future::or;
use futures_lite::io::AsyncReadExt;
use rungroup::Context;

/// How long a server that cannot accept anybody waits.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a client that was let go may take to leave.
const FAREWELL: Duration = Duration::from_secs(1);

/// Accepts the next client. Returns `None` once the actor is interrupted.
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

/// Lets go of a client that has been answered. Closing a socket before its input was read would
/// reset the connection, and lose the part of the answer that is still on its way.
pub(crate) async fn let_go(mut client: &Async<TcpStream>) {
    let leaves = async {
        client.get_ref().shutdown(Shutdown::Write)?;
        let mut ignored = [0; 4096];
        while client.read(&mut ignored).await? > 0 {}
        io::Result::Ok(())
    };
    let stays = async {
        Timer::after(FAREWELL).await;
        Ok(())
    };
    // After an error, the client is gone too.
    let _ = or(leaves, stays).await;
}
