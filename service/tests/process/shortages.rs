//! What the system has no more of.

#![cfg(target_os = "linux")]

use std::os::unix::fs::chown;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::client::post;
use crate::service::{BINARY, Running, Service, press_again, skip};

/// A user of our own, whose threads are those of one service alone: the limit is one of the user. The
/// root user has none.
struct User(u32);

impl User {
    fn new(nth: u32) -> Option<User> {
        let user = User(4_000_000 + std::process::id() % 1_000_000 * 10 + nth);
        let tried = user
            .command("prlimit")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if tried.is_ok_and(|it| it.success()) {
            return Some(user);
        }
        skip(
            "a service without threads",
            "`setpriv` cannot change the user, or there is no `prlimit`",
        );
        None
    }

    /// A command that is run as this user.
    fn command(&self, program: &str) -> Command {
        let id = self.0.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", program]);
        command
    }

    fn service(&self) -> Service {
        let service = Service::new();
        chown(service.path(""), Some(self.0), Some(self.0)).unwrap();
        service
    }

    /// From now on, the service can start no thread.
    fn has_no_more_threads(&self, service: &Running) {
        let pid = service.pid().to_string();
        let mut limit = self.command("prlimit");
        let limited = limit.args(["--nproc=1:1", "--pid", &pid]).status();
        assert!(limited.unwrap().success());
    }
}

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
