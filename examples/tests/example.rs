//! An example that runs, and what tests of it need.

use std::io::{BufRead, BufReader, Lines, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{env, fs, panic, thread};

#[cfg(all(unix, feature = "axum"))]
use nix::sys::signal::SigSet;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};

pub(crate) const ANY_PORT: [&str; 1] = ["127.0.0.1:0"];
pub(crate) const NO_ARGS: [&str; 0] = [];

/// No test takes nearly as long, on the slowest machine; one that does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Fails a test that hangs. Its example sees the end of its input when we are gone.
pub(crate) fn hold(test: impl FnOnce() + Send + 'static) {
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
pub(crate) struct Example {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

/// What was left to read of an example that has ended, and how it did.
pub(crate) struct Ended {
    pub(crate) lines: Vec<String>,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Example {
    pub(crate) fn start<A: AsRef<str>>(name: &str, args: impl IntoIterator<Item = A>) -> Example {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        Example::spawn(Command::new(program(name)).args(args))
    }

    /// Starts it in a directory.
    #[cfg(all(unix, feature = "axum"))]
    pub(crate) fn start_in(directory: &Path, name: &str, arg: &str) -> Example {
        Example::spawn(Command::new(program(name)).arg(arg).current_dir(directory))
    }

    /// Starts it with at most this many file descriptors.
    #[cfg(unix)]
    pub(crate) fn start_limited(files: u32, name: &str, arg: &str) -> Example {
        let limited = format!("ulimit -n {files} && exec \"$0\" '{arg}'");
        let mut shell = Command::new("sh");
        Example::spawn(shell.arg("-c").arg(limited).arg(program(name)))
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Starts it with a signal that has arrived already, and that waits until the example unblocks it.
    #[cfg(all(unix, feature = "axum"))]
    pub(crate) fn start_signalled(signal: Signal, name: &str) -> Example {
        let number = nix::sys::signal::Signal::try_from(signal.as_raw()).unwrap();
        let pending = SigSet::from(number);
        // The example inherits what the thread that starts it blocks.
        pending.thread_block().unwrap();
        let example = Example::start(name, NO_ARGS);
        pending.thread_unblock().unwrap();
        example.signal(signal);
        example
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
    pub(crate) fn line(&mut self) -> String {
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

    /// Waits for its next complaint.
    #[cfg(unix)]
    pub(crate) fn complaint(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits until it listens.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix("listening on ").expect(&line);
        address.parse().unwrap()
    }

    /// Ends its input, which stops those that a typed line stops.
    pub(crate) fn stop(&mut self) {
        self.stdin = None;
    }

    /// Waits until it has ended, and all it started with it: they share its output.
    pub(crate) fn end(mut self) -> Ended {
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
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
    }

    pub(crate) fn assert_stderr(&self, part: &str) {
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
    assert!(path.exists(), "build the examples before: see main.rs");
    path
}

/// An empty directory for a test.
pub(crate) fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Makes a named pipe; opening it takes until the other side opens it too.
#[cfg(unix)]
pub(crate) fn fifo(directory: &Path, name: &str) -> String {
    let path = directory.join(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path.to_str().unwrap().to_owned()
}
