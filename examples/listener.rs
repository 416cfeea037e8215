//! A TCP server that echoes lines. When it is interrupted, it closes its socket, finishes what it
//! is answering, and returns.
//!
//! Ported from `ExampleGroup_Add_listener` of Go's `run.Group`, where the server is `http.Serve`
//! and the interrupt closes the listener under it.
//!
//! ```sh
//! cargo run --example listener --features net       # Enter stops it
//! cargo run --example listener --features net -- 127.0.0.1:7001
//! cargo run --example listener --features net,tokio # or smol, or async-std
//!
//! nc 127.0.0.1 7000                                 # a client
//! ```

mod clients;
mod console;
mod runtime;

use std::env;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use async_executor::Executor;
use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rungroup::{Actor, Context, Group};

/// A client that does not read its answer holds up the stop no longer than this.
const GRACE: Duration = Duration::from_secs(10);

/// A longer line is echoed in pieces, so that a client cannot take all our memory.
const LONGEST_LINE: u64 = 1024 * 1024;

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> rungroup::Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = Async::new(TcpListener::bind(address)?)?;
    println!("listening on {}", listener.get_ref().local_addr()?);

    let group = app(listener);
    console::stop_on_enter(group.handle());
    Ok(group.run(runtime::spawner()).await?)
}

/// What the test runs too.
fn app(listener: Async<TcpListener>) -> Group {
    let mut group = Group::new();
    group.grace(GRACE);
    group.add_actor(Actor::with(|ctx| serve(ctx, listener)).name("echo"));
    group
}

/// Serves all clients concurrently, within one actor.
async fn serve(ctx: Context, listener: Async<TcpListener>) -> rungroup::Result {
    let conversations = Executor::new();
    let accept = async {
        while let Some((client, _)) = clients::next(&ctx, &listener).await {
            conversations.spawn(echo(ctx.clone(), client)).detach();
        }
    };
    conversations.run(accept).await;

    drop(listener);
    println!("nobody can connect any longer");
    while !conversations.is_empty() {
        conversations.tick().await;
    }
    println!("serve returned");
    Ok(())
}

/// Answers one client, until either side has had enough.
async fn echo(ctx: Context, client: Async<TcpStream>) -> io::Result<()> {
    let mut lines = BufReader::new(&client);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut longest = (&mut lines).take(LONGEST_LINE);
        let read = longest.read_until(b'\n', &mut line);
        match ctx.run_until_interrupted(read).await.transpose()? {
            None | Some(0) => break,
            Some(_) => (&client).write_all(&line).await?,
        }
    }
    clients::let_go(&client).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::asking::{say_hello, stops_while};

    #[test]
    fn it_stops_whatever_happens() {
        stops_while(say_hello, "hello\n", app);
    }
}
