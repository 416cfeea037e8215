//! Who runs the service: systemd's end of the notify socket, and runit's `sv`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, test_kill_process};

use crate::service::HANGS_AFTER;

pub fn datagram(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 1024];
    socket.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

pub fn no_datagram(socket: &UnixDatagram) {
    socket.set_nonblocking(true).unwrap();
    let error = socket.recv(&mut [0; 1024]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
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
        eprintln!("skipped: runit is not installed (Debian's package `runit`)");
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
