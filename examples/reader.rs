//! Prints the lines that come from a TCP connection. The interrupt closes the connection, which
//! ends the scan.
//!
//! Ported from the use of Go's `run.Group` with an `io.ReadCloser`: execute scans it, interrupt
//! closes it.
//!
//! ```sh
//! nc -l 127.0.0.1 7000                            # a server to type at
//!
//! cargo run --example reader --features net       # Enter stops it
//! cargo run --example reader --features net -- 127.0.0.1:7001
//! cargo run --example reader --features net,tokio # or smol, or async-std
//! ```

mod console;
mod runtime;

use std::env;
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;

use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, BufReader};
use futures_lite::stream::StreamExt;
use rungroup::{Actor, Group};

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> rungroup::Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let connection = Async::new(TcpStream::connect(address)?)?;

    let group = app(connection);
    console::stop_on_enter(group.handle());
    Ok(group.run(runtime::spawner()).await?)
}

/// What the test runs too.
fn app(connection: Async<TcpStream>) -> Group {
    let connection = Arc::new(connection);
    let mut group = Group::new();
    let reader = Actor::new(scan(Arc::clone(&connection)), move |_cause| {
        // Fails if the other side has closed it already, which is fine.
        let _ = connection.get_ref().shutdown(Shutdown::Both);
    });
    group.add_actor(reader.name("reader"));
    group
}

async fn scan(connection: Arc<Async<TcpStream>>) -> rungroup::Result {
    let mut lines = BufReader::new(&*connection).lines();
    while let Some(line) = lines.next().await {
        println!("{}", line?);
    }
    println!("no more lines");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write;
    use std::net::TcpListener;
    use std::time::Duration;

    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Cell::new(None);
        let test = every_stop(async || {
            let connection = Async::new(TcpStream::connect(address).unwrap()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            server.set(Some(accepted));
            app(connection)
        })
        .meanwhile(async |handle| {
            let mut server = server.take().unwrap();
            for line in ["one", "two"] {
                let _ = writeln!(server, "{line}"); // the reader may be gone
            }
            let _ = handle.ready().await;
            drop(server); // the end of the lines
            handle.stopping().await;
        })
        .limit(Duration::from_secs(60))
        .check(runtime::spawner());
        runtime::block_on(test);
    }
}
