//! The clients of a server, one after the other.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future::or;
use futures_lite::io::AsyncReadExt;
use rungroup::Context;

/// How long a server waits that cannot accept anybody.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a client may take to leave that was let go.
const FAREWELL: Duration = Duration::from_secs(1);

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

/// Lets a client go, with all it was answered. A socket that is closed before its input was read
/// resets the connection, and what is still on the way is lost.
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
    // One that has left in a hurry is gone as well.
    let _ = or(leaves, stays).await;
}
