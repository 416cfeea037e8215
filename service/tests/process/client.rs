//! The clients of the service.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

pub fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )?;
    answer(stream)
}

pub fn post(address: SocketAddr, entry: &str) -> std::io::Result<(u16, String)> {
    post_on(TcpStream::connect(address)?, entry)
}

pub fn post_on(mut stream: TcpStream, entry: &str) -> std::io::Result<(u16, String)> {
    write!(
        stream,
        "POST /entries HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{entry}",
        entry.len()
    )?;
    answer(stream)
}

fn answer(mut stream: TcpStream) -> std::io::Result<(u16, String)> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    match status {
        Some(status) => Ok((status, answer)),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// A connection that is kept for the next request until the server closes it.
pub struct Pooled(Option<BufReader<TcpStream>>);

impl Pooled {
    pub fn new() -> Pooled {
        Pooled(None)
    }

    /// `Ok(None)`: it could not connect, so that nothing was sent.
    pub fn post(&mut self, address: SocketAddr, entry: &str) -> std::io::Result<Option<u16>> {
        let mut connection = match self.0.take() {
            Some(connection) => connection,
            None => match TcpStream::connect(address) {
                Ok(stream) => BufReader::new(stream),
                Err(_) => return Ok(None),
            },
        };
        let length = entry.len();
        let request = format!(
            "POST /entries HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{entry}"
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let head = head.to_ascii_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.lines().next().unwrap().parse().unwrap();
        connection.read_exact(&mut vec![0; length])?;
        if !head.contains("connection: close") {
            self.0 = Some(connection);
        }
        Ok(head.split(' ').nth(1).and_then(|it| it.parse().ok()))
    }
}

/// A request that is as slow as the test wishes: its handler waits for its body.
pub struct Request {
    stream: TcpStream,
    body: &'static str,
}

impl Request {
    /// Begins to post an entry.
    pub fn begin(address: SocketAddr, body: &'static str) -> Request {
        Request::begin_at(address, "/entries", body)
    }

    /// Returns when the handler has begun: that is when the server asks for the body.
    pub fn begin_at(address: SocketAddr, path: &str, body: &'static str) -> Request {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        let expected = "HTTP/1.1 100 Continue\r\n\r\n";
        let mut begun = vec![0; expected.len()];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(String::from_utf8(begun).unwrap(), expected);
        Request { stream, body }
    }

    pub fn finish(mut self) -> (u16, String) {
        self.stream.write_all(self.body.as_bytes()).unwrap();
        answer(self.stream).unwrap()
    }
}

/// What slow clients send: the others wait for the rest, or for somebody to read the answers.
pub const HALF_A_HEAD: &str = "GET /healthz HTTP/1.1\r\nHost: te";
pub const HALF_A_BODY: &str =
    "POST /entries HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf";

pub fn more_than_is_read() -> String {
    "GET /statusz HTTP/1.1\r\nHost: test\r\n\r\n".repeat(1000)
}

/// Sends this, and leaves it at that.
pub fn begin(address: SocketAddr, request: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    client
}

/// Waits until nobody listens any longer.
pub fn refused(address: SocketAddr) {
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => thread::yield_now(),
        }
    }
}
