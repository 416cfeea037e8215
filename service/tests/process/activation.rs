//! A socket that a supervisor holds, and hands to one process after the other: nobody is refused while
//! none of them serves.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::thread;

use rustix::process::Signal;

use crate::client::{Request, post, post_on};
use crate::load::{Client, Load};
use crate::service::{Running, Service};
use crate::supervisor;

fn start_with(socket: impl Into<OwnedFd>) -> Running {
    let service = Service::new()
        .set("SERVICE_GRACE_MS", "100000")
        .set("SERVICE_HTTP_GRACE_MS", "90000")
        .set("SERVICE_BODY_MS", "80000")
        .set("SERVICE_IDLE_MS", "1");
    supervisor::start_with(socket, service)
}

fn stops(mut service: Running) -> Vec<String> {
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    service.entries()
}

#[test]
fn who_connects_while_it_is_down_is_answered_by_the_next() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut first = start_with(socket.try_clone().unwrap());
    assert_eq!(first.ready(), address);
    assert_eq!(post(address, "first").unwrap().0, 200);
    assert_eq!(stops(first), ["first"]);

    let client = TcpStream::connect(address).unwrap();
    let waiting = thread::spawn(|| post_on(client, "next"));
    let next = start_with(socket);
    assert_eq!(waiting.join().unwrap().unwrap().0, 200);
    assert_eq!(stops(next), ["next"]);
}

/// The old one still answers what it has accepted, and no longer accepts.
#[test]
fn who_connects_while_it_stops_is_answered_by_the_next() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut first = start_with(socket.try_clone().unwrap());
    first.ready();
    let request = Request::begin(address, "first");
    let mut idle = TcpStream::connect(address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"alive\n") {
        let mut byte = [0];
        idle.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    first.send(Signal::TERM);
    // It is closed when HTTP has been interrupted.
    idle.read_to_end(&mut answer).unwrap();
    let waiting = thread::spawn(move || post(address, "next"));
    let next = start_with(socket);
    assert_eq!(waiting.join().unwrap().unwrap().0, 200);
    assert_eq!(request.finish().0, 200);
    assert_eq!(stops(first), ["first"]);
    assert_eq!(stops(next), ["next"]);
}

#[test]
fn a_restart_under_load_loses_and_refuses_none() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut first = start_with(socket.try_clone().unwrap());
    first.ready();
    let mut load = Load::of(Client::Closing, address);
    load.keeps(100);
    let entries = stops(first).len();
    let next = start_with(socket);
    load.keeps(100);
    let kept = load.end();
    assert_eq!(entries + stops(next).len(), kept);
}

#[test]
fn another_socket_is_refused_by_name() {
    let mut service = start_with(UdpSocket::bind("127.0.0.1:0").unwrap());
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("LISTEN_FDS: "), "{log}");
}
