//! The drain: load balancers learn that the service stops, and until they do, every request is
//! served.

use std::thread;

use rustix::process::Signal;

use crate::client::{Request, get, refused};
use crate::load::Load;
use crate::service::Service;

pub const HOUR_MS: &str = "3600000";

fn draining_for_an_hour() -> Service {
    Service::new()
        .set("SERVICE_GRACE_MS", "3600001")
        .set("SERVICE_DRAIN_MS", HOUR_MS)
}

#[test]
fn readyz_is_503_before_the_port_closes() {
    let mut service = draining_for_an_hour().start();
    let address = service.ready();
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    service.send(Signal::TERM);
    while get(address, "/readyz").unwrap().0 != 503 {}
    // It drains: all is served, for as long as it takes.
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    assert_eq!(Request::begin(address, "late").finish().0, 200);
    // A person has no patience.
    service.send(Signal::INT);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.entries(), ["late"]);
}

#[test]
fn no_new_connection_is_lost_during_the_drain() {
    let mut service = draining_for_an_hour().start();
    let address = service.ready();
    let mut load = Load::on(address);
    load.keeps(100);
    service.send(Signal::TERM);
    while get(address, "/readyz").unwrap().0 != 503 {}
    load.keeps(500);
    assert_eq!(get(address, "/readyz").unwrap().0, 503);
    let kept = load.end();
    service.send(Signal::INT);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries().len(), kept);
}

#[test]
fn those_who_wait_for_events_are_let_go_when_the_drain_begins() {
    let mut service = draining_for_an_hour().start();
    let address = service.ready();
    let listening = thread::spawn(move || get(address, "/events"));
    service.wait_for("waiting for events");
    service.send(Signal::TERM);
    let (status, answer) = listening.join().unwrap().unwrap();
    assert_eq!(status, 200);
    assert!(answer.ends_with("stopping\n"), "{answer}");
    assert_eq!(get(address, "/readyz").unwrap().0, 503);
    service.send(Signal::INT);
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn after_the_drain_it_stops_by_itself() {
    let mut service = Service::new().set("SERVICE_DRAIN_MS", "50").start();
    let address = service.ready();
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
    assert!(service.entries().is_empty());
}

#[test]
fn sigint_does_not_drain() {
    let mut service = draining_for_an_hour().start();
    let address = service.ready();
    service.send(Signal::INT);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
}
