//! What systemd hears at its notify socket.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::{Request, get, refused};
use crate::drain::HOUR_MS;
use crate::service::{HANGS_AFTER, Service};
use crate::supervisor::Systemd;

#[test]
fn it_is_notified_in_the_right_order() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    let mut service = service
        .set_path("NOTIFY_SOCKET", "notify")
        .set("SERVICE_GRACE_MS", "600000")
        .start();
    assert_eq!(systemd.hears(), "READY=1\n");
    let address = service.listening();
    assert_eq!(get(address, "/readyz").unwrap().0, 200);

    // Told while it stops, not when it has stopped.
    let request = Request::begin(address, "in flight");
    service.send(Signal::TERM);
    let stopping = "STOPPING=1\nEXTEND_TIMEOUT_USEC=601000000\n";
    assert_eq!(systemd.hears(), stopping);
    let status = systemd.hears_of("STATUS=stopping for ");
    assert!(status.contains("waiting for `http` ("), "{status}");
    assert_eq!(status.lines().count(), 1);
    assert_eq!(request.finish().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
}

/// systemd hears of the stop when the drain begins, and must not think it over when it is long.
#[test]
fn it_hears_of_the_drain() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    let mut service = service
        .set_path("NOTIFY_SOCKET", "notify")
        .set("SERVICE_GRACE_MS", "3600001")
        .set("SERVICE_DRAIN_MS", HOUR_MS)
        .start();
    assert_eq!(systemd.hears(), "READY=1\n");
    let address = service.ready();
    service.send(Signal::TERM);
    let stopping = systemd.hears();
    assert!(stopping.starts_with("STOPPING=1\nEXTEND_"), "{stopping}");
    let status = systemd.hears_of("STATUS=draining for ");
    assert!(status.contains("stop requested: SIGTERM; "), "{status}");
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    service.send(Signal::INT);
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn it_is_not_told_that_a_service_is_ready_that_is_not() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    let mut service = service
        .set_path("NOTIFY_SOCKET", "notify")
        .set_path("SERVICE_DATABASE", "no/such/directory")
        .start();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    let error = "(SERVICE_DATABASE): unable to open database file";
    assert!(log.contains(error), "{log}");
    assert!(!log.contains("listening on"), "{log}");
    assert!(!systemd.heard().iter().any(|it| it.contains("READY")));
}

/// Half of the limit is 20 ms: long before that it is ready, drains and stops, and still pings.
#[test]
fn the_watchdog_sees_it_alive_through_drain_and_stop() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    let mut service = service
        .set_path("NOTIFY_SOCKET", "notify")
        .set("WATCHDOG_USEC", "40000")
        .set("SERVICE_GRACE_MS", "3600001")
        .set("SERVICE_DRAIN_MS", HOUR_MS)
        .start();
    let address = service.ready();
    let request = Request::begin(address, "in flight");
    for _ in 0..3 {
        systemd.hears_of("WATCHDOG=1");
    }
    service.send(Signal::TERM);
    systemd.hears_of("STATUS=draining");
    for _ in 0..3 {
        systemd.hears_of("WATCHDOG=1");
    }
    service.send(Signal::INT);
    refused(address);
    systemd.hears_of("STATUS=stopping");
    for _ in 0..3 {
        systemd.hears_of("WATCHDOG=1");
    }
    assert_eq!(request.finish().0, 200);
    // Nobody listens for a while.
    systemd.heard();
    assert_eq!(service.ends().0.code(), Some(0));
}

#[test]
fn a_full_socket_does_not_hold_up_the_stop() {
    let service = Service::new();
    let systemd = Systemd::listening(&service);
    systemd.fill();
    let mut service = service
        .set_path("NOTIFY_SOCKET", "notify")
        .set("WATCHDOG_USEC", "1000")
        .set("SERVICE_GRACE_MS", HOUR_MS)
        .start();
    service.ready();
    let start = Instant::now();
    service.send(Signal::TERM);
    let (status, log) = service.ends_within(Duration::ZERO, start);
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(systemd.heard().iter().all(|it| it == Systemd::FILLING));
}

#[test]
fn a_supervisor_that_is_gone_is_no_reason_to_stop() {
    let service = Service::new();
    let mut service = service.set_path("NOTIFY_SOCKET", "nobody").start();
    service.ready();
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("No such file or directory"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_socket_is_no_path() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let service = Service::new();
    let name = service.path("abstract").to_str().unwrap().to_owned();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    let mut service = service.set("NOTIFY_SOCKET", &format!("@{name}")).start();
    let mut datagram = [0; 64];
    let length = socket.recv(&mut datagram).unwrap();
    assert_eq!(&datagram[..length], b"READY=1\n");
    service.send(Signal::TERM);
    drop(socket);
    assert_eq!(service.ends().0.code(), Some(0));
}
