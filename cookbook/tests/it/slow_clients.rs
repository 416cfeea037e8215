//! A client that does not finish decides nothing: the server cuts it off, everything below stops in
//! order, and the program exits with 0.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::http::{Request, connect, post};
use crate::program::{Directory, Program};

/// Clients that never finish. They are accepted when this returns.
struct Slow(#[allow(dead_code)] TcpStream, #[allow(dead_code)] Request);

impl Slow {
    fn begin(server: &mut Program, path: &str) -> Slow {
        let address = server.address();
        Slow::at(address, path)
    }

    fn at(address: std::net::SocketAddr, path: &str) -> Slow {
        let mut half_a_head = connect(address);
        half_a_head
            .write_all(b"GET / HTTP/1.1\r\nHost: te")
            .unwrap();
        Slow(half_a_head, Request::begin(address, path, "never"))
    }
}

fn ends_well(binary: &str, path: &str) {
    let mut server = Program::start(binary, &[]);
    let _slow = Slow::begin(&mut server, path);
    server.send(Signal::TERM);
    server.succeeds();
}

#[test]
fn of_axum() {
    ends_well(env!("CARGO_BIN_EXE_axum"), "/echo");
}

#[test]
fn of_hyper() {
    ends_well(env!("CARGO_BIN_EXE_hyper"), "/");
}

#[test]
fn of_actix_web() {
    ends_well(env!("CARGO_BIN_EXE_actix_web"), "/echo");
}

#[test]
fn of_production_http() {
    ends_well(env!("CARGO_BIN_EXE_production_http"), "/echo");
}

#[test]
fn of_server_sent_events() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_server_sent_events"), &["0"]);
    let mut half_a_head = connect(server.address());
    half_a_head
        .write_all(b"GET / HTTP/1.1\r\nHost: te")
        .unwrap();
    server.send(Signal::TERM);
    server.succeeds();
}

/// The workers and the store have their turn.
#[test]
fn of_queue() {
    let directory = Directory::new("slow_queue");
    let results = directory.path("results");
    let mut server = Program::start(env!("CARGO_BIN_EXE_queue"), &[&results]);
    let address = server.address();
    assert_eq!(post(address, "/jobs", "job").status, 202);
    let _slow = Slow::at(address, "/jobs");
    server.send(Signal::TERM);
    server.succeeds();
    assert_eq!(fs::read_to_string(results).unwrap(), "JOB\n");
}

/// The database has its turn.
#[test]
fn of_sqlite() {
    let directory = Directory::new("slow_sqlite");
    let path = directory.path("notes.db");
    let mut server = Program::start(env!("CARGO_BIN_EXE_sqlite"), &[&path]);
    let address = server.address();
    assert_eq!(post(address, "/notes", "kept").status, 200);
    let _slow = Slow::at(address, "/notes");
    server.send(Signal::TERM);
    server.succeeds();
    // SQLite removes its log when the last connection closes.
    assert!(!fs::exists(directory.path("notes.db-wal")).unwrap());
}

/// The last span is exported.
#[test]
fn of_opentelemetry() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_opentelemetry"), &[]);
    let _slow = Slow::begin(&mut server, "/");
    server.send(Signal::TERM);
    let exported = server.succeeds();
    assert!(exported.contains("save_cache"), "{exported}");
}
