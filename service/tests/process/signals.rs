//! The signals that end a program.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::{Request, get, post, refused};
use crate::drain::HOUR_MS;
use crate::service::{Service, fifo};

/// From the moment it says so, long before it is ready.
#[test]
fn a_signal_in_the_first_millisecond_of_watching_stops_it() {
    for signal in [Signal::TERM, Signal::INT].repeat(5) {
        let mut service = Service::new().start();
        service.wait_for("watching signals");
        service.send(signal);
        let (status, log) = service.ends();
        assert_eq!(status.code(), Some(0), "{log}");
    }
}

/// Before `main` could do anything, a signal has its default effect, and nothing can be done about
/// it. What can be promised is that it is this or an orderly stop, and nothing in between.
#[test]
fn a_signal_right_after_exec_kills_or_stops_it() {
    for _ in 0..20 {
        let mut service = Service::new().start();
        service.send(Signal::TERM);
        let (status, log) = service.ends();
        match status.signal() {
            Some(signal) => {
                assert_eq!(signal, Signal::TERM.as_raw());
                assert!(!log.contains("watching signals"), "{log}");
            }
            None => assert_eq!(status.code(), Some(0), "{log}"),
        }
    }
}

#[test]
fn a_repeated_sigterm_changes_nothing() {
    let mut service = Service::new()
        .set("SERVICE_GRACE_MS", HOUR_MS)
        .set("SERVICE_DRAIN_MS", "500")
        .start();
    let address = service.ready();
    let start = Instant::now();
    service.send(Signal::TERM);
    while get(address, "/readyz").unwrap().0 != 503 {}
    for _ in 0..10 {
        service.send(Signal::TERM);
        assert_eq!(post(address, "served").unwrap().0, 200);
    }
    let request = Request::begin(address, "in flight");
    refused(address);
    assert!(start.elapsed() >= Duration::from_millis(500));
    service.send(Signal::TERM);
    assert_eq!(request.finish().0, 200);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries().len(), 11);
}

#[test]
fn a_second_sigint_forces_and_names_the_stragglers() {
    let mut service = Service::new().start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    service.send(Signal::INT);
    refused(address);
    service.wait_until_parked("http");
    service.press_again();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `http` (parked)"), "{log}");
}

/// Nothing is left but what hangs in the background, and it can still be forced.
#[test]
fn a_second_sigint_forces_telemetry_that_nobody_reads() {
    let service = Service::new().set("SERVICE_GRACE_MS", HOUR_MS);
    let fifo = fifo(&service);
    let mut service = service.set("SERVICE_TELEMETRY", &fifo).start();
    service.ready();
    service.send(Signal::INT);
    service.wait_for("interrupting background");
    service.press_again();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    // Others of the background may not have had the time to exit either.
    let mut errors = log.lines().filter(|line| line.contains("did not stop: "));
    assert!(
        errors.any(|line| line.contains("`telemetry` (blocking)")),
        "{log}"
    );
    assert!(service.entries().is_empty());
}

/// `run` is inside an interrupt that does not return, so nothing in the program can end it.
#[test]
fn a_third_sigint_kills() {
    let mut service = Service::new().set("SERVICE_FAULT", "interrupt").start();
    service.ready();
    service.send(Signal::INT);
    service.wait_for("sleeping");
    service.press_again();
    let line = service.wait_for("waiting for ");
    assert!(line.contains("`interrupt` (interrupting)"), "{line}");
    // It may be on its way to its former effect.
    while service.is_alive() {
        service.press_again();
    }
    let (status, log) = service.ends();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{log}");
}
