//! Counters over UDP, on async-std: a datagram names a counter, and the answer is its count. On
//! SIGTERM or Ctrl-C, it prints the totals. async-std is discontinued: this is for programs that
//! have yet to move.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin async_std
//!
//! echo visits | nc -u -w 1 127.0.0.1 8125
//! ```

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use async_std::net::UdpSocket;
use async_std::task;
use rungroup::{Actor, AsyncStd, Context, Group, Result, signal};

fn main() -> ExitCode {
    rungroup::exit_code(task::block_on(run()))
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8125".into());
    let socket = UdpSocket::bind(address).await?;
    let address = socket.local_addr()?;

    let mut group = app(socket);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(std::io::stdout(), "listening on {address}");
    Ok(group.run(AsyncStd).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(socket: UdpSocket) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    group.add_actor(Actor::with(|ctx| count(ctx, socket)).name("counters"));
    group
}

async fn count(ctx: Context, socket: UdpSocket) -> Result {
    let mut counters = BTreeMap::<String, u64>::new();
    let mut datagram = [0; 512];
    while let Some(received) = ctx
        .run_until_interrupted(socket.recv_from(&mut datagram))
        .await
    {
        let (length, client) = received?;
        let name = String::from_utf8_lossy(&datagram[..length]);
        let counter = counters.entry(name.trim().into()).or_default();
        *counter += 1;
        socket
            .send_to(format!("{counter}\n").as_bytes(), client)
            .await?;
    }
    for (name, total) in counters {
        let _ = writeln!(std::io::stdout(), "{name} {total}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::SocketAddr;

    use futures_lite::future::or;
    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        task::block_on(stop_at_every_moment());
    }

    async fn stop_at_every_moment() {
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        every_stop(async || {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            address.set(socket.local_addr().unwrap());
            app(socket)
        })
        .meanwhile(async |handle| {
            // Where the program was stopped before, nobody answers, and a datagram does not say so.
            let stopped = async {
                handle.stopping().await;
                None
            };
            answers += usize::from(or(ask(address.get()), stopped).await.is_some());
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(AsyncStd)
        .await;
        assert!(answers > 0);
    }

    async fn ask(address: SocketAddr) -> Option<String> {
        let client = UdpSocket::bind("127.0.0.1:0").await.ok()?;
        client.send_to(b"visits", address).await.ok()?;
        let mut answer = [0; 16];
        let (length, _) = client.recv_from(&mut answer).await.ok()?;
        String::from_utf8(answer[..length].into()).ok()
    }
}
