//! What runs the service: systemd's end of the notify socket, and runit's `sv`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, test_kill_process};

use crate::service::{HANGS_AFTER, Service, skip};

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
