//! Everything goes wrong at the same time.

#![cfg(target_os = "linux")]

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::Request;
use crate::faults::FULL_DISK_IS_AN_ERROR;
use crate::load::Load;
use crate::service::{Running, Service, fifo};
use crate::supervisor::Systemd;

const GRACE: Duration = Duration::from_secs(4);

/// A service under load: a request hangs, nobody reads the notify socket, nobody reads the
/// telemetry, an actor does not stop, and the disk will be full.
struct Trouble {
    service: Running,
    _load: Load,
    _hung: Request,
    _systemd: Systemd,
}

impl Trouble {
    fn begin(fault: &str, grace: Duration) -> Trouble {
        let service = Service::new();
        let systemd = Systemd::listening(&service);
        systemd.fill();
        let fifo = fifo(&service);
        let mut service = service
            .set_path("NOTIFY_SOCKET", "notify")
            .set("SERVICE_TELEMETRY", &fifo)
            // One of them spins.
            .set("TOKIO_WORKER_THREADS", "2")
            .set("WATCHDOG_USEC", "1000")
            .set("SERVICE_FAULT", fault)
            .set("SERVICE_GRACE_MS", &grace.as_millis().to_string())
            .set("SERVICE_HTTP_GRACE_MS", "1000")
            .set("SERVICE_DRAIN_MS", "500")
            .start_under(FULL_DISK_IS_AN_ERROR);
        let address = service.ready();
        let hung = Request::begin(address, "hangs");
        let mut load = Load::on(address);
        load.keeps(100);
        Trouble {
            service,
            _load: load,
            _hung: hung,
            _systemd: systemd,
        }
    }

    /// From now on, nothing is kept, and the database cannot be closed.
    fn gets_worse(&mut self) {
        self.service.fills_the_disk();
    }
}

/// A supervisor has patience: the grace ends the stop.
#[test]
fn two_sigterms() {
    let mut trouble = Trouble::begin("spin", GRACE);
    let start = Instant::now();
    trouble.service.send(Signal::TERM);
    trouble.service.wait_for("draining");
    trouble.service.send(Signal::TERM);
    trouble.gets_worse();
    let (status, log) = trouble.service.ends_within(GRACE, start);
    assert_eq!(status.code(), Some(1), "{log}");
    says_why(&log);
    for straggler in ["spin state=polling", "telemetry state=blocking"] {
        let straggler = format!("actor did not stop actor={straggler}");
        assert!(log.contains(&straggler), "{log}");
    }
}

/// A person has none. The last presses may kill what has all but ended.
#[test]
fn two_sigterms_and_three_sigints() {
    let mut trouble = Trouble::begin("blocking", 20 * GRACE);
    trouble.service.send(Signal::TERM);
    trouble.service.wait_for("draining");
    trouble.service.send(Signal::TERM);
    trouble.service.send(Signal::INT);
    trouble.gets_worse();
    trouble.service.wait_for("actor exited actor=database");
    trouble.service.press_again();
    // The force comes before the line that names those it ends, which the end may overtake.
    if let Some(line) = trouble.service.says("waiting for ") {
        assert!(line.contains("`blocking` (blocking)"), "{line}");
        assert!(line.contains("`telemetry` (blocking)"), "{line}");
        trouble.service.press_again();
    }
    let (status, log) = trouble.service.ends();
    let killed = status.signal() == Some(Signal::INT.as_raw());
    assert!(killed || status.code() == Some(1), "{status}: {log}");
    says_why(&log);
}

fn says_why(log: &str) {
    println!("{log}");
    assert!(log.contains("cause=stop requested: SIGTERM"), "{log}");
    let hung = "cut off the connections that did not end connections=1";
    assert!(log.contains(hung), "{log}");
    assert!(log.contains("disk I/O error"), "{log}");
}
