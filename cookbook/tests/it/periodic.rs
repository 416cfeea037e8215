//! Periodic work finishes what it has begun.

use std::io::Write;
use std::net::TcpListener;

use rustix::process::Signal;

use crate::program::Program;

#[test]
fn a_poll_that_has_begun_finishes() {
    let polled = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = polled.local_addr().unwrap().to_string();
    let mut program = Program::start_with(env!("CARGO_BIN_EXE_cron"), &[&address, "3600"]);
    // A failure is no reason to stop.
    drop(polled.accept().unwrap());
    let (mut first, _) = polled.accept().unwrap();
    first.write_all(b"7\n").unwrap();
    drop(first);
    program.prints("polled 7");

    let (mut last, _) = polled.accept().unwrap();
    program.send(Signal::TERM);
    last.write_all(b"8\n").unwrap();
    drop(last);
    assert_eq!(program.succeeds(), "polled 8\n");
}

#[test]
fn a_job_runs_again_and_again() {
    let mut program = Program::start_with(env!("CARGO_BIN_EXE_cron"), &["127.0.0.1:1", "1"]);
    program.prints("cleaned up");
    program.prints("cleaned up");
    program.send(Signal::TERM);
    program.succeeds();
}
