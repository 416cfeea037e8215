//! The stop under load loses no request: what has queued is answered, and a pool is told to connect
//! elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::load::{Client, Load};
use crate::service::Service;

const STOPS: usize = 20;

/// So that the stops do not wait for each other: a client that comes too late is refused after a
/// second.
const AT_ONCE: usize = 4;

fn loses_none(client: Client) {
    let stops = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while stops.fetch_add(1, Ordering::Relaxed) < STOPS {
                    stop_under_load(client);
                }
            });
        }
    });
}

/// No time plays a part: the connections end because their clients do.
fn stop_under_load(client: Client) {
    let mut service = Service::new()
        .set("SERVICE_GRACE_MS", "100000")
        .set("SERVICE_HTTP_GRACE_MS", "90000")
        .set("SERVICE_IDLE_MS", "80000")
        .set("SERVICE_HEAD_MS", "80000")
        .start();
    let address = service.ready();
    let mut load = Load::of(client, address);
    load.keeps(50);
    service.send(Signal::TERM);
    let kept = load.all_refused();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries().len(), kept);
}

#[cfg(target_os = "linux")]
#[test]
fn with_a_connection_for_each_request() {
    loses_none(Client::Closing);
}

#[test]
fn with_pools() {
    loses_none(Client::Pooling);
}
