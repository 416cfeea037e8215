//! The examples that are Go's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::example::{ANY_PORT, Example, NO_ARGS, hold};

#[test]
fn basic_prints_the_lines_of_go() {
    hold(|| {
        let mut ended = Example::start("basic", NO_ARGS).end();
        // The first actor ends on its own, at any time after its interrupt.
        let canceled = "The first actor was canceled";
        let at = ended.lines.iter().position(|line| line == canceled);
        assert!(at.is_some_and(|at| at > 1), "{:?}", ended.lines);
        ended.lines.remove(at.unwrap());
        assert_eq!(
            ended.lines,
            [
                "The second actor is returning immediately",
                "The first actor was interrupted with: immediate teardown",
                "The second actor was interrupted with: immediate teardown",
                "The group was terminated with: immediate teardown",
            ]
        );
        ended.assert_code(0);
    });
}

#[test]
fn context_prints_the_line_of_go() {
    hold(|| {
        let ended = Example::start("context", NO_ARGS).end();
        assert_eq!(
            ended.lines,
            ["The group was terminated with: context canceled"]
        );
        ended.assert_code(0);
    });
}

#[test]
fn listener_echoes_and_closes_its_socket() {
    hold(|| {
        let mut listener = Example::start("listener", ANY_PORT);
        let address = listener.address();
        let mut clients = [0, 1].map(|_| TcpStream::connect(address).unwrap());
        for line in ["one\n", "two\n"] {
            for client in &mut clients {
                client.write_all(line.as_bytes()).unwrap();
                let mut echo = [0; 4];
                client.read_exact(&mut echo).unwrap();
                assert_eq!(&echo, line.as_bytes());
            }
        }

        listener.stop();
        assert_eq!(listener.line(), "nobody can connect any longer");
        assert!(TcpStream::connect(address).is_err());
        for mut client in clients {
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
        }
        let ended = listener.end();
        assert_eq!(ended.lines, ["serve returned"]);
        ended.assert_code(0);
    });
}

#[test]
fn listener_finishes_what_it_is_answering() {
    hold(|| {
        let mut listener = Example::start("listener", ANY_PORT);
        let address = listener.address();
        let mut client = TcpStream::connect(address).unwrap();

        // It waits for us to read, in the middle of an answer, when it takes no more from us.
        let line = [b"x".repeat(1_000_000), b"\n".to_vec()].concat();
        client
            .set_write_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        while client.write_all(&line).is_ok() {}
        let mut idle = TcpStream::connect(address).unwrap();
        idle.write_all(b"\n").unwrap();
        idle.read_exact(&mut [0]).unwrap();
        listener.stop();
        assert_eq!(listener.line(), "nobody can connect any longer");
        // Where the idle one is let go, the interrupt has reached the other one too.
        assert_eq!(idle.read(&mut [0]).unwrap(), 0);
        drop(idle);

        let mut echo = Vec::new();
        client.read_to_end(&mut echo).unwrap();
        drop(client);
        assert!(!echo.is_empty());
        assert!(echo.chunks(line.len()).all(|answer| answer == line));
        let ended = listener.end();
        assert_eq!(ended.lines, ["serve returned"]);
        ended.assert_code(0);
    });
}

#[test]
fn listener_fails_where_it_cannot_listen() {
    hold(|| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let ended = Example::start("listener", [address]).end();
        ended.assert_code(1);
        ended.assert_stderr("error: ");
    });
}

/// A reader, and the connection it reads.
fn reader() -> (Example, TcpStream) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let mut reader = Example::start("reader", [address]);
    let (mut connection, _) = server.accept().unwrap();
    for line in ["one", "two"] {
        writeln!(connection, "{line}").unwrap();
        assert_eq!(reader.line(), line);
    }
    (reader, connection)
}

#[test]
fn reader_closes_its_connection_when_interrupted() {
    hold(|| {
        let (mut reader, mut connection) = reader();
        reader.stop();
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
        let ended = reader.end();
        assert_eq!(ended.lines, ["no more lines"]);
        ended.assert_code(0);
    });
}

#[test]
fn reader_ends_with_its_connection() {
    hold(|| {
        let (reader, mut connection) = reader();
        connection.write_all(b"the last one\n").unwrap();
        drop(connection);
        let ended = reader.end();
        assert_eq!(ended.lines, ["the last one", "no more lines"]);
        ended.assert_code(0);
    });
}
