//! What was accepted is done, although the stop came before.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::http::{closed, post};
use crate::program::{Program, directory};

#[test]
fn the_queue_is_emptied_after_the_server_has_stopped() {
    // More than the workers and the channel to the store hold.
    const JOBS: usize = 100;
    // Until somebody reads it, the store cannot open it.
    let pipe = directory("queue").join("results");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());

    let mut server = Program::start(env!("CARGO_BIN_EXE_queue"), &[pipe.to_str().unwrap()]);
    let address = server.address();
    for n in 0..JOBS {
        assert_eq!(post(address, "/jobs", &format!("job {n}")).status, 202);
    }
    server.send(Signal::TERM);
    closed(address);

    let results = fs::read_to_string(pipe).unwrap();
    let results: BTreeSet<_> = results.lines().map(str::to_owned).collect();
    assert_eq!(results, (0..JOBS).map(|n| format!("JOB {n}")).collect());
    server.succeeds();
}
