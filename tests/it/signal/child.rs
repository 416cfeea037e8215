//! A test in two processes: the parent sends the signals, the child receives them.

use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStderr, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal as Number, kill_process};

/// Set in the child.
const CHILD: &str = "RUNGROUP_SIGNAL_CHILD";

pub fn is_parent() -> bool {
    std::env::var_os(CHILD).is_none()
}

/// Tells the parent.
pub fn say(word: &str) {
    eprintln!("{word}");
}

/// Waits for the parent's word.
pub fn hear(word: &str) {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), word);
}

/// Waits to be killed.
pub fn live_on() {
    let _ = stdin().read_line(&mut String::new());
}

/// The same test in another process.
pub struct Child {
    pub process: std::process::Child,
    words: BufReader<ChildStderr>,
}

impl Child {
    pub fn start() -> Child {
        Child::start_under(":")
    }

    /// Starts it from a shell that first does `prelude`.
    pub fn start_under(prelude: &str) -> Child {
        let mut process = Command::new("sh")
            .args(["-c", &format!("{prelude}; exec \"$@\""), "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &this_test(), "--nocapture"])
            .env(CHILD, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the parent.
            .process_group(0)
            .spawn()
            .unwrap();
        let words = BufReader::new(process.stderr.take().unwrap());
        Child { process, words }
    }

    pub fn wait_for(&mut self, word: &str) {
        let mut heard = String::new();
        loop {
            let start = heard.len();
            if self.words.read_line(&mut heard).unwrap() == 0 {
                panic!("the child ended before it said {word:?}:\n{heard}");
            }
            if heard[start..].trim_end() == word {
                return;
            }
        }
    }

    pub fn tell(&mut self, word: &str) {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "{word}").unwrap();
    }

    pub fn send(&self, signal: Number) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub fn end(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.words.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap(), rest)
    }

    pub fn ends_well(&mut self) {
        let (status, rest) = self.end();
        assert!(status.success(), "{status}:\n{rest}");
    }

    pub fn is_killed_by(&mut self, signal: Number) {
        let (status, rest) = self.end();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status}:\n{rest}");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// By the name of this thread, which the harness gave it: "test on runtime".
fn this_test() -> String {
    let thread = std::thread::current();
    let (test, runtime) = thread.name().unwrap().split_once(" on ").unwrap();
    format!("signal::{runtime}::{test}")
}
