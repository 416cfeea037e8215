//! A TCP echo server on compio, whose futures are not `Send`: the actor has a thread, with a runtime of
//! its own. On SIGTERM or Ctrl-C, it takes no more connections, finishes what it is
//! answering, and closes. compio uses io_uring, and epoll where that is refused.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin compio
//!
//! nc 127.0.0.1 7000
//! ```

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, net};

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
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = net::TcpListener::bind(address)?;
    let address = listener.local_addr()?;

    let mut group = app(listener);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run_blocking(Threads)?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: net::TcpListener) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    let server = Actor::blocking_with(|ctx| Runtime::new()?.block_on(serve(ctx, listener)));
    group.add_actor(server.name("server"));
    group
}

async fn serve(ctx: Context, listener: net::TcpListener) -> Result {
    let listener = TcpListener::from_std(listener)?;
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{BufRead, BufReader};
    use std::thread;

    use futures_lite::future::block_on;
    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let address = Cell::new(net::SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        let app = async || {
            let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener)
        };
        let test = every_stop(app)
            .meanwhile(async |_handle| {
                // Where the program was stopped before, nobody answers.
                let answer = ask(address.get()).await.unwrap_or_default();
                answers += usize::from(answer == "hello\n");
            })
            .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
            .trials(50);
        block_on(test.check(Threads));
        assert!(answers > 0);
    }

    /// On a thread, because a script that blocks would hold up the group.
    async fn ask(address: net::SocketAddr) -> io::Result<String> {
        let (sender, answer) = async_channel::bounded(1);
        thread::spawn(move || sender.try_send(ask_blocking(address)));
        answer.recv().await.map_err(io::Error::other)?
    }

    fn ask_blocking(address: net::SocketAddr) -> io::Result<String> {
        let mut client = net::TcpStream::connect(address)?;
        client.write_all(b"hello\n")?;
        let mut answer = String::new();
        BufReader::new(client).read_line(&mut answer)?;
        Ok(answer)
    }
}
