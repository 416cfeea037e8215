//! The log, for people and for machines, and when nobody reads it.

use std::net::SocketAddr;
use std::process::Command;

use rustix::process::Signal;

use crate::client::get;
use crate::service::{BINARY, Service};
use crate::supervisor::Systemd;

fn log_of(format: &str) -> String {
    let mut service = Service::new().set("SERVICE_LOG", format).start();
    service.wait_for("group ready");
    service.send(Signal::TERM);
    service.ends().1
}

#[test]
fn text() {
    let log = log_of("text");
    assert!(log.contains(" INFO rungroup: group ready\n"), "{log}");
}

#[test]
fn json() {
    let log = log_of("json");
    let ready = r#""level":"INFO","fields":{"message":"group ready"},"target":"rungroup"}"#;
    assert!(log.contains(ready), "{log}");
    // The report too, whose table has many lines for people.
    assert!(log.contains("stopped by: stop requested: SIGTERM"), "{log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
}

/// The log of a service that cannot listen, and so fails.
fn log_of_a_failure(format: &str) -> (SocketAddr, String) {
    let mut other = Service::new().start();
    let address = other.ready();
    let mut service = Service::new()
        .set("SERVICE_LISTEN", &address.to_string())
        .set("SERVICE_LOG", format)
        .start();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    (address, log)
}

#[test]
fn an_error_names_the_address() {
    let (address, log) = log_of_a_failure("text");
    let error = format!("cannot listen on {address} (SERVICE_LISTEN): Address already in use");
    assert!(log.contains(&error), "{log}");
}

#[test]
fn json_to_the_end() {
    let (_, log) = log_of_a_failure("json");
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
    let last = log.lines().last().unwrap();
    assert!(last.contains(r#""level":"ERROR""#), "{log}");
    assert!(last.contains("the service failed: "), "{log}");
}

/// So that `journalctl -p err` finds why it ended.
#[test]
fn journal_with_priorities() {
    let (_, log) = log_of_a_failure("journal");
    assert!(log.lines().all(|line| line.starts_with('<')), "{log}");
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("<3>"), "{log}");
    assert!(last.contains("the service failed: "), "{log}");
}

#[test]
fn rust_log_says_what_is_logged() {
    for (level, is_there) in [("warn", false), ("service=debug", true)] {
        let service = Service::new();
        let systemd = Systemd::listening(&service);
        let service = service.set_path("NOTIFY_SOCKET", "notify");
        let mut service = service.set("RUST_LOG", level).start();
        assert_eq!(systemd.hears(), "READY=1\n");
        service.send(Signal::TERM);
        let (status, log) = service.ends();
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(log.contains("watching signals"), is_there, "{log}");
    }
}

#[test]
fn its_reader_is_gone() {
    let mut service = Service::new().set("RUST_LOG", "debug").start();
    let address = service.ready();
    service.is_not_read();
    for _ in 0..100 {
        assert_eq!(get(address, "/healthz").unwrap().0, 200);
    }
    service.send(Signal::TERM);
    assert_eq!(service.ends_unread().code(), Some(0));
}

/// More lines than the pipe and the queue hold.
#[test]
fn its_reader_sleeps() {
    let mut service = Service::new().set("RUST_LOG", "debug").start();
    let address = service.ready();
    for _ in 0..3000 {
        assert_eq!(get(address, "/healthz").unwrap().0, 200);
    }
    service.send(Signal::TERM);
    assert_eq!(service.ends_unread().code(), Some(0));
}

#[test]
fn its_disk_is_full() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    let service = service.set_path("NOTIFY_SOCKET", "notify");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec '{BINARY}' 2>/dev/full"));
    let mut service = service.start_as(&mut shell);
    assert_eq!(systemd.hears(), "READY=1\n");
    service.send(Signal::TERM);
    assert_eq!(service.ends().0.code(), Some(0));
}
