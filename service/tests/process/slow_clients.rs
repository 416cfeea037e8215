//! A client that is slow costs its own request, and never how a deployment ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;

use crate::client::{Request, get, post};
use crate::service::Service;

const HALF_A_HEAD: &str = "GET /healthz HTTP/1.1\r\nHost: te";
const HALF_A_BODY: &str = "POST /entries HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf";

fn begin(address: SocketAddr, request: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    client
}

/// It is cut off after HTTP's own grace, which leaves the others theirs.
#[test]
fn they_do_not_decide_how_it_ends() {
    let mut service = Service::new().set("SERVICE_HTTP_GRACE_MS", "500").start();
    let address = service.ready();
    assert_eq!(post(address, "kept").unwrap().0, 200);
    let _half_a_head = begin(address, HALF_A_HEAD);
    let _half_a_body = begin(address, HALF_A_BODY);
    let _asked_for_its_body = Request::begin(address, "never");
    let _never_read = begin(
        address,
        &"GET /statusz HTTP/1.1\r\nHost: test\r\n\r\n".repeat(1000),
    );
    // All of them are accepted once this is.
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    let warning = "cut off the connections that did not end connections=";
    assert!(log.contains(warning), "{log}");
    assert!(!log.contains("did not stop"), "{log}");
    assert_eq!(service.entries(), ["kept"]);
    assert!(service.telemetry().ends_with("database closed\n"));
}

#[test]
fn a_head_that_does_not_come_ends_its_connection() {
    let mut service = Service::new().set("SERVICE_HEAD_MS", "100").start();
    let address = service.ready();
    let mut client = begin(address, HALF_A_HEAD);
    assert!(client.read_to_end(&mut Vec::new()).is_ok());
    service.send(Signal::TERM);
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let mut service = Service::new().set("SERVICE_BODY_MS", "100").start();
    let address = service.ready();
    let mut client = begin(address, HALF_A_BODY);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    service.send(Signal::TERM);
    assert_eq!(service.ends().0.code(), Some(0));
}
