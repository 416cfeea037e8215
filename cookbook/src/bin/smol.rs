//! A TCP proxy on smol. On SIGTERM or Ctrl-C, it takes no more connections. A transfer that
//! is running may finish; a connection on which nothing moves is closed.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin smol -- 127.0.0.1:7000 127.0.0.1:8080
//!
//! curl http://127.0.0.1:7000/
//! ```

use std::env;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rungroup::{Actor, Context, Ends, Group, Result, Smol, signal};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{Shutdown, TcpListener, TcpStream};
use smol::{Timer, future, io};

/// How long a transfer may take once the proxy stops.
const TRANSFER_GRACE: Duration = Duration::from_secs(25);

fn main() -> ExitCode {
    rungroup::exit_code(smol::block_on(run()))
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let upstream = env::args().nth(2).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    // For how long nothing has moved when a transfer counts as over.
    let quiet = env::args().nth(3).map_or(Ok(500), |it| it.parse())?;

    let mut group = app(listener, upstream, Duration::from_millis(quiet));
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(std::io::stdout(), "listening on {address}");
    Ok(group.run(Smol).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: TcpListener, upstream: String, quiet: Duration) -> Group {
    let mut group = Group::new();
    group.grace(TRANSFER_GRACE + Duration::from_secs(5));
    group.add_actor(Actor::with(move |ctx| accept(ctx, listener, upstream, quiet)).name("proxy"));
    group
}

async fn accept(ctx: Context, listener: TcpListener, upstream: String, quiet: Duration) -> Result {
    while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
        match accepted {
            Ok((client, peer)) => {
                let upstream = upstream.clone();
                let tunnel = Actor::with(move |ctx| tunnel(ctx, client, peer, upstream, quiet));
                let tunnel = tunnel.name("tunnel").ends_group(Ends::Never);
                if ctx.handle().add_actor(tunnel).is_err() {
                    break; // the proxy is stopping
                }
            }
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "cannot accept for now: {error}");
                Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
    Ok(())
}

async fn tunnel(
    ctx: Context,
    client: TcpStream,
    peer: SocketAddr,
    upstream: String,
    quiet: Duration,
) -> Result {
    let moved = AtomicU64::new(0);
    let there_and_back = async {
        let server = TcpStream::connect(upstream).await?;
        let there = pump(client.clone(), server.clone(), &moved);
        let back = pump(server, client, &moved);
        future::try_zip(there, back).await.map(drop)
    };
    let stop = async {
        ctx.interrupted().await;
        until_nothing_moves(&moved, quiet).await;
        Ok(())
    };
    // Dropping what has not ended closes both connections.
    if let Err(error) = future::or(there_and_back, stop).await {
        let _ = writeln!(std::io::stderr(), "{peer}: {error}");
    }
    Ok(())
}

/// A transfer whose ends are alive moves something now and then.
async fn until_nothing_moves(moved: &AtomicU64, quiet: Duration) {
    let start = Instant::now();
    while start.elapsed() < TRANSFER_GRACE {
        let before = moved.load(Ordering::Relaxed);
        Timer::after(quiet).await;
        if moved.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// Copies until `from` ends, then ends `to`.
async fn pump(mut from: TcpStream, mut to: TcpStream, moved: &AtomicU64) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(&buffer[..length]).await?;
        moved.fetch_add(length as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        smol::block_on(stop_at_every_moment());
    }

    async fn stop_at_every_moment() {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = upstream.local_addr().unwrap().to_string();
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        every_stop(async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener, behind.clone(), Duration::from_millis(5))
        })
        .meanwhile(async |_handle| {
            // Where the program was stopped before, nobody answers.
            let answer = future::or(ask(address.get()), echo(&upstream)).await;
            answers += usize::from(answer.is_ok_and(|it| it == "hello"));
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Smol)
        .await;
        assert!(answers > 0);
    }

    async fn ask(address: SocketAddr) -> io::Result<String> {
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"hello").await?;
        client.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// The server behind the proxy. A trial may leave it a connection that has ended.
    async fn echo(upstream: &TcpListener) -> io::Result<String> {
        loop {
            let (mut proxy, _) = upstream.accept().await?;
            let mut question = String::new();
            if proxy.read_to_string(&mut question).await.is_ok() {
                let _ = proxy.write_all(question.as_bytes()).await;
            }
        }
    }
}
