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
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    group.grace(Duration::from_secs(10));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:8125".into());
    let socket = UdpSocket::bind(address).await?;
    let _ = writeln!(std::io::stdout(), "listening on {}", socket.local_addr()?);
    group.add_actor(Actor::with(|ctx| count(ctx, socket)).name("counters"));

    Ok(group.run(AsyncStd).await?)
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
