//! A client that does not finish decides nothing: the server cuts it off, everything below stops in
//! order, and the program exits with 0.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use tokio::runtime::Builder;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::http::{Request, connect, post};
use crate::program::{Directory, Program};

/// Clients that never finish. They are accepted when this returns.
struct Slow(#[allow(dead_code)] TcpStream, #[allow(dead_code)] Request);

impl Slow {
    fn begin(server: &mut Program, path: &str) -> Slow {
        let address = server.address();
        Slow::at(address, path)
    }

    fn at(address: SocketAddr, path: &str) -> Slow {
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

/// One that does not read its answers, one that has said nothing, and one that has said half of
/// something.
#[test]
fn of_std_tcp() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_std_tcp"), &[]);
    let address = server.address();
    let _slow = [
        says(address, b""),
        says(address, b"half a li"),
        flood(address),
    ];
    server.send(Signal::TERM);
    server.succeeds();
}

#[test]
fn of_compio() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_compio"), &[]);
    let address = server.address();
    let _slow = [says(address, b""), flood(address)];
    server.send(Signal::TERM);
    server.succeeds();
}

/// One that has said nothing, one that has said half of its preface, and one that watches the health,
/// and is not there when the stream ends.
#[test]
fn of_tonic() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_tonic"), &["0"]);
    let address = server.address();
    let _slow = [says(address, b""), says(address, b"PRI * HTTP/2.0\r\n")];
    // Nothing of it runs when this block is over.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _health = runtime.block_on(async {
        let server = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let mut client = HealthClient::new(server.connect().await.unwrap());
        let watched = client.watch(HealthCheckRequest::default()).await.unwrap();
        let mut health = watched.into_inner();
        health.message().await.unwrap();
        health
    });
    server.send(Signal::TERM);
    server.succeeds();
}

fn says(address: SocketAddr, words: &[u8]) -> TcpStream {
    let mut client = connect(address);
    client.write_all(words).unwrap();
    client
}

/// Asks, and does not read, until the server cannot take more.
fn flood(address: SocketAddr) -> TcpStream {
    let mut client = connect(address);
    let timeout = Duration::from_millis(500);
    client.set_write_timeout(Some(timeout)).unwrap();
    let line = [&[b'x'; 1000][..], b"\n"].concat();
    while client.write_all(&line).is_ok() {}
    client
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
