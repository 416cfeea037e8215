//! `examples/service` as a process, seen from outside as the world sees it: by its signals, its
//! port, its file, its status, what it says on stderr and to its supervisor.

#![cfg(unix)]
#![allow(clippy::pedantic)] // nobody's API

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

const HOUR_MS: &str = "3600000";

#[test]
fn sigterm_answers_what_is_in_flight_and_refuses_new_connections() {
    let mut service = Service::new().start();
    let address = service.ready();
    let request = Request::begin(address, "in flight");
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(request.finish().0, 200);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped by: stop requested: SIGTERM"), "{log}");
    assert_eq!(service.file(), "in flight\n# closed\n");
}

#[test]
fn a_slow_answer_is_waited_for() {
    let mut service = Service::new().start();
    let address = service.ready();
    let asking = thread::spawn(move || get(address, "/slow?ms=300"));
    service.wait_for("300 ms");
    service.send(Signal::TERM);
    assert_eq!(asking.join().unwrap().unwrap().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.file(), "slow 300\n# closed\n");
}

#[test]
fn readyz_is_503_before_the_port_closes() {
    let mut service = Service::new()
        .set("SERVICE_GRACE_MS", HOUR_MS)
        .set("SERVICE_DRAIN_MS", HOUR_MS)
        .start();
    let address = service.ready();
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    service.send(Signal::TERM);
    while get(address, "/readyz").unwrap().0 != 503 {}
    // It drains: all is served, for as long as it takes.
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    assert_eq!(Request::begin(address, "late").finish().0, 200);
    // A person has no patience.
    service.send(Signal::INT);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.file(), "late\n# closed\n");
}

#[test]
fn after_the_drain_it_stops_by_itself() {
    let mut service = Service::new().set("SERVICE_DRAIN_MS", "50").start();
    let address = service.ready();
    service.send(Signal::TERM);
    refused(address);
    assert_eq!(service.ends().0.code(), Some(0));
    assert_eq!(service.file(), "# closed\n");
}

#[test]
fn a_second_sigint_forces_and_names_the_stragglers() {
    let mut service = Service::new().start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    service.send(Signal::INT);
    refused(address);
    service.send(Signal::INT);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `http` (parked)"), "{log}");
}

#[test]
fn the_end_of_the_grace_forces() {
    let mut service = Service::new().set("SERVICE_GRACE_MS", "50").start();
    let address = service.ready();
    let _never_finished = Request::begin(address, "never");
    service.send(Signal::TERM);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("did not stop: `http` (parked)"), "{log}");
}

#[test]
fn a_panicking_worker_is_named() {
    let mut service = Service::new()
        .set("SERVICE_WORKERS", "1")
        .set("SERVICE_POISON", "arsenic")
        .start();
    let address = service.ready();
    assert_eq!(Request::begin(address, "water").finish().0, 200);
    assert_eq!(Request::begin(address, "arsenic").finish().0, 503);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("actor `worker-0` panicked: "), "{log}");
    assert!(log.contains("poisoned"), "{log}");
    // The others have stopped in their order none the less.
    assert_eq!(service.file(), "water\n# closed\n");
}

#[test]
fn a_full_disk_is_named() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let mut service = Service::new().set("SERVICE_FILE", "/dev/full").start();
    let address = service.ready();
    assert_eq!(Request::begin(address, "too much").finish().0, 503);
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("actor `database` failed: No space left"),
        "{log}"
    );
}

/// From the moment it says so, long before it is ready.
#[test]
fn a_signal_in_the_first_millisecond_of_watching_stops_it() {
    for signal in [Signal::TERM, Signal::INT].repeat(5) {
        let mut service = Service::new().start();
        service.wait_for("watching signals");
        service.send(signal);
        let (status, log) = service.ends();
        assert_eq!(status.code(), Some(0), "{log}");
    }
}

/// Before `main` could do anything, a signal has its default effect, and nothing can be done about
/// it. What can be promised is that it is this or an orderly stop, and nothing in between.
#[test]
fn a_signal_right_after_exec_kills_or_stops_it() {
    for _ in 0..20 {
        let mut service = Service::new().start();
        service.send(Signal::TERM);
        let (status, log) = service.ends();
        match status.signal() {
            Some(signal) => {
                assert_eq!(signal, Signal::TERM.as_raw());
                assert!(!log.contains("watching signals"), "{log}");
            }
            None => assert_eq!(status.code(), Some(0), "{log}"),
        }
    }
}

#[test]
fn systemd_is_notified_in_the_right_order() {
    let service = Service::new();
    let systemd = UnixDatagram::bind(service.path("notify")).unwrap();
    let socket = service.path("notify");
    let mut service = service
        .set("NOTIFY_SOCKET", socket.to_str().unwrap())
        .set("SERVICE_GRACE_MS", "600000")
        .start();
    assert_eq!(datagram(&systemd), "READY=1\n");
    let address = service.listening();
    assert_eq!(get(address, "/readyz").unwrap().0, 200);

    // Told while it stops, not when it has stopped.
    let request = Request::begin(address, "in flight");
    service.send(Signal::TERM);
    let stopping = "STOPPING=1\nEXTEND_TIMEOUT_USEC=600000000\n";
    assert_eq!(datagram(&systemd), stopping);
    assert_eq!(request.finish().0, 200);
    assert_eq!(service.ends().0.code(), Some(0));
    no_datagram(&systemd);
}

#[test]
fn systemd_is_not_told_that_a_service_is_ready_that_is_not() {
    let service = Service::new();
    let systemd = UnixDatagram::bind(service.path("notify")).unwrap();
    let socket = service.path("notify");
    let nowhere = service.path("no/such/directory");
    let mut service = service
        .set("NOTIFY_SOCKET", socket.to_str().unwrap())
        .set("SERVICE_FILE", nowhere.to_str().unwrap())
        .start();
    let (status, log) = service.ends();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("actor `database` failed: No such file"),
        "{log}"
    );
    assert!(!log.contains("listening on"), "{log}");
    no_datagram(&systemd);
}

/// By runit's `runsv`, which restarts what ends, sends SIGTERM and SIGCONT to stop, and has no
/// socket to be notified by.
#[test]
fn supervised_it_is_started_stopped_and_restarted_and_leaves_no_orphan() {
    let service = Service::new();
    let file = service.path("entries.txt");
    let run = format!(
        "#!/bin/sh\nexport SERVICE_LISTEN=127.0.0.1:0 SERVICE_FILE='{}'\nexec '{}'\n",
        file.display(),
        BINARY.display()
    );
    executable(&service.path("run"), &run);
    let directory = service.path("");
    let mut runsv = service.start_as(Command::new("runsv").arg(&directory));

    let address = runsv.ready();
    let first = supervised(&directory);
    let request = Request::begin(address, "in flight");
    // Returns when it is down, so the request must be finished beside it.
    let stopping = sv("stop", &directory);
    refused(address);
    assert_eq!(request.finish().0, 200);
    succeeds(stopping);
    assert_eq!(supervised(&directory), None);
    gone(first);
    assert_eq!(runsv.file(), "in flight\n# closed\n");

    succeeds(sv("start", &directory));
    runsv.ready();
    let second = supervised(&directory);

    succeeds(sv("restart", &directory));
    let address = runsv.ready();
    gone(second);
    let third = supervised(&directory);
    assert_ne!(third, second);

    // Without a chance to close its file, it is started again.
    kill_process(third.unwrap(), Signal::KILL).unwrap();
    refused(address);
    let address = runsv.ready();
    let fourth = supervised(&directory);

    succeeds(sv("exit", &directory));
    let (status, log) = runsv.ends();
    assert!(status.success(), "{log}");
    refused(address);
    gone(fourth);
    assert_eq!(
        runsv.file(),
        "in flight\n# closed\n".to_owned() + &"# closed\n".repeat(2)
    );
}

#[test]
fn the_deployments_give_the_service_its_time() {
    let systemd = include_str!("../examples/deploy/service.service");
    let drain_ms = number_after(systemd, "SERVICE_DRAIN_MS=");
    assert!(number_after(systemd, "TimeoutStopSec=") * 1000 > drain_ms);
    assert!(number_after(systemd, "SERVICE_GRACE_MS=") > drain_ms);

    let kubernetes = include_str!("../examples/deploy/kubernetes.yaml");
    let grace_ms = number_after(kubernetes, "SERVICE_GRACE_MS, value: \"");
    let drain_ms = number_after(kubernetes, "SERVICE_DRAIN_MS, value: \"");
    assert!(number_after(kubernetes, "terminationGracePeriodSeconds: ") * 1000 > grace_ms);
    assert!(grace_ms > drain_ms);
}

fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}

// ---- the service

/// The example, built as this test was.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
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
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// A directory of its own, and the settings of the service to be.
struct Service {
    directory: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Service {
    fn new() -> Service {
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

    fn set(mut self, name: &'static str, value: &str) -> Service {
        self.settings.push((name, value.into()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn start(self) -> Running {
        self.start_as(&mut Command::new(&*BINARY))
    }

    fn start_as(self, command: &mut Command) -> Running {
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
struct Running {
    process: Child,
    log: BufReader<ChildStderr>,
    logged: String,
    directory: PathBuf,
    /// Its drop dismisses who would kill what hangs.
    alive: Option<Sender<()>>,
}

impl Running {
    /// Waits for a line with `words`, and returns it.
    fn wait_for(&mut self, words: &str) -> String {
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

    fn listening(&mut self) -> SocketAddr {
        let line = self.wait_for("listening on ");
        let (_, address) = line.rsplit_once(' ').unwrap();
        address.parse().unwrap()
    }

    /// Waits until it is ready, by its own word.
    fn ready(&mut self) -> SocketAddr {
        let address = self.listening();
        while get(address, "/readyz").unwrap().0 != 200 {}
        address
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end; returns its status and all that it said.
    fn ends(&mut self) -> (ExitStatus, String) {
        self.log.read_to_string(&mut self.logged).unwrap();
        let status = self.process.wait().unwrap();
        self.alive = None;
        (status, self.logged.clone())
    }

    fn file(&self) -> String {
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

// ---- its clients

fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )?;
    answer(stream)
}

fn answer(mut stream: TcpStream) -> std::io::Result<(u16, String)> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    match status {
        Some(status) => Ok((status, answer)),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// A request that is as slow as the test wishes: its handler waits for its body.
struct Request {
    stream: TcpStream,
    body: &'static str,
}

impl Request {
    /// Returns when the handler has begun: that is when the server asks for the body.
    fn begin(address: SocketAddr, body: &'static str) -> Request {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST /entries HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        let expected = "HTTP/1.1 100 Continue\r\n\r\n";
        let mut begun = vec![0; expected.len()];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(String::from_utf8(begun).unwrap(), expected);
        Request { stream, body }
    }

    fn finish(mut self) -> (u16, String) {
        self.stream.write_all(self.body.as_bytes()).unwrap();
        answer(self.stream).unwrap()
    }
}

/// Waits until nobody listens any longer.
fn refused(address: SocketAddr) {
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => thread::yield_now(),
        }
    }
}

// ---- its supervisors

fn datagram(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 1024];
    socket.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

fn no_datagram(socket: &UnixDatagram) {
    socket.set_nonblocking(true).unwrap();
    let error = socket.recv(&mut [0; 1024]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

fn sv(command: &str, directory: &Path) -> Child {
    let mut sv = Command::new("sv");
    sv.args(["-w", "60", command]).arg(directory);
    sv.stdout(Stdio::null()).spawn().unwrap()
}

fn succeeds(mut process: Child) {
    assert!(process.wait().unwrap().success());
}

/// The process that runsv says it supervises.
fn supervised(directory: &Path) -> Option<Pid> {
    let pid = fs::read_to_string(directory.join("supervise/pid")).unwrap();
    pid.trim().parse().ok().and_then(Pid::from_raw)
}

fn gone(process: Option<Pid>) {
    let process = process.expect("it was supervised");
    assert!(test_kill_process(process).is_err(), "an orphan is left");
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
