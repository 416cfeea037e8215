//! A test in two processes: the parent sends the signals, the child receives them.

use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal as Blockable};
use rustix::process::{Pid, Signal as Number, getppid, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag::register_conditional_default;

/// More than the 200 ms within which a press is the same press.
const PAUSE: Duration = Duration::from_millis(250);

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

/// Waits to be killed, by the test or because the parent is gone.
pub fn live_on() {
    let _ = stdin().read_line(&mut String::new());
}

/// As [`live_on`], but busy.
pub fn spin() {
    let parent = getppid();
    while getppid() == parent {
        std::hint::spin_loop();
    }
}

/// The same test in another process.
pub struct Child {
    pub process: std::process::Child,
    words: BufReader<ChildStderr>,
}

impl Child {
    /// Starts the test that calls it, which is in `module`.
    pub fn start(module: &str) -> Child {
        Child::start_under(":", module)
    }

    /// Starts it from a shell that first does `prelude`.
    pub fn start_under(prelude: &str, module: &str) -> Child {
        ensure_default_effects();
        let mut process = Command::new("sh")
            .args(["-c", &format!("{prelude}; exec \"$@\""), "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &this_test(module), "--nocapture"])
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

    /// Starts it from a parent that blocks `SIGHUP`, `SIGINT` and `SIGTERM`.
    pub fn start_blocked(module: &str) -> Child {
        let blocked = [Blockable::SIGHUP, Blockable::SIGINT, Blockable::SIGTERM];
        let blocked = SigSet::from_iter(blocked);
        blocked.thread_block().unwrap();
        let child = Child::start(module);
        blocked.thread_unblock().unwrap();
        child
    }

    pub fn wait_for(&mut self, word: &str) {
        self.wait_until(word, |line| line == word);
    }

    /// Waits for a line with `words`, and returns it.
    #[cfg(feature = "tracing")]
    pub fn wait_for_line_with(&mut self, words: &str) -> String {
        self.wait_until(words, |line| line.contains(words))
    }

    fn wait_until(&mut self, what: &str, found: impl Fn(&str) -> bool) -> String {
        let mut heard = String::new();
        loop {
            let start = heard.len();
            if self.words.read_line(&mut heard).unwrap() == 0 {
                panic!("the child ended before it said {what:?}:\n{heard}");
            }
            let line = heard[start..].trim_end();
            if found(line) {
                return line.to_owned();
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

    /// Presses Ctrl-C once more. The child must have said something that the press before made it
    /// say: then that press was counted before the time began to run here, and this one is another
    /// press, however slow the machine is.
    pub fn press_again(&self) {
        std::thread::sleep(PAUSE);
        self.send(Number::INT);
    }

    /// Presses Ctrl-C until the child ends, because nothing tells from outside when a press is
    /// deadly. Copies in between do no harm.
    pub fn press_until_it_ends(&mut self) {
        while self.process.try_wait().unwrap().is_none() {
            self.send(Number::INT);
            std::thread::sleep(PAUSE / 5);
        }
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
fn this_test(module: &str) -> String {
    let thread = std::thread::current();
    let (test, runtime) = thread.name().unwrap().split_once(" on ").unwrap();
    let (_binary, module) = module.split_once("::").unwrap();
    format!("{module}::{runtime}::{test}")
}

/// Makes sure that children do not start with a signal ignored, as `SIGINT` is for all that a
/// script's `cargo test &` starts. `exec` leaves an ignored signal ignored, but one that is handled
/// gets its default effect, so here it is handled; and it still ends the tests.
fn ensure_default_effects() {
    static HANDLED: Once = Once::new();
    HANDLED.call_once(|| {
        for number in [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2] {
            register_conditional_default(number, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}
