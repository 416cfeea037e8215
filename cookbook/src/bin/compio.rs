//! A TCP echo server on compio, whose futures are not `Send`: the actor has a thread, with a runtime of
//! its own. On SIGTERM or Ctrl-C, it takes no more connections, finishes what it is
//! answering, and closes. compio uses io_uring, and epoll where that is refused.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin compio
//!
//! nc 127.0.0.1 7000
//! ```

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::Runtime;
use compio::time::{sleep, timeout};
use rungroup::{Actor, Context, Group, Result, Threads, signal};

/// A client that does not read its answers for so long is cut off, which is no failure.
const CLIENT_GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    rungroup::exit_code(run())
}

fn run() -> Result {
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    group.grace(Duration::from_secs(10));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let server = Actor::blocking_with(|ctx| Runtime::new()?.block_on(serve(ctx, address)));
    group.add_actor(server.name("server"));

    Ok(group.run_blocking(Threads)?)
}

async fn serve(ctx: Context, address: String) -> Result {
    let listener = TcpListener::bind(address).await?;
    let _ = writeln!(io::stdout(), "listening on {}", listener.local_addr()?);
    let (open, closed) = async_channel::bounded::<()>(1);
    while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
        let (client, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                let _ = writeln!(io::stderr(), "cannot accept for now: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (ctx, open) = (ctx.clone(), open.clone());
        let conversation = async move {
            if let Err(error) = echo(ctx, client).await {
                let _ = writeln!(io::stderr(), "{peer}: {error}");
            }
            drop(open);
        };
        compio::runtime::spawn(conversation).detach();
    }
    drop((listener, open));
    let _ = closed.recv().await; // an error when every conversation has dropped `open`
    Ok(())
}

async fn echo(ctx: Context, mut client: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        // The read owns the buffer. An interrupt cancels the read.
        let read = ctx.run_until_interrupted(client.read(buffer)).await;
        let Some(BufResult(length, filled)) = read else {
            return Ok(());
        };
        if length? == 0 {
            return Ok(());
        }
        let written = timeout(CLIENT_GRACE, client.write_all(filled)).await;
        let Ok(BufResult(written, emptied)) = written else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        written?;
        buffer = emptied;
        buffer.clear();
    }
}
