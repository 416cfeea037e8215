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
use std::sync::Arc;

use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, BufReader};
use futures_lite::stream::StreamExt;
use rungroup::{Actor, Group};

fn main() -> rungroup::Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let connection = Arc::new(Async::new(TcpStream::connect(address)?)?);

    let mut group = Group::new();
    let reader = Actor::new(scan(Arc::clone(&connection)), move |_cause| {
        // Fails if the other side has closed it already, which is fine.
        let _ = connection.get_ref().shutdown(Shutdown::Both);
    });
    group.add_actor(reader.name("reader"));
    console::stop_on_enter(group.handle());

    Ok(runtime::run(group)?)
}

async fn scan(connection: Arc<Async<TcpStream>>) -> rungroup::Result {
    let mut lines = BufReader::new(&*connection).lines();
    while let Some(line) = lines.next().await {
        println!("{}", line?);
    }
    println!("no more lines");
    Ok(())
}
