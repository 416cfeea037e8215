//! A TCP server with an actor for each core. Each actor has a thread and a runtime of its own, so
//! its futures need not be `Send`, and what they share needs no lock. When it is interrupted, each
//! closes its socket, finishes what it is answering, and returns.
//!
//! The same works for every single-threaded runtime: the closure of `blocking_with` makes the
//! futures and polls them. To pin the threads to their cores, use a crate such as `core_affinity`.
//!
//! ```sh
//! cargo run --example thread_per_core --features tokio # Enter stops it
//! cargo run --example thread_per_core --features tokio -- 127.0.0.1:7001
//!
//! nc 127.0.0.1 7000                                     # a client
//! ```

mod console;

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use std::{env, io, net, thread};

use rungroup::{Actor, Context, Group, Threads};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

/// A client that does not read its answer holds up the stop no longer than this.
const GRACE: Duration = Duration::from_secs(10);

/// A longer line is echoed in pieces, so that a client cannot take all our memory.
const LONGEST_LINE: u64 = 64 * 1024;

/// How long to wait for other connections to close when there are too many.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    rungroup::exit_code(run())
}

fn run() -> rungroup::Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = net::TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);

    let group = app(&listener)?;
    drop(listener);
    console::stop_on_enter(group.handle());
    // The group itself needs no runtime.
    Ok(group.run_blocking(Threads)?)
}

/// What the test runs too.
fn app(listener: &net::TcpListener) -> io::Result<Group> {
    listener.set_nonblocking(true)?;
    let mut group = Group::new();
    group.grace(GRACE);
    for core in 0..thread::available_parallelism()?.get() {
        let listener = listener.try_clone()?;
        let actor = Actor::blocking_with(move |ctx| run_core(ctx, core, listener));
        group.add_actor(actor.name(format!("core-{core}")));
    }
    Ok(group)
}

/// Runs a core's own runtime on its thread.
fn run_core(ctx: Context, core: usize, listener: net::TcpListener) -> rungroup::Result {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(ctx, core, listener))
}

async fn serve(ctx: Context, core: usize, listener: net::TcpListener) -> rungroup::Result {
    let listener = TcpListener::from_std(listener)?;
    let answered = Rc::new(Cell::new(0_u64));
    let mut conversations = JoinSet::new();
    while let Some(client) = next(&ctx, &listener, &mut conversations).await {
        conversations.spawn_local(echo(ctx.clone(), core, client, Rc::clone(&answered)));
    }

    drop(listener);
    while conversations.join_next().await.is_some() {}
    println!("core {core} answered {} lines", answered.get());
    Ok(())
}

/// Waits for the next client, and meanwhile forgets the conversations that are over.
async fn next(
    ctx: &Context,
    listener: &TcpListener,
    conversations: &mut JoinSet<io::Result<()>>,
) -> Option<TcpStream> {
    loop {
        tokio::select! {
            () = ctx.interrupted() => return None,
            Some(_over) = conversations.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => return Some(client),
                Err(error) => {
                    eprintln!("cannot accept for now: {error}");
                    ctx.run_until_interrupted(sleep(PAUSE)).await;
                }
            },
        }
    }
}

/// Answers one client, and says which core does, until either side has had enough.
async fn echo(
    ctx: Context,
    core: usize,
    mut client: TcpStream,
    answered: Rc<Cell<u64>>,
) -> io::Result<()> {
    let (read, mut write) = client.split();
    let mut lines = BufReader::new(read);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut longest = (&mut lines).take(LONGEST_LINE);
        let read = longest.read_until(b'\n', &mut line);
        match ctx.run_until_interrupted(read).await.transpose()? {
            None | Some(0) => return Ok(()),
            Some(_) => {
                write.write_all(format!("core {core}: ").as_bytes()).await?;
                write.write_all(&line).await?;
                answered.set(answered.get() + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rungroup::testing::every_stop;

    use super::*;

    /// Its clients are on Tokio, as the cores are.
    #[tokio::test]
    async fn it_stops_whatever_happens() {
        let address = Cell::new(net::SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        every_stop(async || {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            address.set(listener.local_addr().unwrap());
            app(&listener).unwrap()
        })
        .meanwhile(async |_handle| {
            // Where the program was stopped before, nobody answers.
            let answer = ask(address.get()).await.unwrap_or_default();
            answers += usize::from(answer.ends_with(": hello\n"));
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(Threads)
        .await;
        assert!(answers > 0);
    }

    async fn ask(address: net::SocketAddr) -> io::Result<String> {
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"hello\n").await?;
        let mut answer = String::new();
        BufReader::new(client).read_line(&mut answer).await?;
        Ok(answer)
    }
}
