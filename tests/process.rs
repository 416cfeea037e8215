//! `examples/service` as a process, seen from outside as the world sees it: by its signals, its
//! port, its file, its status, what it says on stderr and to its supervisor.

#![cfg(unix)]
#![allow(unreachable_pub, clippy::pedantic)] // nobody's API

#[path = "process/client.rs"]
mod client;
#[path = "process/service.rs"]
mod service;
#[path = "process/supervisor.rs"]
mod supervisor;

use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use client::{Request, get, refused};
use rustix::process::{Signal, kill_process};
use service::{BINARY, Service};
use supervisor::{datagram, executable, gone, is_installed, no_datagram, succeeds, supervised, sv};

const HOUR_MS: &str = "3600000";

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
    assert_eq!(service.file(), "in flight\n# closed\n");
}

#[test]
fn a_slow_answer_is_waited_for() {
    let mut service = Service::new().start();
    let address = service.ready();
    let asking = thread::spawn(move || get(address, "/slow?ms=300"));
    service.wait_for("300 ms");
    service.send(Signal::TERM);
    assert_eq!(asking.join().unwrap().unwrap().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.file(), "slow 300\n# closed\n");
}

#[test]
fn readyz_is_503_before_the_port_closes() {
    let mut service = Service::new()
        .set("SERVICE_GRACE_MS", HOUR_MS)
        .set("SERVICE_DRAIN_MS", HOUR_MS)
        .start();
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
    assert_eq!(service.file(), "late\n# closed\n");
}

#[test]
fn after_the_drain_it_stops_by_itself() {
    let mut service = Service::new().set("SERVICE_DRAIN_MS", "50").start();
    let address = service.ready();
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.file(), "# closed\n");
}

#[test]
fn a_second_sigint_forces_and_names_the_stragglers() {
    let mut service = Service::new().start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    service.send(Signal::INT);
    refused(address);
    service.send(Signal::INT);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `http` (parked)"), "{log}");
}

#[test]
fn the_end_of_the_grace_forces() {
    let mut service = Service::new().set("SERVICE_GRACE_MS", "50").start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `http` (parked)"), "{log}");
}

#[test]
fn a_panicking_worker_is_named() {
    let mut service = Service::new()
        .set("SERVICE_WORKERS", "1")
        .set("SERVICE_POISON", "arsenic")
        .start();
    let address = service.ready();
    assert_eq!(Request::begin(address, "water").finish().0, 200);
    assert_eq!(Request::begin(address, "arsenic").finish().0, 503);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("actor `worker-0` panicked: "), "{log}");
    assert!(log.contains("poisoned"), "{log}");
    // The others have stopped in their order none the less.
    assert_eq!(service.file(), "water\n# closed\n");
}

#[test]
fn a_full_disk_is_named() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let mut service = Service::new().set("SERVICE_FILE", "/dev/full").start();
    let address = service.ready();
    assert_eq!(Request::begin(address, "too much").finish().0, 503);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("actor `database` failed: No space left"),
        "{log}"
    );
}

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
fn systemd_is_notified_in_the_right_order() {
    let service = Service::new();
    let systemd = UnixDatagram::bind(service.path("notify")).unwrap();
    let socket = service.path("notify");
    let mut service = service
        .set("NOTIFY_SOCKET", socket.to_str().unwrap())
        .set("SERVICE_GRACE_MS", "600000")
        .start();
    assert_eq!(datagram(&systemd), "READY=1\n");
    let address = service.listening();
    assert_eq!(get(address, "/readyz").unwrap().0, 200);

    // Told while it stops, not when it has stopped.
    let request = Request::begin(address, "in flight");
    service.send(Signal::TERM);
    let stopping = "STOPPING=1\nEXTEND_TIMEOUT_USEC=600000000\n";
    assert_eq!(datagram(&systemd), stopping);
    assert_eq!(request.finish().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
    no_datagram(&systemd);
}

#[test]
fn systemd_is_not_told_that_a_service_is_ready_that_is_not() {
    let service = Service::new();
    let systemd = UnixDatagram::bind(service.path("notify")).unwrap();
    let socket = service.path("notify");
    let nowhere = service.path("no/such/directory");
    let mut service = service
        .set("NOTIFY_SOCKET", socket.to_str().unwrap())
        .set("SERVICE_FILE", nowhere.to_str().unwrap())
        .start();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("actor `database` failed: No such file"),
        "{log}"
    );
    assert!(!log.contains("listening on"), "{log}");
    no_datagram(&systemd);
}

/// By runit's `runsv`, which restarts what ends, sends SIGTERM and SIGCONT to stop, and has no
/// socket to be notified by.
#[test]
fn supervised_it_is_started_stopped_and_restarted_and_leaves_no_orphan() {
    if !is_installed() {
        return;
    }
    let service = Service::new();
    let file = service.path("entries.txt");
    let run = format!(
        "#!/bin/sh\nexport SERVICE_LISTEN=127.0.0.1:0 SERVICE_FILE='{}'\nexec '{}'\n",
        file.display(),
        BINARY.display()
    );
    executable(&service.path("run"), &run);
    let directory = service.path("");
    let mut runsv = service.start_as(Command::new("runsv").arg(&directory));

    let address = runsv.ready();
    let first = supervised(&directory);
    let request = Request::begin(address, "in flight");
    // Returns when it is down, so the request must be finished beside it.
    let stopping = sv("stop", &directory);
    refused(address);
    assert_eq!(request.finish().0, 200);
    succeeds(stopping);
    assert_eq!(supervised(&directory), None);
    gone(first);
    assert_eq!(runsv.file(), "in flight\n# closed\n");

    succeeds(sv("start", &directory));
    runsv.ready();
    let second = supervised(&directory);

    succeeds(sv("restart", &directory));
    let address = runsv.ready();
    gone(second);
    let third = supervised(&directory);
    assert_ne!(third, second);

    // Without a chance to close its file, it is started again.
    kill_process(third.unwrap(), Signal::KILL).unwrap();
    refused(address);
    let address = runsv.ready();
    let fourth = supervised(&directory);

    succeeds(sv("exit", &directory));
    let (status, log) = runsv.ends();
    assert!(status.success(), "{log}");
    refused(address);
    gone(fourth);
    assert_eq!(
        runsv.file(),
        "in flight\n# closed\n".to_owned() + &"# closed\n".repeat(2)
    );
}

#[test]
fn the_deployments_give_the_service_its_time() {
    let systemd = include_str!("../examples/deploy/service.service");
    let drain_ms = number_after(systemd, "SERVICE_DRAIN_MS=");
    assert!(number_after(systemd, "TimeoutStopSec=") * 1000 > drain_ms);
    assert!(number_after(systemd, "SERVICE_GRACE_MS=") > drain_ms);

    let kubernetes = include_str!("../examples/deploy/kubernetes.yaml");
    let grace_ms = number_after(kubernetes, "SERVICE_GRACE_MS, value: \"");
    let drain_ms = number_after(kubernetes, "SERVICE_DRAIN_MS, value: \"");
    assert!(number_after(kubernetes, "terminationGracePeriodSeconds: ") * 1000 > grace_ms);
    assert!(grace_ms > drain_ms);
}

fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}
