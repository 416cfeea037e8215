//! A client that is slow costs its own request, and never how a deployment ends.

use std::io::Read;

use rustix::process::Signal;

use crate::client::{HALF_A_BODY, HALF_A_HEAD, Request, begin, get, more_than_is_read, post};
use crate::service::Service;

/// It is cut off after HTTP's own grace, which leaves the others theirs.
#[test]
fn they_do_not_decide_how_it_ends() {
    let mut service = Service::new().set("SERVICE_HTTP_GRACE_MS", "500").start();
    let address = service.ready();
    assert_eq!(post(address, "kept").unwrap().0, 200);
    let _half_a_head = begin(address, HALF_A_HEAD);
    let _half_a_body = begin(address, HALF_A_BODY);
    let _asked_for_its_body = Request::begin(address, "never");
    let _never_read = begin(address, &more_than_is_read());
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
