//! The service as process 1, which the kernel never ends by a signal's default action.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use rustix::process::{Signal, kill_process};

use crate::service::{BINARY, Running, Service, press_again, skip};

/// Starts it as process 1 of a namespace, below an `unshare` that ends as it does.
fn start(service: Service) -> Option<Running> {
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--fork", "--pid", "--kill-child"]);
        unshare
    };
    let tried = unshare().arg("true").stderr(Stdio::null()).status();
    if !tried.is_ok_and(|it| it.success()) {
        drop(service.start_as(&mut Command::new("true")));
        skip("the service as process 1", "`unshare --pid` does not work");
        return None;
    }
    Some(service.start_as(unshare().arg(BINARY)))
}

#[test]
fn sigterm_stops_it() {
    let Some(mut service) = start(Service::new()) else {
        return;
    };
    service.ready();
    kill_process(service.child(), Signal::TERM).unwrap();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_third_sigint_ends_it() {
    let stuck = Service::new().set("SERVICE_FAULT", "interrupt");
    let Some(mut service) = start(stuck) else {
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
