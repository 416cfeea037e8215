//! A TCP server with an actor for each connection, added while the group runs. Each client sends a
//! line, gets it back, and is let go. When it is stopped in the middle, the server takes no more
//! clients, finishes the answers it has begun, closes the other connections, and accounts for every
//! one.
//!
//! Users of Go's `run.Group` write this by hand, because its `Add` does not work while the group
//! runs.
//!
//! ```sh
//! cargo run --example connections --features net       # Enter stops it
//! cargo run --example connections --features net -- 127.0.0.1:7001
//! cargo run --example connections --features net,tokio # or smol, or async-std
//!
//! echo hello | nc 127.0.0.1 7000                             # a client
//! ```

mod clients;
mod console;
mod runtime;

use std::env;
use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rungroup::{Actor, Context, Ends, Group, Handle, Result};

/// A client that does not read its answer holds up the stop no longer than this.
const GRACE: Duration = Duration::from_secs(10);

const LONGEST_LINE: u64 = 64 * 1024;

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = Async::new(TcpListener::bind(address)?)?;
    println!("listening on {}", listener.get_ref().local_addr()?);

    let tally = Arc::new(Tally::default());
    let group = app(listener, Arc::clone(&tally));
    console::stop_on_enter(group.handle());

    // The report lists the exits of the stop, and counts most of those before.
    let report = group.run_report(runtime::spawner()).await;
    println!("{tally}");
    let exits = report.exits().len() as u64 + report.omitted();
    let stragglers = report.stragglers().len();
    println!("{exits} actors exited, {stragglers} were forced");
    println!("{report}");
    Ok(report.into_result()?)
}

/// What the test runs too.
fn app(listener: Async<TcpListener>, tally: Arc<Tally>) -> Group {
    let mut group = Group::new();
    group.grace(GRACE);
    let handle = group.handle();
    let accept = Actor::with(|ctx| accept(ctx, listener, handle, tally));
    // The highest stage stops first: no new connection while the old ones are finished.
    group.add_actor(accept.name("listener").stage(1));
    group
}

/// Makes an actor of each client. No exit of such an actor ends the group.
async fn accept(
    ctx: Context,
    listener: Async<TcpListener>,
    group: Handle,
    tally: Arc<Tally>,
) -> Result {
    while let Some((client, _)) = clients::next(&ctx, &listener).await {
        let connection = Connection::new(client, &tally);
        let actor = Actor::with(|ctx| connection.answer(ctx));
        let actor = actor.name("connection").ends_group(Ends::Never);
        if let Err(given_back) = group.add_actor(actor) {
            tally.given_back.fetch_add(1, Ordering::Relaxed);
            drop(given_back); // closes the connection
        }
    }
    Ok(())
}

/// A client. When it is dropped, it is counted as answered or closed, whatever became of its actor.
struct Connection {
    client: Async<TcpStream>,
    answered: bool,
    tally: Arc<Tally>,
}

impl Connection {
    fn new(client: Async<TcpStream>, tally: &Arc<Tally>) -> Connection {
        tally.accepted.fetch_add(1, Ordering::Relaxed);
        Connection {
            client,
            answered: false,
            tally: Arc::clone(tally),
        }
    }

    /// Waits for a line until it is interrupted, and answers it however long that takes.
    async fn answer(mut self, ctx: Context) -> Result {
        let mut line = Vec::new();
        let mut lines = BufReader::new(&self.client).take(LONGEST_LINE);
        let read = lines.read_until(b'\n', &mut line);
        if let Some(1..) = ctx.run_until_interrupted(read).await.transpose()? {
            (&self.client).write_all(&line).await?;
            self.answered = true;
            clients::let_go(&self.client).await;
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let count = if self.answered {
            &self.tally.answered
        } else {
            &self.tally.closed
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// What became of the connections.
#[derive(Default)]
struct Tally {
    accepted: AtomicU64,
    answered: AtomicU64,
    closed: AtomicU64,
    /// The closed ones that the group did not take because it was stopping.
    given_back: AtomicU64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [accepted, answered, closed, given_back] = [
            &self.accepted,
            &self.answered,
            &self.closed,
            &self.given_back,
        ]
        .map(|count| count.load(Ordering::Relaxed));
        write!(
            f,
            "{accepted} accepted, {answered} answered, {closed} closed, {given_back} of them given back"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::asking::{say_hello, stops_while};

    #[test]
    fn it_stops_whatever_happens() {
        stops_while(say_hello, "hello\n", |listener| {
            app(listener, Arc::default())
        });
    }
}
