//! Against the real server, where it is installed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;

use crate::every_stop::{post_request, stops_during};
use crate::http::{Request, closed, post};
use crate::program::{Program, skipped};

#[allow(dead_code)] // its `main`
#[path = "../../src/bin/postgres.rs"]
mod recipe;

/// A server of its own, that listens at a socket in its directory alone.
struct Server {
    directory: PathBuf,
    programs: PathBuf,
}

impl Server {
    /// None if PostgreSQL is not installed.
    fn new() -> Option<Server> {
        let Some(programs) = programs() else {
            skipped("the recipe `postgres`, because there is no PostgreSQL");
            return None;
        };
        // The path of a socket must be short.
        static NTH: AtomicU32 = AtomicU32::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let name = format!("rungroup-postgres-{}-{nth}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        if is_root() {
            succeeds(Command::new("chown").arg("postgres").arg(&directory));
        }
        let server = Server {
            directory,
            programs,
        };
        let data = server.data();
        let initdb = [OsStr::new("-D"), data.as_os_str(), "--no-sync".as_ref()];
        succeeds(
            server
                .command("initdb")
                .args(initdb)
                .args(["-U", "postgres", "-A", "trust"]),
        );
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// It refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    }

    fn start(&self) {
        let socket = self.directory.to_str().unwrap();
        let options = format!("-c listen_addresses= -c fsync=off -k {socket}");
        let log = self.directory.join("log");
        let mut start = self.command("pg_ctl");
        start.arg("-D").arg(self.data()).arg("-l").arg(log);
        succeeds(start.args(["-w", "-t", "100", "-o", &options, "start"]));
    }

    fn stop(&self) {
        let mut stop = self.command("pg_ctl");
        succeeds(
            stop.arg("-D")
                .arg(self.data())
                .args(["-m", "fast", "-w", "stop"]),
        );
    }

    fn url(&self) -> String {
        let host = self.directory.to_str().unwrap();
        format!("postgres:///postgres?host={host}&user=postgres")
    }

    fn query(&self, query: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        let host = self.directory.to_str().unwrap();
        let psql = psql.args(["-h", host, "-U", "postgres", "-Atc", query]);
        let output = psql.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        let stop = stop.arg("-D").arg(self.data());
        let _ = stop.args(["-m", "immediate", "stop"]).output();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut programs = versions.map(|version| version.unwrap().path().join("bin"));
    programs.find(|it| it.join("initdb").exists())
}

fn is_root() -> bool {
    fs::metadata(Path::new("/proc/self")).is_ok_and(|it| it.uid() == 0)
}

/// Its output is not a pipe: a server that it starts would keep that open.
fn succeeds(command: &mut Command) {
    use std::process::Stdio;

    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

#[test]
fn notes_are_kept_and_the_pool_is_closed_last() {
    let Some(postgres) = Server::new() else {
        return;
    };
    // It is not there yet: the program waits for it.
    let mut server = Program::start(env!("CARGO_BIN_EXE_postgres"), &[&postgres.url()]);
    postgres.start();
    let address = server.address();
    let first = post(address, "/notes", "first");
    assert_eq!((first.status, &*first.body), (200, "1\n"));

    // A query that fails is one error.
    postgres.query("ALTER TABLE notes RENAME TO others");
    assert_eq!(post(address, "/notes", "lost").status, 503);
    postgres.query("ALTER TABLE others RENAME TO notes");

    let last = Request::begin(address, "/notes", "last");
    server.send(Signal::TERM);
    closed(address);
    let last = last.finish();
    assert_eq!((last.status, &*last.body), (200, "2\n"));
    server.succeeds();
    assert_eq!(
        postgres.query("SELECT text FROM notes ORDER BY id"),
        "first\nlast\n"
    );
    postgres.stop();
}

#[test]
fn a_stop_does_not_wait_for_a_database_that_is_not_there() {
    let url = "postgres:///postgres?host=/nowhere&user=postgres";
    let mut server = Program::start(env!("CARGO_BIN_EXE_postgres"), &[url]);
    server.complains();
    server.send(Signal::TERM);
    server.succeeds();
}

#[tokio::test]
async fn it_stops_whatever_happens() {
    let Some(postgres) = Server::new() else {
        return;
    };
    postgres.start();
    let app = async |listener| recipe::app(listener, &postgres.url()).unwrap();
    let is_kept = |answer: &str| answer.contains(" 200 ");
    stops_during(&post_request("/notes"), is_kept, 40, app).await;
    postgres.stop();
}
