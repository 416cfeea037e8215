//! Signals and supervisors.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Instant;

use rustix::process::{Signal, kill_process};

use crate::case::{Case, Counted};
use crate::client::{HALF_A_BODY, begin};
use crate::crowd::{Client, Crowd};
use crate::service::{BINARY, Service, press_again};
use crate::supervisor::{
    executable, is_installed, start_as_process_one, start_with, succeeds, sv, verified,
};

const ENOUGH: usize = 200;

pub fn terminated_three_times() -> Case {
    let mut service = Service::new().set("SERVICE_DRAIN_MS", "500").start();
    let crowd = Crowd::of(&[Client::Closing, Client::Pooling], service.ready());
    crowd.keeps(ENOUGH);
    for repeated in ["group draining", "still stopping"] {
        service.send(Signal::TERM);
        service.wait_for(repeated);
    }
    Counted::stopped(service, Signal::TERM, crowd).goes_well()
}

/// A person does not wait for a client with half a request.
pub fn interrupted_twice() -> Case {
    let mut service = Service::new().start();
    let address = service.ready();
    let _slow = begin(address, HALF_A_BODY);
    let crowd = Crowd::of(&[Client::Closing], address);
    crowd.keeps(ENOUGH);
    let start = Instant::now();
    service.send(Signal::INT);
    service.wait_for("interrupting stage stage=2");
    service.press_again();
    Counted::ended(&mut service, start, crowd)
        .says("did not stop: `http` (parked)")
        .exits(1)
}

/// `run` is inside an interrupt that does not return.
pub fn interrupted_three_times() -> Case {
    let mut service = Service::new().set("SERVICE_FAULT", "interrupt").start();
    let crowd = Crowd::of(&[Client::Closing], service.ready());
    crowd.keeps(ENOUGH);
    let start = Instant::now();
    service.send(Signal::INT);
    service.wait_for("sleeping");
    while service.is_alive() {
        service.press_again();
    }
    let counted = Counted::ended(&mut service, start, crowd);
    let signal = counted.status.signal();
    Case::Counted(counted.promises(signal == Some(Signal::INT.as_raw()), "SIGINT kills it"))
}

/// What was kept is in the database's log, if it is not in the database.
pub fn killed() -> Case {
    let mut service = Service::new().start();
    let crowd = Crowd::of(&[Client::Closing], service.ready());
    crowd.keeps(ENOUGH);
    let counted = Counted::stopped(service, Signal::KILL, crowd);
    let signal = counted.status.signal();
    Case::Counted(counted.promises(signal == Some(Signal::KILL.as_raw()), "SIGKILL kills it"))
}

pub fn process_one_terminated() -> Case {
    let Some(mut service) = start_as_process_one(Service::new) else {
        return Case::Skipped;
    };
    let crowd = Crowd::of(&[Client::Closing, Client::Pooling], service.ready());
    crowd.keeps(ENOUGH);
    let child = service.child();
    Counted::child_stopped(service, child, Signal::TERM, crowd).goes_well()
}

pub fn process_one_interrupted() -> Case {
    let stuck = || Service::new().set("SERVICE_FAULT", "interrupt");
    let Some(mut service) = start_as_process_one(stuck) else {
        return Case::Skipped;
    };
    let crowd = Crowd::of(&[Client::Closing], service.ready());
    crowd.keeps(ENOUGH);
    let child = service.child();
    let start = Instant::now();
    kill_process(child, Signal::INT).unwrap();
    service.wait_for("sleeping");
    while service.is_alive() {
        press_again(child);
    }
    Counted::ended(&mut service, start, crowd).exits(130)
}

/// The next one starts while the first one stops, as a supervisor with some haste does it.
pub fn restarted() -> Case {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut first = start_with(socket.try_clone().unwrap(), Service::new());
    let crowd = Crowd::of(&[Client::Closing], first.ready());
    crowd.keeps(ENOUGH);
    let start = Instant::now();
    first.send(Signal::TERM);
    let mut next = start_with(socket, Service::new());
    let (first_status, log) = first.ends();
    let took = start.elapsed();
    next.wait_for("group ready");
    crowd.keeps(ENOUGH);
    let seen = crowd.ends();
    next.send(Signal::TERM);
    let (status, log_of_next) = next.ends();
    Counted::of(&[&first, &next], seen, status, took, log + &log_of_next)
        .promises(first_status.success(), "the first one exits with 0")
        .goes_well()
}

/// It is restarted under load, and stopped under load.
pub fn under_runsv() -> Case {
    if !is_installed() {
        return Case::Skipped;
    }
    let service = Service::new();
    let directory = service.path("");
    executable(
        &service.path("run"),
        &format!("#!/bin/sh\nexec '{BINARY}'\n"),
    );
    executable(&service.path("finish"), "#!/bin/sh\necho $1 >>exits\n");
    let mut runsv = service.start_as(Command::new("runsv").arg(&directory));
    let start = Instant::now();
    let mut restart = |command| {
        let crowd = Crowd::of(&[Client::Closing], runsv.ready());
        crowd.keeps(ENOUGH);
        succeeds(sv(command, &directory));
        crowd.until_refused()
    };
    let mut seen = restart("restart");
    seen.add(restart("exit"));
    let (status, log) = runsv.ends();
    let exits = fs::read_to_string(directory.join("exits")).unwrap();
    Counted::of(&[&runsv], seen, status, start.elapsed(), log)
        .promises(exits == "0\n0\n", "it exits with 0, both times")
        .goes_well()
}

pub fn verified_by_systemd() -> Case {
    let start = Instant::now();
    let service = Service::new();
    let directory = service.path("");
    let said = verified(&directory);
    let _ = fs::remove_dir_all(&directory);
    let Some((status, said)) = said else {
        return Case::Skipped;
    };
    let complains = said.contains("rungroup.");
    let seen = Crowd::none().ends();
    let counted = Counted::of(&[], seen, status, start.elapsed(), said);
    Case::Counted(counted.promises(!complains, "systemd takes the units"))
}
