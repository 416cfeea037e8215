//! The service as process 1, which the kernel never ends by a signal's default action.

#![cfg(target_os = "linux")]

use rustix::process::{Signal, kill_process};

use crate::service::{Service, press_again};
use crate::supervisor::start_as_process_one;

#[test]
fn sigterm_stops_it() {
    let Some(mut service) = start_as_process_one(Service::new) else {
        return;
    };
    service.ready();
    kill_process(service.child(), Signal::TERM).unwrap();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_third_sigint_ends_it() {
    let stuck = || Service::new().set("SERVICE_FAULT", "interrupt");
    let Some(mut service) = start_as_process_one(stuck) else {
        return;
    };
    service.ready();
    let process_one = service.child();
    kill_process(process_one, Signal::INT).unwrap();
    service.wait_for("sleeping");
    while service.is_alive() {
        press_again(process_one);
    }
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(130), "{log}");
}
