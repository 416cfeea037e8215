//! A server that is stopped at every moment, while a client asks it.

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rungroup::Group;
use rungroup::testing::every_stop;

use crate::runtime;

/// Stops the server that `app` makes at every moment of what `ask` does. It gets `answer` at least
/// once.
#[track_caller]
pub(crate) fn stops_while(
    ask: impl AsyncFn(SocketAddr) -> io::Result<String>,
    answer: &str,
    app: impl Fn(Async<TcpListener>) -> Group,
) {
    let address = Cell::new(SocketAddr::from(([0; 4], 0)));
    let mut answers = 0;
    let test = every_stop(async || {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        address.set(listener.get_ref().local_addr().unwrap());
        app(listener)
    })
    .meanwhile(async |_handle| {
        // Where the program was stopped before, nobody answers.
        let got = ask(address.get()).await.unwrap_or_default();
        answers += usize::from(got.ends_with(answer));
    })
    .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
    .check(runtime::spawner());
    runtime::block_on(test);
    assert!(answers > 0);
}

/// Sends a line, and reads one.
#[allow(dead_code)] // unused where the server speaks HTTP
pub(crate) async fn say_hello(server: SocketAddr) -> io::Result<String> {
    let client = Async::<TcpStream>::connect(server).await?;
    (&client).write_all(b"hello\n").await?;
    let mut answer = String::new();
    BufReader::new(client).read_line(&mut answer).await?;
    Ok(answer)
}

/// Over HTTP/1.0, which closes the connection after the answer.
#[allow(dead_code)] // unused where the server speaks in lines
pub(crate) async fn get_page(server: SocketAddr) -> io::Result<String> {
    let mut client = Async::<TcpStream>::connect(server).await?;
    client.write_all(b"GET /page HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    Ok(answer)
}
