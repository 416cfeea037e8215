//! A test in two processes: the parent asks for presses of Ctrl-C, and the child presses it on its
//! own console.

use std::io::{self, BufRead, BufReader, Read, Write, stdin};
use std::os::windows::process::CommandExt;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rungroup_console::press_ctrl_c;

/// Longer than any test.
pub const HOUR: Duration = Duration::from_secs(3600);

/// `STATUS_CONTROL_C_EXIT`, which is `0xC000013A`.
pub const CONTROL_C_EXIT: i32 = -1_073_741_510;

/// More than the 200 ms within which a press is the same press.
const PAUSE: Duration = Duration::from_millis(250);

/// A console of its own, without a window.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Set in the child.
const CHILD: &str = "RUNGROUP_CTRL_C_CHILD";

pub fn is_parent() -> bool {
    std::env::var_os(CHILD).is_none()
}

/// Tells the parent.
pub fn say(word: &str) {
    eprintln!("{word}");
}

/// In the child: presses Ctrl-C each time that the parent asks for it, and says so to the receiver. It
/// ends the child when the parent is gone.
pub fn takes_presses() -> Receiver<()> {
    let (pressed, presses) = channel();
    std::thread::spawn(move || {
        for line in stdin().lines() {
            assert_eq!(line.unwrap(), "press");
            press_ctrl_c().unwrap();
            say("pressed");
            let _ = pressed.send(());
        }
        std::process::exit(1);
    });
    presses
}

/// Until the child is ended.
pub fn waits_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// The same test in another process.
pub struct Child {
    process: std::process::Child,
    words: BufReader<ChildStderr>,
}

impl Child {
    /// Starts the test that calls it, which is in `module`.
    pub fn start(module: &str) -> Child {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &this_test(module), "--nocapture"])
            .env(CHILD, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .creation_flags(CREATE_NO_WINDOW)
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

    pub fn press(&mut self) {
        self.ask_for_a_press().unwrap();
    }

    pub fn press_if_it_lives(&mut self) {
        let _ = self.ask_for_a_press();
    }

    fn ask_for_a_press(&mut self) -> io::Result<()> {
        writeln!(self.process.stdin.as_mut().unwrap(), "press")
    }

    /// Presses once more. The child must have said something that the press before made it say: then
    /// this one is another press, however slow the machine is.
    pub fn press_again(&mut self) {
        std::thread::sleep(PAUSE);
        self.press();
    }

    /// Presses until the child ends, because nothing tells from outside when a press is deadly. Copies
    /// in between do no harm.
    pub fn press_until_it_ends(&mut self) {
        while self.process.try_wait().unwrap().is_none() {
            self.press_if_it_lives();
            std::thread::sleep(PAUSE / 5);
        }
    }

    pub fn ends_well(&mut self) {
        self.ends_with(0);
    }

    pub fn ends_with(&mut self, code: i32) {
        let mut rest = String::new();
        self.words.read_to_string(&mut rest).unwrap();
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{status}:\n{rest}");
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
