//! What runs the service: systemd's end of the notify socket, and runit's `sv`.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, test_kill_process};

use crate::service::{BINARY, HANGS_AFTER, Running, Service, skip};

/// The end of the notify socket where systemd listens.
pub struct Systemd {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Systemd {
    pub const FILLING: &'static str = "filling";

    /// Listens at `notify` in the service's directory.
    pub fn listening(service: &Service) -> Systemd {
        let path = service.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(HANGS_AFTER)).unwrap();
        Systemd { socket, path }
    }

    /// Waits for the next datagram.
    pub fn hears(&self) -> String {
        let mut buffer = [0; 1024];
        let length = self.socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Waits for a datagram with `words`.
    pub fn hears_of(&self, words: &str) -> String {
        loop {
            let datagram = self.hears();
            if datagram.contains(words) {
                return datagram;
            }
        }
    }

    /// What has arrived by now and was not heard.
    pub fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        let mut buffer = [0; 1024];
        self.socket.set_nonblocking(true).unwrap();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        self.socket.set_nonblocking(false).unwrap();
        heard
    }

    /// Leaves no room for another datagram.
    pub fn fill(&self) {
        let socket = UnixDatagram::unbound().unwrap();
        socket.set_nonblocking(true).unwrap();
        loop {
            match socket.send_to(Systemd::FILLING.as_bytes(), &self.path) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Whether there is a runit to run under. Where nothing may be skipped, there must be.
pub fn is_installed() -> bool {
    let installed = Command::new("runsv").stderr(Stdio::null()).spawn();
    let installed = installed.map(|mut usage| usage.wait());
    if installed.is_err() {
        assert!(
            std::env::var_os("RUNGROUP_SKIP_NOTHING").is_none(),
            "runit is not installed"
        );
        skip("the service under runit", "there is no `runsv`");
    }
    installed.is_ok()
}

pub fn sv(command: &str, directory: &Path) -> Child {
    let mut sv = Command::new("sv");
    sv.args(["-w", "60", command]).arg(directory);
    sv.stdout(Stdio::null()).spawn().unwrap()
}

pub fn succeeds(mut process: Child) {
    assert!(process.wait().unwrap().success());
}

/// The process that runsv says it supervises.
pub fn supervised(directory: &Path) -> Option<Pid> {
    let pid = fs::read_to_string(directory.join("supervise/pid")).unwrap();
    pid.trim().parse().ok().and_then(Pid::from_raw)
}

pub fn gone(process: Option<Pid>) {
    let process = process.expect("it was supervised");
    assert!(test_kill_process(process).is_err(), "an orphan is left");
}

pub fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Starts the service with a socket as file descriptor 3.
pub fn start_with(socket: impl Into<OwnedFd>, service: Service) -> Running {
    let passed_on = "exec 3>&1 1>&2; export LISTEN_FDS=1 LISTEN_PID=$$";
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{passed_on}; exec '{BINARY}'"));
    shell.stdout(Stdio::from(socket.into()));
    service.start_as(&mut shell)
}

/// Starts it as process 1 of a namespace, below an `unshare` that ends as it does.
pub fn start_as_process_one(service: impl FnOnce() -> Service) -> Option<Running> {
    let unshare = |program| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--fork", "--pid", "--kill-child", program]);
        unshare
    };
    let tried = unshare("true").stderr(Stdio::null()).status();
    if !tried.is_ok_and(|it| it.success()) {
        skip("the service as process 1", "`unshare --pid` does not work");
        return None;
    }
    Some(service().start_as(&mut unshare(BINARY)))
}

/// What systemd says about the units, which are written to this directory as those of `rungroup`.
pub fn verified(directory: &Path) -> Option<(ExitStatus, String)> {
    let units = ["rungroup.service", "rungroup.socket"].map(|it| directory.join(it));
    let service = include_str!("../../deploy/service.service");
    // It looks for the program too, and for the service of the socket.
    fs::write(&units[0], service.replace("/usr/local/bin/service", BINARY)).unwrap();
    fs::write(&units[1], include_str!("../../deploy/service.socket")).unwrap();
    let mut analyze = Command::new("systemd-analyze");
    let Ok(verified) = analyze.arg("verify").args(&units).output() else {
        skip("the units of systemd", "there is no `systemd-analyze`");
        return None;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    Some((verified.status, said))
}
