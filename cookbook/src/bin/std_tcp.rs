//! A TCP server on std's blocking sockets, without a runtime: a thread accepts, and each connection
//! has a thread. On SIGTERM or Ctrl-C, each answers the lines that have arrived, and closes.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin std_tcp
//!
//! nc 127.0.0.1 7000
//! ```

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rungroup::{Actor, Cause, Ends, Group, Handle, Result, Threads, signal};

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const CLIENT_GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    rungroup::exit_code(run())
}

fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;

    let mut group = app(listener, address);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run_blocking(Threads)?)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(listener: TcpListener, address: SocketAddr) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    group.add_actor(server(listener, address, group.handle()).name("server"));
    group
}

/// Nothing portable interrupts `accept`. The interrupt connects to the server itself, so that `accept`
/// returns.
fn server(listener: TcpListener, address: SocketAddr, group: Handle) -> Actor {
    let interrupted = Arc::new(AtomicBool::new(false));
    let is_interrupted = Arc::clone(&interrupted);
    let interrupt = move |_cause: &Cause| {
        interrupted.store(true, Ordering::Relaxed); // seen by `accept`, after the connection
        // An interrupt must not wait long. If the backlog is full, `accept` returns anyway.
        let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
    };
    let execute = move || accept(&listener, &group, &is_interrupted);
    Actor::blocking(execute, interrupt)
}

fn accept(listener: &TcpListener, group: &Handle, is_interrupted: &AtomicBool) -> Result {
    loop {
        let accepted = listener.accept();
        if is_interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        match accepted.and_then(|(client, _)| connection(client)) {
            // While the server stops, the connection is given back, and so closed.
            Ok(connection) => drop(group.add_actor(connection)),
            Err(error) => {
                let _ = writeln!(io::stderr(), "cannot accept for now: {error}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// The interrupt ends the input. Lines that have arrived are still answered.
fn connection(client: TcpStream) -> io::Result<Actor> {
    let peer = client.peer_addr()?;
    let input = client.try_clone()?;
    let execute = move || {
        if let Err(error) = converse(&client) {
            let _ = writeln!(io::stderr(), "{peer}: {error}");
        }
        let _ = client.shutdown(Shutdown::Both); // the interrupt's half is still open
        Ok(())
    };
    let actor = Actor::blocking(execute, move |_cause| {
        let _ = input.shutdown(Shutdown::Read);
        cut_off_late(input);
    });
    Ok(actor.name("connection").ends_group(Ends::Never))
}

/// An interrupt must not wait, so a thread does. A limit for each write would not do: what a client
/// takes in small pieces has no end.
fn cut_off_late(client: TcpStream) {
    let cut_off = move || {
        thread::sleep(CLIENT_GRACE);
        let _ = client.shutdown(Shutdown::Both);
    };
    // Without a thread, the group's grace ends the connection.
    let _ = thread::Builder::new().spawn(cut_off);
}

fn converse(client: &TcpStream) -> io::Result<()> {
    let mut output = client;
    for line in BufReader::new(client).lines() {
        writeln!(output, "{}", line?.to_uppercase())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_lite::future::block_on;
    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let address = Cell::new(SocketAddr::from(([0; 4], 0)));
        let mut answers = 0;
        let app = async || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            address.set(listener.local_addr().unwrap());
            app(listener, address.get())
        };
        let test = every_stop(app)
            .meanwhile(async |_handle| {
                // Where the program was stopped before, nobody answers.
                let answer = ask(address.get()).await.unwrap_or_default();
                answers += usize::from(answer == "HELLO\n");
            })
            .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
            .trials(50);
        block_on(test.check(Threads));
        assert!(answers > 0);
    }

    /// On a thread, because a script that blocks would hold up the group.
    async fn ask(address: SocketAddr) -> io::Result<String> {
        let (sender, answer) = async_channel::bounded(1);
        thread::spawn(move || sender.try_send(ask_blocking(address)));
        answer.recv().await.map_err(io::Error::other)?
    }

    fn ask_blocking(address: SocketAddr) -> io::Result<String> {
        let mut client = TcpStream::connect(address)?;
        client.write_all(b"hello\n")?;
        let mut answer = String::new();
        BufReader::new(client).read_line(&mut answer)?;
        Ok(answer)
    }
}
