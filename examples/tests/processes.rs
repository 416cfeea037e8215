//! Real commands, which end well, badly, or not at all.

use std::fs;

use rustix::process::Signal;

use crate::example::{Example, NO_ARGS, directory, fifo, hold};

/// A command that is ready when it says so, and does not end by itself.
const LOOP: &str = "echo ready; while :; do sleep 1; done";
const DEAF: &str = "trap '' TERM; echo ready; while :; do sleep 1; done";

/// A command that ends with `status` when the pipe is written to.
fn ends_on(pipe: &str, status: i32) -> String {
    format!("read line < '{pipe}'; exit {status}")
}

fn write_to(pipe: &str) {
    fs::write(pipe, "now\n").unwrap();
}

fn assert_ready(processes: &mut Example) {
    assert_eq!(processes.line(), "ready");
}

#[test]
fn the_first_to_end_stops_the_rest() {
    hold(|| {
        let pipe = fifo(&directory("the_first_to_end_stops_the_rest"), "pipe");
        let polite = format!("trap 'echo stopping; exit 5' TERM; {LOOP}");
        let first = ends_on(&pipe, 3);
        let mut processes = Example::start("processes", [&polite, &first]);
        assert_ready(&mut processes);
        write_to(&pipe);
        let ended = processes.end();
        assert_eq!(ended.lines, ["stopping"]);
        ended.assert_code(3);
        ended.assert_stderr(&format!("actor `{first}` failed: exit status 3"));
        ended.assert_stderr(&format!("also: actor `{polite}` failed: exit status 5"));
    });
}

#[test]
fn one_that_ignores_sigterm_is_killed_after_the_grace() {
    hold(|| {
        let name = "one_that_ignores_sigterm_is_killed_after_the_grace";
        let pipe = fifo(&directory(name), "pipe");
        let args = ["--grace", "0.2", DEAF, &ends_on(&pipe, 0)];
        let mut processes = Example::start("processes", args);
        assert_ready(&mut processes);
        write_to(&pipe);
        let ended = processes.end();
        ended.assert_code(0);
        ended.assert_stderr(&format!("did not stop: `{DEAF}`"));
    });
}

#[test]
fn the_exit_status_is_passed_on() {
    hold(|| {
        for (command, code) in [
            ("true", 0),
            ("exit 42", 42),
            ("no-such-command", 127),
            ("kill -KILL $$", 137),
        ] {
            Example::start("processes", [command])
                .end()
                .assert_code(code);
        }
        Example::start("processes", NO_ARGS).end().assert_code(2);
    });
}

#[test]
fn what_a_shell_leaves_is_waited_for() {
    hold(|| {
        let pipe = fifo(&directory("what_a_shell_leaves_is_waited_for"), "pipe");
        let leaves = format!("(trap 'echo bye; exit' TERM; {LOOP}) & wait");
        let mut processes = Example::start("processes", [&leaves, &ends_on(&pipe, 0)]);
        assert_ready(&mut processes);
        write_to(&pipe);
        let ended = processes.end();
        assert_eq!(ended.lines, ["bye"]);
        ended.assert_code(0);
    });
}

/// Even what the first shell to end has left. The end of the output says that it is gone.
#[test]
fn what_a_shell_leaves_is_killed_after_the_grace() {
    hold(|| {
        let pipe = fifo(
            &directory("what_a_shell_leaves_is_killed_after_the_grace"),
            "pipe",
        );
        let leaves = format!("({DEAF}) & {}", ends_on(&pipe, 4));
        let mut processes = Example::start("processes", ["--grace", "0.2", &leaves]);
        assert_ready(&mut processes);
        write_to(&pipe);
        let ended = processes.end();
        ended.assert_code(4);
        ended.assert_stderr("did not stop: `what the commands left`");
    });
}

#[test]
fn a_signal_stops_all() {
    hold(|| {
        let mut processes = Example::start("processes", [LOOP]);
        assert_ready(&mut processes);
        processes.signal(Signal::TERM);
        processes.end().assert_code(128 + 15);
    });
}

#[test]
fn the_second_signal_forces() {
    hold(|| {
        let polite = format!("trap 'echo stopping; exit' TERM; {LOOP}");
        let mut processes = Example::start("processes", ["--grace", "1000", DEAF, &polite]);
        assert_ready(&mut processes);
        assert_ready(&mut processes);
        processes.signal(Signal::INT);
        assert_eq!(processes.line(), "stopping");
        processes.signal(Signal::INT);
        let ended = processes.end();
        ended.assert_code(128 + 2);
        ended.assert_stderr(&format!("`{DEAF}`"));
    });
}
