//! A recipe that runs as a child process.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;

const ANY_PORT: &str = "127.0.0.1:0";

/// No test takes nearly as long; what hangs is killed, and the test fails for what it waited for.
pub const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Says on standard error itself what is not tested, because tests that pass keep what they print
/// with macros.
pub fn skipped(what: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {what}");
}

/// A recipe that runs. It is killed if it is dropped before its end.
pub struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// Dropping it dismisses the thread that kills what hangs.
    _alive: Sender<()>,
}

impl Program {
    /// Starts a recipe on a free port, with more arguments.
    pub fn start(binary: &str, args: &[&str]) -> Program {
        Program::start_with(binary, &[&[ANY_PORT], args].concat())
    }

    /// Starts a recipe that does not listen.
    pub fn start_with(binary: &str, args: &[&str]) -> Program {
        Program::run(Command::new(binary).args(args))
    }

    /// Starts what a recipe needs beside it.
    pub fn run(command: &mut Command) -> Program {
        have_default_signals();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&process);
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            if ended.recv_timeout(HANGS_AFTER) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Program {
            stdout: BufReader::new(process.stdout.take().unwrap()),
            stderr: process.stderr.take(),
            process,
            _alive: alive,
        }
    }

    /// Waits until it listens. Its signals are watched by then.
    pub fn address(&mut self) -> SocketAddr {
        self.address_after("listening on ")
    }

    /// The address in its next line.
    pub fn address_after(&mut self, words: &str) -> SocketAddr {
        let line = self.next_line();
        match line.strip_prefix(words) {
            Some(address) => address.parse().unwrap(),
            None => panic!("{line:?}; stderr: {}", self.stderr()),
        }
    }

    /// Waits for the next line that it prints.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    /// Waits until it prints this line.
    pub fn prints(&mut self, line: &str) {
        loop {
            let printed = self.next_line();
            if printed == line {
                return;
            }
            assert!(!printed.is_empty(), "stderr: {}", self.stderr());
        }
    }

    /// Waits until it says something on stderr.
    pub fn complains(&mut self) {
        let stderr = self.stderr.as_mut().unwrap();
        stderr.read_exact(&mut [0]).unwrap();
    }

    pub fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end, which must be a success; returns what else it printed.
    pub fn succeeds(mut self) -> String {
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        self.ends_with(0);
        printed
    }

    fn ends_with(&mut self, code: i32) -> String {
        let stderr = self.stderr();
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{status}; stderr: {stderr}");
        stderr
    }

    /// Waits for its end; returns its stderr.
    fn stderr(&mut self) -> String {
        let mut text = String::new();
        let mut stderr = self.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The parent of the tests may ignore signals, which children inherit. Those that the tests handle have
/// their default effect in the children.
fn have_default_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGINT, SIGTERM] {
            // For the tests it is as if there were no handler.
            register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}

/// A directory for a test, removed when it is dropped.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Directory {
        let name = format!("{name}-{}", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    pub fn path(&self, file: &str) -> String {
        self.0.join(file).to_str().unwrap().into()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
