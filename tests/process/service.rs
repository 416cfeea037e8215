//! The service, or its supervisor, as a child process in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::client::get;

/// The example, built as this test was.
pub static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut features = vec!["tokio", "signal", "tracing"];
    features.extend(cfg!(feature = "smol").then_some("smol"));
    features.extend(cfg!(feature = "async-std").then_some("async-std"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--example", "service", "--features"]);
    cargo
        .arg(features.join(","))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    // This test is target/debug/deps/process-…
    let target = std::env::current_exe().unwrap();
    let target = target.parent().and_then(Path::parent).unwrap();
    target.join("examples/service")
});

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
        let mut service = Service {
            directory,
            settings: Vec::new(),
        };
        let file = service.path("entries.txt").to_str().unwrap().to_owned();
        service.settings.push(("SERVICE_FILE", file));
        service.set("SERVICE_LISTEN", "127.0.0.1:0")
    }

    pub fn set(mut self, name: &'static str, value: &str) -> Service {
        self.settings.push((name, value.into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn start(self) -> Running {
        self.start_as(&mut Command::new(&*BINARY))
    }

    pub fn start_as(self, command: &mut Command) -> Running {
        let mut process = command
            .env_remove("NOTIFY_SOCKET")
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
            log: BufReader::new(process.stderr.take().unwrap()),
            logged: String::new(),
            process,
            directory: self.directory,
            alive: Some(alive),
        }
    }
}

/// The service, or its supervisor, as a child process.
pub struct Running {
    process: Child,
    log: BufReader<ChildStderr>,
    logged: String,
    directory: PathBuf,
    /// Its drop dismisses who would kill what hangs.
    alive: Option<Sender<()>>,
}

impl Running {
    /// Waits for a line with `words`, and returns it.
    pub fn wait_for(&mut self, words: &str) -> String {
        loop {
            let start = self.logged.len();
            if self.log.read_line(&mut self.logged).unwrap() == 0 {
                panic!("it ended before it said {words:?}:\n{}", self.logged);
            }
            let line = &self.logged[start..];
            if line.contains(words) {
                return line.trim_end().to_owned();
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

    pub fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end; returns its status and all that it said.
    pub fn ends(&mut self) -> (ExitStatus, String) {
        self.log.read_to_string(&mut self.logged).unwrap();
        let status = self.process.wait().unwrap();
        self.alive = None;
        (status, self.logged.clone())
    }

    pub fn file(&self) -> String {
        fs::read_to_string(self.directory.join("entries.txt")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.alive.take().is_none();
        if !ended {
            let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
            let _ = self.process.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}
