//! The stop under load loses no request: what has queued is answered, and a pool is told to connect
//! elsewhere.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::program::Program;

const STOPS: usize = 12;

/// So that the stops do not wait for each other: a client that comes too late is refused after a
/// second.
const AT_ONCE: usize = 4;

const CLIENTS: usize = 8;

/// How many answers there are before the stop.
const ANSWERS: usize = 100;

/// Half of what the recipe grants to a connection on which nothing comes. A client that was slower,
/// because the machine was, may be sent away.
const SLOW: Duration = Duration::from_millis(250);

#[derive(Clone, Copy)]
enum Client {
    /// Connects for each request.
    Closing = 1,
    /// Keeps its connection for as long as the server does.
    Pooling = 2,
}

#[test]
fn with_a_connection_for_each_request() {
    loses_none(Client::Closing);
}

#[test]
fn with_pools() {
    loses_none(Client::Pooling);
}

fn loses_none(client: Client) {
    let stops = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let nth = stops.fetch_add(1, Ordering::Relaxed);
                    if nth >= STOPS {
                        return;
                    }
                    stop_under_load(client, nth);
                }
            });
        }
    });
}

fn stop_under_load(client: Client, nth: usize) {
    // An address that no other test listens at: a client that comes too late must not find a server
    // that has got the same port.
    let address = format!("127.0.{}.{}:0", client as u8, nth + 2);
    let mut server = Program::start_with(env!("CARGO_BIN_EXE_production_http"), &[&address]);
    let address = server.address();
    let (answered, answers) = mpsc::channel();
    let clients = [(); CLIENTS].map(|()| {
        let answered = answered.clone();
        thread::spawn(move || ask_until_refused(client, address, &answered))
    });
    drop(answered);
    assert_eq!(answers.iter().take(ANSWERS).count(), ANSWERS);
    server.send(Signal::TERM);
    for client in clients {
        client.join().unwrap();
    }
    server.succeeds();
}

/// Panics when a request that was sent gets no answer.
fn ask_until_refused(client: Client, address: SocketAddr, answered: &Sender<()>) {
    let mut pool = None;
    loop {
        let Some(mut connection) = pool.take().or_else(|| Connection::open(address)) else {
            return;
        };
        match connection.ask(client) {
            Ok(stays_open) => {
                let _ = answered.send(());
                pool = stays_open.then_some(connection);
            }
            Err(_) if connection.was_slow => {}
            Err(error) => panic!("a request is lost: {error}"),
        }
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    idle_since: Instant,
    was_slow: bool,
}

impl Connection {
    /// None if the server is gone, so that nothing is sent.
    fn open(address: SocketAddr) -> Option<Connection> {
        let idle_since = Instant::now();
        let stream = TcpStream::connect(address).ok()?;
        Some(Connection {
            stream: BufReader::new(stream),
            idle_since,
            was_slow: false,
        })
    }

    /// Returns whether the connection stays open.
    fn ask(&mut self, client: Client) -> io::Result<bool> {
        let connection = match client {
            Client::Closing => "close",
            Client::Pooling => "keep-alive",
        };
        let request = format!(
            "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: {connection}\r\n\
             Content-Length: 5\r\n\r\nhello"
        );
        let written = self.stream.get_mut().write_all(request.as_bytes());
        self.was_slow = self.idle_since.elapsed() > SLOW;
        written?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let mut body = [0; 5];
        self.stream.read_exact(&mut body)?;
        assert_eq!(&body, b"hello");
        self.idle_since = Instant::now();
        Ok(!head.to_ascii_lowercase().contains("connection: close"))
    }
}
