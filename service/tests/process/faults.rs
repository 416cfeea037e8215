//! What goes wrong inside is an exit code and a name outside.

use rustix::process::Signal;

use crate::client::{Request, post};
use crate::service::Service;

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

#[test]
fn a_full_disk_is_named_and_loses_nothing_that_was_kept() {
    let prelude = format!("{FULL_DISK_IS_AN_ERROR}; ulimit -f 200");
    let mut service = Service::new().start_under(&prelude);
    let address = service.ready();
    let entry = "too much".repeat(1000);
    let mut kept = 0;
    while post(address, &entry).unwrap().0 == 200 {
        kept += 1;
    }
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("actor `database` failed: disk I/O"), "{log}");
    let entries = service.recovered_entries();
    assert_eq!(entries.iter().filter(|it| **it == entry).count(), kept);
    assert!(kept > 0);
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
        ("SERVICE_LIMITS", "/nowhere", "No such file or directory"),
        ("SERVICE_FAULT", "none", "no such fault: none"),
        ("SERVICE_LOG", "xml", "neither text nor json: xml"),
    ] {
        let mut service = Service::new().set(name, value).start();
        let (status, log) = service.ends();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("Error: \"{name}: {error}")), "{log}");
        assert!(!service.path("entries.db").exists());
    }
}
