//! Actors that do not stop: the process ends nevertheless, and names them.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::Request;
use crate::service::{Running, Service};

const GRACE: Duration = Duration::from_millis(500);

/// Starts the service with a fault, and waits until it shows.
fn faulty(fault: &str, workers: &str, shows: &str) -> Running {
    let mut service = Service::new()
        .set("SERVICE_FAULT", fault)
        .set("SERVICE_GRACE_MS", "500")
        .set("TOKIO_WORKER_THREADS", workers)
        .start();
    service.wait_for(shows);
    service
}

/// Stops it; it must be gone within the grace and a second, and have named the culprit.
fn fails(mut service: Running, culprit: &str) {
    let start = Instant::now();
    service.send(Signal::TERM);
    let (status, log) = service.ends_within(GRACE, start);
    assert!(start.elapsed() >= GRACE);
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains(culprit), "{log}");
}

#[test]
fn one_that_spins() {
    let service = faulty("spin", "2", "spinning");
    fails(service, "failed: 1 actor did not stop: `spin` (polling)");
}

/// Its runtime has no thread left, not even for its clock.
#[test]
fn one_that_spins_on_the_only_worker() {
    let service = faulty("spin", "1", "spinning");
    fails(service, "actor=spin state=polling");
}

#[test]
fn one_that_sleeps_in_spawn_blocking() {
    let service = faulty("spawn_blocking", "2", "sleeping");
    let culprit = "failed: 1 actor did not stop: `spawn_blocking` (parked)";
    fails(service, culprit);
}

#[test]
fn one_that_blocks_a_thread_of_its_own() {
    let service = faulty("blocking", "2", "sleeping");
    let culprit = "failed: 1 actor did not stop: `blocking` (blocking)";
    fails(service, culprit);
}

#[test]
fn the_end_of_the_grace_forces() {
    let mut service = Service::new().set("SERVICE_GRACE_MS", "500").start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    fails(service, "did not stop: `http` (parked)");
}
