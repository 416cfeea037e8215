//! The service, or its supervisor, as a child process in a directory of its own.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag::register_conditional_default;

use crate::client::get;

pub const BINARY: &str = env!("CARGO_BIN_EXE_service");

/// No test takes nearly as long; what hangs is killed, and the test fails for what it waited for.
pub const HANGS_AFTER: Duration = Duration::from_secs(120);

/// A directory of its own, and the settings of the service to be.
pub struct Service {
    directory: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Service {
    pub fn new() -> Service {
        static NTH: AtomicU32 = AtomicU32::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        // Not below target: the path of a socket must be short.
        let directory = std::env::temp_dir().join(format!("rungroup-{}-{nth}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let service = Service {
            directory,
            settings: Vec::new(),
        };
        service
            .set("SERVICE_LISTEN", "127.0.0.1:0")
            .set_path("SERVICE_DATABASE", DATABASE)
            .set_path("SERVICE_TELEMETRY", TELEMETRY)
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Service {
        self.settings.push((name, value.into()));
        self
    }

    /// Sets the path of a file in the service's directory.
    pub fn set_path(self, name: &'static str, file: &str) -> Service {
        let path = self.path(file);
        self.set(name, path.to_str().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn start(self) -> Running {
        self.start_as(&mut Command::new(BINARY))
    }

    /// Starts it from a shell that first does `prelude`.
    pub fn start_under(self, prelude: &str) -> Running {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{prelude}; exec '{BINARY}'"));
        self.start_as(&mut shell)
    }

    pub fn start_as(self, command: &mut Command) -> Running {
        have_default_signals();
        let mut process = command
            .env_remove("RUST_LOG")
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .envs(self.settings)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the tests; and all that is left can be killed as one.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let group = Pid::from_child(&process);
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            if ended.recv_timeout(HANGS_AFTER) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process_group(group, Signal::KILL);
            }
        });
        Running {
            log: process.stderr.take().map(BufReader::new),
            logged: String::new(),
            process,
            directory: self.directory,
            alive: Some(alive),
        }
    }
}

const DATABASE: &str = "entries.db";
const TELEMETRY: &str = "telemetry.txt";

/// A program started from a script's `cargo test &` inherits an ignored SIGINT. One that we handle has
/// its default effect in our children.
fn have_default_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGUSR1] {
            // For us it is as if there were no handler.
            register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}

/// The service, or its supervisor, as a child process.
pub struct Running {
    process: Child,
    /// None once nobody reads it.
    log: Option<BufReader<ChildStderr>>,
    logged: String,
    directory: PathBuf,
    /// Dropping it dismisses the thread that kills what hangs.
    alive: Option<Sender<()>>,
}

impl Running {
    /// Waits for a line with `words`, and returns it.
    pub fn wait_for(&mut self, words: &str) -> String {
        match self.says(words) {
            Some(line) => line,
            None => panic!("it ended before it said {words:?}:\n{}", self.logged),
        }
    }

    /// Waits for a line with `words`, or for its end.
    pub fn says(&mut self, words: &str) -> Option<String> {
        loop {
            let start = self.logged.len();
            let log = self.log.as_mut().unwrap();
            if log.read_line(&mut self.logged).unwrap() == 0 {
                return None;
            }
            let line = &self.logged[start..];
            if line.contains(words) {
                return Some(line.trim_end().to_owned());
            }
        }
    }

    /// Asks for the status of the stop until it says that `actor` is parked: what closes a port is
    /// inside its poll for a moment longer.
    pub fn wait_until_parked(&mut self, actor: &str) {
        loop {
            self.send(Signal::USR1);
            self.wait_for("stopping for ");
            let row = self.wait_for(&format!("actor={actor} "));
            if row.contains("state=parked") {
                return;
            }
        }
    }

    pub fn listening(&mut self) -> SocketAddr {
        let line = self.wait_for("listening on ");
        let (_, address) = line.rsplit_once(' ').unwrap();
        address.parse().unwrap()
    }

    /// Waits until it is ready, by its own word.
    pub fn ready(&mut self) -> SocketAddr {
        let address = self.listening();
        while get(address, "/readyz").unwrap().0 != 200 {}
        address
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub fn send(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The process that it has started and waits for.
    pub fn child(&self) -> Pid {
        let pid = self.process.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let child = children.split_whitespace().next().expect("a child");
        Pid::from_raw(child.parse().unwrap()).unwrap()
    }

    /// Presses Ctrl-C once more, on the service itself. What the press before did must have been seen.
    pub fn press_again(&self) {
        press_again(self.pid());
    }

    pub fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// From now on, it can write nothing but its database's log, and no more of that than there is.
    #[cfg(target_os = "linux")]
    pub fn fills_the_disk(&self) {
        use rustix::process::{Resource, Rlimit, prlimit};

        let full = Rlimit {
            current: Some(4096),
            maximum: None,
        };
        prlimit(Some(self.pid()), Resource::Fsize, full).unwrap();
    }

    /// Waits for its end; returns its status and all that it said.
    pub fn ends(&mut self) -> (ExitStatus, String) {
        let log = self.log.as_mut().unwrap();
        log.read_to_string(&mut self.logged).unwrap();
        let status = self.process.wait().unwrap();
        self.alive = None;
        (status, self.logged.clone())
    }

    /// From now on, nobody reads its log.
    pub fn is_not_read(&mut self) {
        self.log = None;
    }

    /// Waits for its end, without reading its log any further.
    pub fn ends_unread(&mut self) -> ExitStatus {
        let status = self.process.wait().unwrap();
        self.alive = None;
        status
    }

    /// Waits for its end, which must come before `limit` and what a loaded machine takes have passed
    /// since `start`.
    pub fn ends_within(&mut self, limit: Duration, start: Instant) -> (ExitStatus, String) {
        let (status, log) = self.ends();
        let took = start.elapsed();
        assert!(took < limit + HANGS_AFTER / 2, "{took:?}: {log}");
        (status, log)
    }

    /// What the database holds after it was closed.
    pub fn entries(&self) -> Vec<String> {
        assert!(self.is_closed());
        self.recovered_entries()
    }

    /// Whether the database is one file, without a log that was not moved there.
    pub fn is_closed(&self) -> bool {
        !self.path("entries.db-wal").exists()
    }

    /// What the database holds, however it was left.
    pub fn recovered_entries(&self) -> Vec<String> {
        let database = Connection::open(self.path(DATABASE)).unwrap();
        let mut entries = database.prepare("SELECT entry FROM entries").unwrap();
        let entries = entries.query_map([], |row| row.get(0)).unwrap();
        entries.map(Result::unwrap).collect()
    }

    pub fn telemetry(&self) -> String {
        fs::read_to_string(self.path(TELEMETRY)).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.alive.take().is_none();
        if !ended {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.process.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Presses Ctrl-C once more: what comes sooner after the press before is the same press. The service
/// may have ended by then.
pub fn press_again(service: Pid) {
    thread::sleep(Duration::from_millis(250));
    let _ = kill_process(service, Signal::INT);
}

/// Says on standard error itself what is skipped, because tests that pass keep what they print with
/// macros.
pub fn skip(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {what}, because {why}");
}

/// Locks a database against all others, until it is dropped.
pub fn locked(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    connection
}

/// Makes a named pipe that nobody reads, in the service's directory. Opening it takes for ever.
pub fn fifo(service: &Service) -> String {
    let path = service.path("fifo");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    path.to_str().unwrap().to_owned()
}
