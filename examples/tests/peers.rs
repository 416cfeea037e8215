//! The examples of what other libraries do, or leave to their users.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

#[cfg(unix)]
use crate::example::fifo;
use crate::example::{ANY_PORT, Example, directory, hold};

#[test]
fn errgroup_collects_results() {
    hold(|| {
        let directory = directory("errgroup_collects_results");
        let paths: Vec<_> = (0..20)
            .map(|lines| {
                let path = directory.join(format!("{lines}"));
                fs::write(&path, "line\n".repeat(lines)).unwrap();
                path.to_str().unwrap().to_owned()
            })
            .collect();
        let ended = Example::start("errgroup", &paths).end();
        ended.assert_code(0);
        for (lines, (path, line)) in paths.iter().zip(&ended.lines).enumerate() {
            assert_eq!(line, &format!("{lines:8} {path}"));
        }
        assert_eq!(ended.lines[20], "     190 total");
    });
}

#[cfg(unix)]
#[test]
fn errgroup_cancels_the_rest_on_the_first_error() {
    hold(|| {
        let directory = directory("errgroup_cancels_the_rest_on_the_first_error");
        // Opening it takes until somebody writes to it, which nobody does.
        let endless = fifo(&directory, "endless");
        let missing = directory.join("missing").to_str().unwrap().to_owned();
        let ended = Example::start("errgroup", [&endless, &missing]).end();
        ended.assert_code(1);
        ended.assert_stderr(&format!("actor `{missing}` failed: No such file"));
        assert!(ended.lines.is_empty());
    });
}

/// Each file is a named pipe, which is read for as long as we wish.
#[cfg(unix)]
#[test]
fn errgroup_reads_four_files_at_once() {
    use std::sync::mpsc;
    use std::thread;

    const FILES: usize = 30;
    const LIMIT: usize = 4;
    hold(|| {
        let directory = directory("errgroup_reads_four_files_at_once");
        let pipes: Vec<_> = (0..FILES)
            .map(|nth| fifo(&directory, &nth.to_string()))
            .collect();
        let (read, is_read) = mpsc::channel();
        for pipe in pipes.clone() {
            let read = read.clone();
            thread::spawn(move || {
                let writer = fs::OpenOptions::new().write(true).open(&pipe);
                let _ = read.send((pipe, writer.unwrap()));
            });
        }
        let errgroup = Example::start("errgroup", &pipes);

        let mut waiting = pipes;
        let mut reading = Vec::new();
        while !waiting.is_empty() || !reading.is_empty() {
            while reading.len() < LIMIT && !waiting.is_empty() {
                let (pipe, writer) = is_read.recv().unwrap();
                waiting.retain(|other| *other != pipe);
                reading.push(writer);
            }
            assert!(!waiting.iter().any(|pipe| has_reader(pipe)));
            writeln!(reading.remove(0)).unwrap();
        }
        let ended = errgroup.end();
        ended.assert_code(0);
        assert_eq!(ended.lines[FILES], "      30 total");
    });
}

#[test]
fn tomb_tells_all_why_they_stop() {
    const RUNNERS: usize = 50;
    hold(|| {
        let ended = Example::start("tomb", [RUNNERS.to_string()]).end();
        ended.assert_code(0);
        let (over, lines) = (&ended.lines[2 * RUNNERS..], &ended.lines[..2 * RUNNERS]);
        for runner in 1..=RUNNERS {
            assert_eq!(lines[runner - 1], format!("runner {runner} runs"));
            let stops = format!("runner {runner} stops: runner {RUNNERS} dropped the baton");
            assert!(lines[RUNNERS..].contains(&stops), "{stops}");
        }
        assert_eq!(
            over,
            [
                format!("the relay is over: runner {RUNNERS} dropped the baton"),
                "one who came late was given back".into(),
            ]
        );
    });
}

#[test]
fn stages_stop_from_the_highest_down() {
    const REQUESTS: usize = 20;
    hold(|| {
        let mut stages = Example::start("stages", ANY_PORT);
        let address = stages.address();
        let _asks_nothing = TcpStream::connect(address).unwrap();
        for row in 1..=REQUESTS {
            let mut client = TcpStream::connect(address).unwrap();
            write!(client, "GET /{row} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut response = String::new();
            client.read_to_string(&mut response).unwrap();
            assert!(response.starts_with("HTTP/1.1 200 OK\r\n"));
            let body = format!("\r\n\r\nrow {row} is /{row}\n");
            assert!(response.ends_with(&body), "{response}");
        }

        stages.stop();
        let mut ended = stages.end();
        ended.assert_code(0);
        ended.lines[1..4].sort();
        assert_eq!(
            ended.lines[..5],
            [
                "http has stopped",
                "worker 1 has stopped",
                "worker 2 has stopped",
                "worker 3 has stopped",
                "the database has stopped, with 20 rows",
            ]
        );
    });
}

#[test]
fn nested_adds_up() {
    hold(|| {
        let ended = Example::start("nested", ["1", "-2", "43"]).end();
        ended.assert_code(0);
        let stopping = "stopping: actor `adding` returned";
        assert_eq!(ended.lines, [stopping, "the sum is 42"]);
    });
}

#[test]
fn nested_tells_the_whole_way_of_an_error() {
    hold(|| {
        let ended = Example::start("nested", ["1", "two"]).end();
        ended.assert_code(1);
        ended.assert_stderr("actor `adding` failed: actor `parser` failed: cannot add `two`");
        let stopping = "stopping: actor `adding` failed: actor `parser` failed: cannot add `two`";
        assert_eq!(ended.lines.len(), 1);
        assert!(ended.lines[0].starts_with(stopping), "{:?}", ended.lines);
    });
}

/// Whether somebody has opened a named pipe to read.
#[cfg(unix)]
fn has_reader(pipe: &str) -> bool {
    use rustix::fs::{Mode, OFlags, open};
    open(pipe, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()
}
