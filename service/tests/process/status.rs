//! What the service says about itself while it starts, runs and stops.

use rustix::process::Signal;

use crate::client::{Request, get, refused};
use crate::drain::HOUR_MS;
use crate::service::{Service, locked};

#[test]
fn statusz_shows_the_drain() {
    let mut service = Service::new()
        .set("SERVICE_GRACE_MS", "3600001")
        .set("SERVICE_DRAIN_MS", HOUR_MS)
        .start();
    let address = service.ready();
    let status = get(address, "/statusz").unwrap().1;
    assert!(status.contains("running for "), "{status}");
    service.send(Signal::TERM);
    let mut status = String::new();
    while !status.contains("draining for ") {
        status = get(address, "/statusz").unwrap().1;
    }
    assert!(status.contains(": stop requested: SIGTERM; "), "{status}");
    assert!(status.contains(" left"), "{status}");
    service.send(Signal::INT);
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn sigusr1_tells_who_is_not_ready() {
    let service = Service::new();
    let lock = locked(&service.path("entries.db"));
    let mut service = service.start();
    service.wait_for("opening ");
    service.send(Signal::USR1);
    service.wait_for("starting for ");
    let row = service.wait_for("actor=database ");
    assert!(row.contains("state=blocking "), "{row}");
    drop(lock);
    service.ready();
    service.send(Signal::TERM);
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn sigusr1_tells_who_does_not_stop() {
    let mut service = Service::new().start();
    let address = service.ready();
    let request = Request::begin(address, "hangs");
    service.send(Signal::TERM);
    refused(address);
    service.wait_until_parked("http");
    assert_eq!(request.finish().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
}

/// `run` is inside an interrupt that does not return.
#[test]
fn sigusr1_is_answered_while_nothing_else_is() {
    let mut service = Service::new().set("SERVICE_FAULT", "interrupt").start();
    service.ready();
    service.send(Signal::TERM);
    service.wait_for("sleeping");
    service.send(Signal::USR1);
    service.wait_for("stopping for ");
    let row = service.wait_for("actor=interrupt ");
    assert!(row.contains("state=interrupting "), "{row}");
}
