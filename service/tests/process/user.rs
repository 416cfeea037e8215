//! A user whose threads are counted.

use std::os::unix::fs::chown;
use std::process::Command;

use crate::service::{BINARY, Running, Service, skip};

/// A user of our own, whose threads are those of one service alone: the limit is one of the user. The
/// root user has none.
pub struct User(u32);

impl User {
    pub fn new(nth: u32) -> Option<User> {
        let user = User(4_000_000 + std::process::id() % 1_000_000 * 10 + nth);
        let may_run = |program, arguments: &[&str]| {
            let tried = user.command(program).args(arguments).output();
            tried.is_ok_and(|it| it.status.success())
        };
        if may_run("prlimit", &["--version"]) && may_run("test", &["-x", BINARY]) {
            return Some(user);
        }
        let why = "`setpriv` or `prlimit` does not work, or another user cannot run the service";
        skip("a service without threads", why);
        None
    }

    /// A command that is run as this user.
    pub fn command(&self, program: &str) -> Command {
        let id = self.0.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", program]);
        command
    }

    pub fn service(&self) -> Service {
        let service = Service::new();
        chown(service.path(""), Some(self.0), Some(self.0)).unwrap();
        service
    }

    /// From now on, the service can start no thread.
    pub fn has_no_more_threads(&self, service: &Running) {
        let pid = service.pid().to_string();
        let mut limit = self.command("prlimit");
        let limited = limit.args(["--nproc=1:1", "--pid", &pid]).status();
        assert!(limited.unwrap().success());
    }
}
