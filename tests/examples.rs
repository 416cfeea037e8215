//! Runs the examples as their users do: from outside, with real clients and real commands.
//!
//! `cargo test` builds the examples; before `cargo test --test examples`, build them by
//! `cargo build --examples` with the same features.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;
use std::{env, fs, panic, thread};

/// No test takes nearly as long, on the slowest machine; one that does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Fails a test that hangs. Its example sees the end of its input when we are gone.
fn hold(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _done = done;
        test();
    });
    match is_done.recv_timeout(HANGS_AFTER) {
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => thread
            .join()
            .unwrap_or_else(|payload| panic::resume_unwind(payload)),
    }
}

/// An example that runs.
struct Example {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

/// What was left to read of an example that has ended, and how it did.
struct Ended {
    lines: Vec<String>,
    stderr: String,
    code: Option<i32>,
}

impl Example {
    fn start<A: AsRef<str>>(name: &str, args: impl IntoIterator<Item = A>) -> Example {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        Example::spawn(Command::new(program(name)).args(args))
    }

    fn spawn(command: &mut Command) -> Example {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Example {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Waits for its next line.
    fn line(&mut self) -> String {
        match self.stdout.next() {
            Some(line) => line.unwrap(),
            None => panic!("ended: {}", self.stderr()),
        }
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits until it listens.
    fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix("listening on ").expect(&line);
        address.parse().unwrap()
    }

    /// Ends its input, which stops those that a typed line stops.
    fn stop(&mut self) {
        self.stdin = None;
    }

    /// Waits until it has ended, and all it started with it: they share its output.
    fn end(mut self) -> Ended {
        let lines = self.stdout.by_ref().map(Result::unwrap).collect();
        Ended {
            lines,
            stderr: self.stderr(),
            code: self.child.wait().unwrap().code(),
        }
    }
}

/// A test that fails leaves nobody behind.
impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
    }

    fn assert_stderr(&self, part: &str) {
        assert!(self.stderr.contains(part), "{}", self.stderr);
    }
}

/// Examples lie beside the directory of the test binaries.
fn program(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    path.set_extension(env::consts::EXE_EXTENSION);
    assert!(path.exists(), "run `cargo build --examples` before");
    path
}

/// An empty directory for a test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

const ANY_PORT: [&str; 1] = ["127.0.0.1:0"];
const NO_ARGS: [&str; 0] = [];

#[test]
fn basic_prints_the_lines_of_go() {
    hold(|| {
        let mut ended = Example::start("basic", NO_ARGS).end();
        // The first actor ends on its own, at any time after its interrupt.
        let canceled = "The first actor was canceled";
        let at = ended.lines.iter().position(|line| line == canceled);
        assert!(at.is_some_and(|at| at > 1), "{:?}", ended.lines);
        ended.lines.remove(at.unwrap());
        assert_eq!(
            ended.lines,
            [
                "The second actor is returning immediately",
                "The first actor was interrupted with: immediate teardown",
                "The second actor was interrupted with: immediate teardown",
                "The group was terminated with: immediate teardown",
            ]
        );
        ended.assert_code(0);
    });
}

#[test]
fn context_prints_the_line_of_go() {
    hold(|| {
        let ended = Example::start("context", NO_ARGS).end();
        assert_eq!(
            ended.lines,
            ["The group was terminated with: context canceled"]
        );
        ended.assert_code(0);
    });
}

#[test]
fn listener_echoes_and_closes_its_socket() {
    hold(|| {
        let mut listener = Example::start("listener", ANY_PORT);
        let address = listener.address();
        let mut clients = [0, 1].map(|_| TcpStream::connect(address).unwrap());
        for line in ["one\n", "two\n"] {
            for client in &mut clients {
                client.write_all(line.as_bytes()).unwrap();
                let mut echo = [0; 4];
                client.read_exact(&mut echo).unwrap();
                assert_eq!(&echo, line.as_bytes());
            }
        }

        listener.stop();
        assert_eq!(listener.line(), "nobody can connect any longer");
        assert!(TcpStream::connect(address).is_err());
        for mut client in clients {
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
        }
        let ended = listener.end();
        assert_eq!(ended.lines, ["serve returned"]);
        ended.assert_code(0);
    });
}

#[test]
fn listener_finishes_what_it_is_answering() {
    hold(|| {
        let mut listener = Example::start("listener", ANY_PORT);
        let address = listener.address();
        let mut client = TcpStream::connect(address).unwrap();

        // It waits for us to read, in the middle of an answer, when it takes no more from us.
        let line = [b"x".repeat(1_000_000), b"\n".to_vec()].concat();
        client
            .set_write_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        while client.write_all(&line).is_ok() {}
        let mut idle = TcpStream::connect(address).unwrap();
        idle.write_all(b"\n").unwrap();
        idle.read_exact(&mut [0]).unwrap();
        listener.stop();
        assert_eq!(listener.line(), "nobody can connect any longer");
        // Where the idle one is let go, the interrupt has reached the other one too.
        assert_eq!(idle.read(&mut [0]).unwrap(), 0);
        drop(idle);

        let mut echo = Vec::new();
        client.read_to_end(&mut echo).unwrap();
        drop(client);
        assert!(!echo.is_empty());
        assert!(echo.chunks(line.len()).all(|answer| answer == line));
        let ended = listener.end();
        assert_eq!(ended.lines, ["serve returned"]);
        ended.assert_code(0);
    });
}

#[test]
fn listener_fails_where_it_cannot_listen() {
    hold(|| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let ended = Example::start("listener", [address]).end();
        ended.assert_code(1);
        ended.assert_stderr("AddrInUse");
    });
}

/// A reader, and the connection it reads.
fn reader() -> (Example, TcpStream) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let mut reader = Example::start("reader", [address]);
    let (mut connection, _) = server.accept().unwrap();
    for line in ["one", "two"] {
        writeln!(connection, "{line}").unwrap();
        assert_eq!(reader.line(), line);
    }
    (reader, connection)
}

#[test]
fn reader_closes_its_connection_when_interrupted() {
    hold(|| {
        let (mut reader, mut connection) = reader();
        reader.stop();
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
        let ended = reader.end();
        assert_eq!(ended.lines, ["no more lines"]);
        ended.assert_code(0);
    });
}

#[test]
fn reader_ends_with_its_connection() {
    hold(|| {
        let (reader, mut connection) = reader();
        connection.write_all(b"the last one\n").unwrap();
        drop(connection);
        let ended = reader.end();
        assert_eq!(ended.lines, ["the last one", "no more lines"]);
        ended.assert_code(0);
    });
}

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
        // To open it takes until somebody writes to it, which nobody does.
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
        let stopping = "stopping: actor `adding` failed: actor `parser` failed";
        assert_eq!(ended.lines, [stopping]);
    });
}

/// What clients saw.
#[derive(Default)]
struct Seen {
    connected: AtomicU64,
    answered: AtomicU64,
}

/// Connects again and again, until nobody listens any longer.
fn ask_on(address: SocketAddr, times: usize, seen: &Seen, answered: &Sender<()>) {
    for _ in 0..times {
        let Ok(client) = TcpStream::connect(address) else {
            return;
        };
        seen.connected.fetch_add(1, Ordering::Relaxed);
        if ask(client) {
            seen.answered.fetch_add(1, Ordering::Relaxed);
            let _ = answered.send(());
        }
    }
}

/// Whether a client was answered, and not just closed.
fn ask(mut client: TcpStream) -> bool {
    let question = b"what is it good for?\n";
    let mut answer = Vec::new();
    let asked = client
        .write_all(question)
        .and_then(|()| client.read_to_end(&mut answer));
    assert!(answer.is_empty() || answer == question);
    asked.is_ok() && !answer.is_empty()
}

/// The numbers of a line, in order.
fn numbers<const N: usize>(line: &str) -> [u64; N] {
    let numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    numbers.try_into().expect(line)
}

#[test]
fn connections_are_answered_or_closed_when_stopped_in_the_middle() {
    // As many at once as fit into the 1024 file descriptors that most systems grant.
    const IDLE: usize = 100;
    const CLIENTS: usize = 200;
    const EACH: usize = 30;
    const STOP_AFTER: usize = 2000;
    hold(|| {
        let mut server = Example::start("connections", ANY_PORT);
        let address = server.address();

        // Accepted before the clients that come after them, and waiting when the stop comes.
        let idle = [(); IDLE].map(|()| TcpStream::connect(address).unwrap());
        let seen = Arc::new(Seen::default());
        let (answered, answers) = mpsc::channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (seen, answered) = (Arc::clone(&seen), answered.clone());
                thread::spawn(move || ask_on(address, EACH, &seen, &answered))
            })
            .collect();
        drop(answered);
        assert_eq!(answers.iter().take(STOP_AFTER).count(), STOP_AFTER);
        server.stop();

        for mut client in idle {
            assert!(!matches!(client.read(&mut [0]), Ok(1..)));
        }
        for client in clients {
            client.join().unwrap();
        }
        let ended = server.end();
        ended.assert_code(0);
        let [accepted, answered, closed, given_back] = numbers(&ended.lines[0]);
        let [exited, forced] = numbers(&ended.lines[1]);
        let connected = IDLE as u64 + seen.connected.load(Ordering::Relaxed);

        assert_eq!(accepted, answered + closed);
        assert_eq!(answered, seen.answered.load(Ordering::Relaxed));
        assert!(answered >= STOP_AFTER as u64 && answered < (CLIENTS * EACH) as u64);
        assert!(closed >= IDLE as u64 && accepted <= connected);
        // The report has those that the group took, and the listener.
        assert_eq!(exited, accepted - given_back + 1);
        assert_eq!(forced, 0);
    });
}

#[cfg(unix)]
#[test]
fn connections_wait_for_file_descriptors() {
    const CLIENTS: usize = 80;
    hold(|| {
        let limited = "ulimit -n 50 && exec \"$0\" 127.0.0.1:0";
        let mut command = Command::new("sh");
        let mut server = Example::spawn(command.arg("-c").arg(limited).arg(program("connections")));
        let address = server.address();
        let clients = [(); CLIENTS].map(|()| TcpStream::connect(address).unwrap());
        let mut complaint = String::new();
        server.stderr.read_line(&mut complaint).unwrap();
        assert!(
            complaint.starts_with("cannot accept for now"),
            "{complaint}"
        );

        for client in clients {
            assert!(ask(client));
        }
        server.stop();
        let ended = server.end();
        ended.assert_code(0);
        assert_eq!(numbers(&ended.lines[0]), [80, 80, 0, 0]);
        assert_eq!(numbers(&ended.lines[1]), [81, 0]);
    });
}

/// Makes a named pipe; to open it takes until the other side does.
#[cfg(unix)]
fn fifo(directory: &Path, name: &str) -> String {
    let path = directory.join(name);
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path.to_str().unwrap().to_owned()
}

/// Whether somebody has opened a named pipe to read.
#[cfg(unix)]
fn has_reader(pipe: &str) -> bool {
    use rustix::fs::{Mode, OFlags, open};
    open(pipe, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()
}

#[cfg(unix)]
mod processes {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

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

    fn signal(example: &Example, signal: Signal) {
        kill_process(Pid::from_child(&example.child), signal).unwrap();
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

    /// Also when it was the first to end that left it. The end of the output says that it is gone.
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
            signal(&processes, Signal::TERM);
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
            signal(&processes, Signal::INT);
            assert_eq!(processes.line(), "stopping");
            signal(&processes, Signal::INT);
            let ended = processes.end();
            ended.assert_code(128 + 2);
            ended.assert_stderr(&format!("`{DEAF}`"));
        });
    }
}
