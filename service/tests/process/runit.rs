//! The service under runit's `runsv`, which restarts what ends, sends SIGTERM and SIGCONT to stop,
//! and has no notify socket.

use std::process::Command;

use rustix::process::{Signal, kill_process};

use crate::client::{Request, refused};
use crate::service::{BINARY, Service};
use crate::supervisor::{executable, gone, is_installed, succeeds, supervised, sv};

#[test]
fn it_is_started_stopped_and_restarted_and_leaves_no_orphan() {
    if !is_installed() {
        return;
    }
    let service = Service::new();
    executable(
        &service.path("run"),
        &format!("#!/bin/sh\nexec '{BINARY}'\n"),
    );
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
    assert_eq!(runsv.entries(), ["in flight"]);

    succeeds(sv("start", &directory));
    runsv.ready();
    let second = supervised(&directory);

    succeeds(sv("restart", &directory));
    let address = runsv.ready();
    gone(second);
    let third = supervised(&directory);
    assert_ne!(third, second);

    // Without a chance to close its database, it is started again.
    kill_process(third.unwrap(), Signal::KILL).unwrap();
    refused(address);
    let address = runsv.ready();
    let fourth = supervised(&directory);

    succeeds(sv("exit", &directory));
    let (status, log) = runsv.ends();
    assert!(status.success(), "{log}");
    refused(address);
    gone(fourth);
    assert_eq!(runsv.entries(), ["in flight"]);
    assert_eq!(runsv.telemetry().matches("database closed\n").count(), 3);
}
