//! What goes wrong inside is an exit code and a name outside.

use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use rustix::process::Signal;

use crate::client::{Request, get, post};
use crate::service::{Service, locked};

/// Makes the system return an error for a write beyond the limit of a file's size, as a full disk
/// would. By default, it kills.
pub const FULL_DISK_IS_AN_ERROR: &str = "trap '' XFSZ";

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
    assert_eq!(service.entries(), ["water"]);
}

/// Each statement that fails is one answer, which comes without delay.
#[test]
fn a_full_disk_loses_nothing_that_was_kept() {
    let prelude = format!("{FULL_DISK_IS_AN_ERROR}; ulimit -f 200");
    let mut service = Service::new().start_under(&prelude);
    let address = service.ready();
    let entry = "too much".repeat(1000);
    let mut kept = 0;
    while post(address, &entry).unwrap().0 == 200 {
        kept += 1;
    }
    for _ in 0..10 {
        assert_eq!(post(address, &entry).unwrap().0, 503);
    }
    assert_eq!(get(address, "/entries").unwrap().0, 200);
    service.send(Signal::TERM);
    let (_, log) = service.ends();
    assert!(log.contains("an entry is not kept: disk I/O"), "{log}");
    let entries = service.recovered_entries();
    assert_eq!(entries.iter().filter(|it| **it == entry).count(), kept);
    assert!(kept > 0);
}

/// A backup holds the database: the service is not ready, and is again.
#[test]
fn a_database_that_is_locked_is_not_ready() {
    let mut service = Service::new().set("SERVICE_BUSY_MS", "50").start();
    let address = service.ready();
    let lock = locked(&service.path("entries.db"));
    assert_eq!(post(address, "lost").unwrap().0, 503);
    assert_eq!(get(address, "/readyz").unwrap().0, 503);
    assert_eq!(post(address, "lost too").unwrap().0, 503);
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    drop(lock);
    while get(address, "/readyz").unwrap().0 != 200 {}
    assert_eq!(post(address, "kept").unwrap().0, 200);
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries(), ["kept"]);
}

/// Nothing is left to do the jobs in the queue.
#[test]
fn what_waits_for_a_dead_worker_is_answered() {
    let mut service = Service::new()
        .set("SERVICE_WORKERS", "1")
        .set("SERVICE_POISON", "arsenic")
        .set("SERVICE_BUSY_MS", "100000")
        .start();
    let address = service.ready();
    let lock = locked(&service.path("entries.db"));
    // The worker waits for the first entry, and the others wait for the worker.
    let entries = ["water", "arsenic"].into_iter().chain([""; 20]);
    let posts: Vec<_> = entries
        .map(|entry| thread::spawn(move || post(address, entry)))
        .collect();
    drop(lock);
    for post in posts {
        let answer = post.join().unwrap();
        // The last may come when nobody listens any longer.
        assert!(answer.is_err() || [200, 503].contains(&answer.unwrap().0));
    }
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("actor `worker-0` panicked: "), "{log}");
}

/// Said once, not a thousand times, and over when there are some again.
#[test]
fn without_descriptors_it_cannot_accept_for_now() {
    let start = Instant::now();
    let mut service = Service::new().start_under("ulimit -n 40");
    let address = service.ready();
    let clients: Vec<_> = (0..60).map(|_| TcpStream::connect(address)).collect();
    service.wait_for("cannot accept: ");
    service.wait_for("cannot accept: ");
    drop(clients);
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    let said = log.matches("cannot accept: ").count() as u64;
    assert!(said <= start.elapsed().as_secs() + 1, "{log}");
}

/// Only the log hears of it.
#[test]
fn telemetry_that_cannot_be_written_is_no_reason_to_fail() {
    let service = Service::new().set("SERVICE_TELEMETRY", "/no/such/directory");
    let mut service = service.start();
    let address = service.ready();
    assert_eq!(post(address, "kept").unwrap().0, 200);
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("No such file or directory"), "{log}");
    assert_eq!(service.entries(), ["kept"]);
}

/// Asked to stop, it fails: what it was told to keep is not on the disk.
#[cfg(target_os = "linux")]
#[test]
fn a_failing_sync_at_the_end_is_a_failure() {
    let mut service = Service::new().start_under(FULL_DISK_IS_AN_ERROR);
    let address = service.ready();
    assert_eq!(post(address, "in the log").unwrap().0, 200);
    service.fills_the_disk();
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("stopped by: stop requested: SIGTERM"), "{log}");
    assert!(log.contains("actor `database` failed: disk I/O"), "{log}");
    assert!(!service.telemetry().contains("database closed"));
    // It is still in the log.
    assert!(!service.is_closed());
    assert_eq!(service.recovered_entries(), ["in the log"]);
}

#[test]
fn a_setting_that_is_wrong_is_named() {
    for (name, value, error) in [
        ("SERVICE_WORKERS", "many", "invalid digit found in string"),
        (
            "SERVICE_WORKERS",
            "0",
            "number would be zero for non-zero type",
        ),
        ("SERVICE_LISTEN", "here", "invalid socket address syntax"),
        ("SERVICE_FAULT", "none", "no such fault"),
        ("SERVICE_LOG", "xml", "not text, json or journal"),
        ("RUST_LOG", "service=loud", "error parsing level filter"),
    ] {
        let mut service = Service::new().set(name, value).start();
        let (status, log) = service.ends();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("{name}={value}: {error}")), "{log}");
        assert!(!service.path("entries.db").exists());
    }
}
