//! The stop as it should be: the stages one after the other, and nothing lost.

use std::thread;

use rustix::process::Signal;

use crate::client::{Request, get, refused};
use crate::service::Service;

#[test]
fn sigterm_answers_what_is_in_flight_and_refuses_new_connections() {
    let mut service = Service::new().start();
    let address = service.ready();
    let request = Request::begin(address, "in flight");
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(request.finish().0, 200);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped by: stop requested: SIGTERM"), "{log}");
    assert_eq!(service.entries(), ["in flight"]);
}

#[test]
fn a_slow_answer_is_waited_for() {
    let mut service = Service::new().start();
    let address = service.ready();
    let asking = thread::spawn(move || get(address, "/slow?ms=300"));
    service.wait_for("taking 300 ms");
    service.send(Signal::TERM);
    assert_eq!(asking.join().unwrap().unwrap().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.entries(), ["slow 300"]);
}

/// HTTP has been told to stop, the stage below has not.
#[test]
fn a_request_in_flight_adds_work_to_the_stage_below() {
    let mut service = Service::new().start();
    let address = service.ready();
    let request = Request::begin_at(address, "/imports", "one\ntwo\nthree");
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(request.finish().0, 202);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries(), ["one", "two", "three"]);
}

#[test]
fn telemetry_is_flushed_last() {
    let mut service = Service::new().set("SERVICE_TICK_MS", "1").start();
    let address = service.ready();
    assert_eq!(Request::begin(address, "counted").finish().0, 200);
    assert!(get(address, "/entries").unwrap().1.ends_with("\r\n\r\n1\n"));
    service.send(Signal::TERM);
    assert_eq!(service.ends().0.code(), Some(0));
    let telemetry = service.telemetry();
    assert!(telemetry.starts_with("0 entries\n"), "{telemetry}");
    assert!(telemetry.ends_with("database closed\n"), "{telemetry}");
}
