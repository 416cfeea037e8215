//! What the service needs is not there.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::Signal;

use crate::case::{Case, Counted};
use crate::client::{HALF_A_HEAD, begin, get, post};
use crate::crowd::{Client, Crowd};
use crate::service::{BINARY, Running, Service, locked, skip};
use crate::user::User;

const ENOUGH: usize = 200;

/// More lines than the pipe and the queue hold, at two or more for each entry.
const MANY: usize = 2000;

pub fn log_is_gone() -> Case {
    let mut service = Service::new().set("RUST_LOG", "debug").start();
    let crowd = Crowd::of(&[Client::Closing], service.ready());
    crowd.keeps(ENOUGH);
    service.is_not_read();
    crowd.keeps(ENOUGH);
    Counted::ended_unread(service, Signal::TERM, crowd).goes_well()
}

/// Its log says nothing, so its address is chosen before.
pub fn log_is_full() -> Case {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec '{BINARY}' 2>/dev/full"));
    let service = Service::new().set("SERVICE_LISTEN", &address.to_string());
    let service = service.set("RUST_LOG", "debug").start_as(&mut shell);
    while !get(address, "/readyz").is_ok_and(|(status, _)| status == 200) {}
    let crowd = Crowd::of(&[Client::Closing], address);
    crowd.keeps(ENOUGH);
    Counted::ended_unread(service, Signal::TERM, crowd).goes_well()
}

pub fn log_sleeps() -> Case {
    let mut service = Service::new().set("RUST_LOG", "debug").start();
    let crowd = Crowd::of(&[Client::Closing], service.ready());
    crowd.keeps(MANY);
    Counted::ended_unread(service, Signal::TERM, crowd).goes_well()
}

/// A small disk, which is gone with the value.
struct Disk(PathBuf);

impl Disk {
    fn at(directory: PathBuf) -> Option<Disk> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]);
        let mounted = mount.arg(&directory).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|it| it.success()) {
            return Some(Disk(directory));
        }
        skip("a disk that is full", "`mount` does not work");
        None
    }

    /// What an operator does.
    fn gets_larger(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,size=16m"]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Nothing is kept any longer, and what was is there when there is room again.
pub fn disk() -> Case {
    let service = Service::new();
    let Some(disk) = Disk::at(service.path("")) else {
        return Case::Skipped;
    };
    let mut service = service.start();
    let address = service.ready();
    let crowd = Crowd::of(&[Client::Closing], address);
    while post(address, "is it full?").unwrap().0 != 503 {}
    let counts = get(address, "/entries").unwrap().0;
    let start = Instant::now();
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    let took = start.elapsed();
    disk.gets_larger();
    let seen = crowd.until_refused();
    let unanswered = seen.unanswered;
    let counted = Counted::of(&[&service], seen, status, took, log)
        .says("database or disk is full")
        .promises(counts == 200, "it answers what needs no room")
        .promises(unanswered == 0, "every request is answered");
    // Whether the little that the last checkpoint needs is there is up to the disk.
    let code = counted.status.code();
    drop(service);
    Case::Counted(counted.promises(matches!(code, Some(0 | 1)), "it exits with 0 or 1"))
}

pub fn database() -> Case {
    let mut service = Service::new().set("SERVICE_BUSY_MS", "50").start();
    let address = service.ready();
    let lock = locked(&service.path("entries.db"));
    let crowd = Crowd::of(&[Client::Closing, Client::Pooling], address);
    while get(address, "/readyz").unwrap().0 != 503 {}
    let lives = get(address, "/healthz").unwrap().0 == 200;
    drop(lock);
    crowd.keeps(ENOUGH);
    let ready = get(address, "/readyz").unwrap().0 == 200;
    Counted::stopped(service, Signal::TERM, crowd)
        .promises(lives, "it lives while the database is locked")
        .promises(ready, "it is ready when the database is free")
        .goes_well()
}

const FEW: &str = "ulimit -n 40";

/// More connections than that.
fn take_descriptors(service: &mut Running, request: &str) -> Vec<TcpStream> {
    let address = service.listening();
    let clients = (0..60).map(|_| begin(address, request)).collect();
    service.wait_for("cannot accept: ");
    clients
}

/// The crowd waits until there are some.
pub fn descriptors() -> Case {
    let mut service = Service::new().start_under(FEW);
    let clients = take_descriptors(&mut service, "");
    let crowd = Crowd::of(&[Client::Closing], clients[0].peer_addr().unwrap());
    service.wait_for("cannot accept: ");
    drop(clients);
    crowd.keeps(ENOUGH);
    Counted::stopped(service, Signal::TERM, crowd).goes_well()
}

pub fn descriptors_at_the_end() -> Case {
    let service = Service::new().set("SERVICE_HTTP_GRACE_MS", "1000");
    let mut service = service.start_under(FEW);
    let clients = take_descriptors(&mut service, HALF_A_HEAD);
    let counted = Counted::stopped(service, Signal::TERM, Crowd::none());
    drop(clients);
    counted
        .says("cut off the connections that did not end")
        .goes_well()
}

/// With some more, it serves.
pub fn descriptors_at_the_start() -> Case {
    let start = Instant::now();
    for descriptors in 6.. {
        let mut service = Service::new().start_under(&format!("ulimit -n {descriptors}"));
        let ready = service.says("group ready").is_some();
        if ready {
            service.send(Signal::TERM);
        }
        let (status, log) = service.ends();
        let why = ["open files", "unable to open database"];
        let says_why = why.iter().any(|it| log.contains(it));
        let seen = Crowd::none().ends();
        let counted = Counted::of(&[&service], seen, status, start.elapsed(), log);
        if ready {
            return counted.goes_well();
        }
        let is_right = status.code() == Some(1) && says_why;
        let counted = counted.promises(is_right, "it exits with 1, and says why");
        if !is_right {
            return Case::Counted(counted);
        }
    }
    unreachable!("it serves with enough of them")
}

pub fn threads() -> Case {
    let Some(user) = User::new(0) else {
        return Case::Skipped;
    };
    let mut service = user.service().start_as(&mut user.command(BINARY));
    let crowd = Crowd::of(&[Client::Closing, Client::Pooling], service.ready());
    user.has_no_more_threads(&service);
    crowd.keeps(ENOUGH);
    service.send(Signal::USR1);
    service.wait_for("running for ");
    service.send(Signal::HUP);
    service.wait_for("nothing to reload");
    Counted::stopped(service, Signal::TERM, crowd).goes_well()
}
