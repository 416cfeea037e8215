//! A client that speaks HTTP/1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    // A server that hangs is killed before.
    stream
        .set_read_timeout(Some(2 * crate::program::HANGS_AFTER))
        .unwrap();
    stream
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    let mut stream = connect(address);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    Answer::read(stream)
}

pub fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    Request::begin(address, path, body).finish()
}

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Answer {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect(&text);
        let status = head.split(' ').nth(1).expect(&text);
        Answer {
            status: status.parse().unwrap(),
            body: body.into(),
        }
    }
}

/// A request that is as slow as the test wishes: its handler waits for its body.
pub struct Request {
    stream: TcpStream,
    body: String,
}

impl Request {
    /// Returns when the handler has begun: that is when the server asks for the body.
    pub fn begin(address: SocketAddr, path: &str, body: &str) -> Request {
        let mut stream = connect(address);
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
        Request {
            stream,
            body: body.into(),
        }
    }

    pub fn finish(mut self) -> Answer {
        self.stream.write_all(self.body.as_bytes()).unwrap();
        Answer::read(self.stream)
    }
}

/// A connection that stays open between requests.
pub struct Idle(BufReader<TcpStream>);

impl Idle {
    /// Connects, and asks once.
    pub fn after_a_request(address: SocketAddr) -> Idle {
        let mut stream = connect(address);
        write!(stream, "GET / HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        Idle(stream)
    }

    /// Waits until the server has closed it.
    pub fn sees_the_end(mut self) {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
    }
}

/// Waits until nobody listens any longer: until the port is free. Trying to connect would give the
/// server more to do.
pub fn closed(address: SocketAddr) {
    while TcpListener::bind(address).is_err() {
        thread::yield_now();
    }
}
