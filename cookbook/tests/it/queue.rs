//! Jobs that were accepted are done, even after the stop has begun.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::Command;
use std::thread;

use rustix::process::Signal;

use crate::http::{closed, post};
use crate::program::{Directory, Program};

#[test]
fn the_queue_is_emptied_after_the_server_has_stopped() {
    // More than the workers and the channel to the store hold.
    const JOBS: usize = 100;
    // Until somebody reads it, the store cannot open it.
    let directory = Directory::new("queue");
    let pipe = directory.path("results");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());

    let mut server = Program::start(env!("CARGO_BIN_EXE_queue"), &[&pipe]);
    let address = server.address();
    for n in 0..JOBS {
        assert_eq!(post(address, "/jobs", &format!("job {n}")).status, 202);
    }
    server.send(Signal::TERM);
    closed(address);

    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    server.succeeds();
    // Ends the reader even if nobody has written.
    drop(File::options().read(true).write(true).open(pipe).unwrap());
    let results = reader.join().unwrap();
    let results: BTreeSet<_> = results.lines().map(str::to_owned).collect();
    assert_eq!(results, (0..JOBS).map(|n| format!("JOB {n}")).collect());
}
