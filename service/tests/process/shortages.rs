//! What the system has no more of.

#![cfg(target_os = "linux")]

use rustix::process::Signal;

use crate::client::post;
use crate::service::{BINARY, press_again};
use crate::user::User;

/// However many are there at the start: it fails, or it serves. It says why, and does not hang.
#[test]
fn with_too_few_threads_it_says_so_at_the_start() {
    let Some(user) = User::new(0) else { return };
    for threads in 1.. {
        let mut prlimit = user.command("prlimit");
        prlimit.arg(format!("--nproc={threads}")).arg(BINARY);
        let mut service = user.service().start_as(&mut prlimit);
        let ready = service.says("group ready").is_some();
        if ready {
            service.send(Signal::TERM);
        }
        let (status, log) = service.ends();
        assert_eq!(
            status.code(),
            Some(if ready { 0 } else { 1 }),
            "{threads}: {log}"
        );
        if ready {
            return;
        }
        assert!(
            log.contains("Resource temporarily unavailable"),
            "{threads}: {log}"
        );
    }
}

#[test]
fn without_threads_it_serves_and_stops() {
    let Some(user) = User::new(1) else { return };
    let mut service = user.service().start_as(&mut user.command(BINARY));
    let address = service.ready();
    user.has_no_more_threads(&service);
    assert_eq!(post(address, "kept").unwrap().0, 200);
    service.send(Signal::USR1);
    service.wait_for("running for ");
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(service.entries(), ["kept"]);
}

/// Every press needs a thread, or does with the one that there is.
#[test]
fn without_threads_a_second_sigint_forces() {
    let Some(user) = User::new(2) else { return };
    let service = user.service().set("SERVICE_FAULT", "blocking");
    let mut service = service.start_as(&mut user.command(BINARY));
    service.ready();
    user.has_no_more_threads(&service);
    service.send(Signal::INT);
    service.wait_for("interrupting stage stage=0");
    press_again(service.pid());
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `blocking` (blocking)"), "{log}");
}
