//! SIGHUP reads the limits again.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::client::post;
use crate::service::{BINARY, Running, Service, locked};
use crate::supervisor::Systemd;

/// Its limits are a file in its directory.
fn limited(longest: &str) -> Service {
    let service = Service::new().set_path("SERVICE_LIMITS", "limits");
    fs::write(service.path("limits"), longest).unwrap();
    service
}

fn reload(service: &mut Running, longest: &str, says: &str) {
    fs::write(service.path("limits"), longest).unwrap();
    service.send(Signal::HUP);
    service.wait_for(says);
}

fn stops(mut service: Running) {
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn while_it_runs() {
    let mut service = limited("3\n").start();
    let address = service.ready();
    assert_eq!(post(address, "long").unwrap().0, 413);
    reload(&mut service, "4\n", "reloaded the limits");
    assert_eq!(post(address, "long").unwrap().0, 200);
    reload(&mut service, "four\n", "the limits stay as they are");
    assert_eq!(post(address, "long").unwrap().0, 200);
    assert_eq!(post(address, "longer").unwrap().0, 413);
    stops(service);
}

#[test]
fn before_it_is_ready() {
    let service = limited("3");
    let systemd = Systemd::listening(&service);
    let lock = locked(&service.path("entries.db"));
    let mut service = service.set_path("NOTIFY_SOCKET", "notify").start();
    service.wait_for("opening ");
    reload(&mut service, "4", "reloaded the limits");
    drop(lock);
    let address = service.ready();
    assert_eq!(post(address, "long").unwrap().0, 200);
    // Nothing that systemd could take for the end of a reload.
    assert_eq!(systemd.hears(), "READY=1\n");
    assert_eq!(systemd.heard(), [""; 0]);
    stops(service);
}

#[test]
fn systemd_hears_when_it_began_and_that_it_is_over() {
    let service = limited("3");
    let systemd = Systemd::listening(&service);
    let mut service = service.set_path("NOTIFY_SOCKET", "notify").start();
    assert_eq!(systemd.hears(), "READY=1\n");
    service.ready();
    reload(&mut service, "4", "reloaded the limits");
    let reloading = systemd.hears();
    let begun = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
    let begun = begun.expect(&reloading).trim_end().parse::<u64>();
    assert!(begun.unwrap() > 0);
    assert_eq!(systemd.hears(), "READY=1\nSTATUS=reloaded the limits\n");

    // One that fails ends too, and says why.
    reload(&mut service, "five", "the limits stay as they are");
    assert!(systemd.hears().starts_with("RELOADING=1\n"));
    let ended = systemd.hears();
    let why = ": \"five\": invalid digit found in string\n";
    assert!(
        ended.starts_with("READY=1\nSTATUS=the limits stay "),
        "{ended}"
    );
    assert!(ended.ends_with(why), "{ended}");
    stops(service);
}

/// What a reload refused does not fail the next start.
#[test]
fn limits_that_are_wrong_cost_the_limits_alone() {
    let mut service = limited("four").start();
    service.wait_for("the limits stay as they are");
    let address = service.ready();
    assert_eq!(post(address, "kept").unwrap().0, 200);
    stops(service);
}

#[test]
fn without_a_file_it_says_so() {
    let mut service = Service::new().start();
    service.ready();
    service.send(Signal::HUP);
    service.wait_for("nothing to reload: SERVICE_LIMITS is not set");
    stops(service);
}

/// `systemctl reload` asks this before it sends SIGHUP, so that its caller hears of a file that is
/// wrong.
#[test]
fn a_check_tells_the_sender() {
    for (longest, code) in [("5", 0), ("five", 1)] {
        let service = limited(longest);
        let mut check = service.start_as(Command::new(BINARY).arg("check"));
        let (status, log) = check.ends();
        assert_eq!(status.code(), Some(code), "{log}");
    }
}

#[test]
fn while_it_stops() {
    let service = limited("3").set("SERVICE_GRACE_MS", "3600001");
    let mut service = service.set("SERVICE_DRAIN_MS", "3600000").start();
    let address = service.ready();
    service.send(Signal::TERM);
    service.wait_for("group draining");
    reload(&mut service, "4", "reloaded the limits");
    assert_eq!(post(address, "long").unwrap().0, 200);
    service.send(Signal::INT);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
}
