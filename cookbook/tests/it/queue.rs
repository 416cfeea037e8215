//! What was accepted is done, although the stop came before.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::http::{closed, post};
use crate::program::{Program, directory};

#[test]
fn the_queue_is_emptied_after_the_server_has_stopped() {
    const JOBS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    // Until somebody reads it, the store cannot open it.
    let pipe = directory("queue").join("results");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());

    let mut server = Program::start(env!("CARGO_BIN_EXE_queue"), &[pipe.to_str().unwrap()]);
    let address = server.address();
    for job in JOBS {
        assert_eq!(post(address, "/jobs", job).status, 202);
    }
    server.send(Signal::TERM);
    closed(address);

    let results = fs::read_to_string(pipe).unwrap();
    let results: BTreeSet<_> = results.lines().collect();
    assert_eq!(
        results,
        BTreeSet::from(["A", "B", "C", "D", "E", "F", "G", "H"])
    );
    server.succeeds();
}
