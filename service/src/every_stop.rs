//! Stops the service at every moment, while clients use it. Whatever happens, it stops, and what it
//! said it keeps is on the disk.

use std::cell::{Cell, RefCell};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use rungroup::testing::every_stop;
use rungroup::{Group, Handle, Tokio};
use rusqlite::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::add_actors;
use crate::listen::Listen;
use crate::settings::Settings;

/// Nothing takes as long, on the slowest machine: what does hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3600);

/// HTTP cuts off those that are slow after its grace.
#[tokio::test]
async fn it_stops_whatever_happens_with_slow_clients() {
    stops(Clients::Slow, 60).await;
}

/// HTTP has all the time it wants, and must not need it: whoever waits for an answer hears that none
/// will come.
#[tokio::test]
async fn it_stops_whatever_happens_with_clients_that_wait() {
    stops(Clients::Waiting, 120).await;
}

async fn stops(clients: Clients, trials: usize) {
    let trial = RefCell::new(None::<Rc<Trial>>);
    let end = || trial.take().iter().for_each(|it| it.end());
    every_stop(async || {
        end();
        let (begun, group) = begin(clients);
        trial.replace(Some(Rc::new(begun)));
        group
    })
    .meanwhile(async |group| {
        let trial = trial.borrow().clone();
        trial.expect("it has begun").play(group).await;
    })
    .limit(HANGS_AFTER)
    .trials(trials)
    .check(Tokio)
    .await;
    end();
    let _ = fs::remove_dir_all(home(clients));
}

/// Where all the trials have their directories.
fn home(clients: Clients) -> PathBuf {
    env::temp_dir().join(format!("service-{}-{clients:?}", process::id()))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Clients {
    Slow,
    Waiting,
}

/// Makes the service as `main` does, without the actors that watch the signals of the process.
fn begin(clients: Clients) -> (Trial, Group) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let trial = Trial::at(socket.local_addr().unwrap(), clients);
    let settings = Settings {
        listen: Listen::Socket {
            socket,
            // What queues at its end is for the process after it, or for itself.
            is_shared: clients == Clients::Waiting,
        },
        database: trial.database(),
        telemetry: trial.directory.join("telemetry.txt"),
        limits: None,
        workers: NonZeroUsize::MIN, // nobody takes over what a lost one leaves
        tick: Duration::from_millis(1),
        grace: 2 * HOUR,
        http_grace: match clients {
            Clients::Slow => Duration::from_millis(150),
            Clients::Waiting => HOUR,
        },
        head: HOUR,
        body: HOUR,
        idle: Duration::from_millis(10),
        busy: HOUR,
        drain: Duration::ZERO,
        fault: None,
        poison: None,
    };
    let mut group = Group::new();
    add_actors(&mut group, settings).unwrap();
    (trial, group)
}

/// The service, as its clients know it.
struct Trial {
    directory: PathBuf,
    address: SocketAddr,
    clients: Clients,
    /// The connections of clients that never end what they began.
    slow: RefCell<Vec<TcpStream>>,
    /// How many entries it said it keeps.
    kept: Cell<i64>,
}

impl Trial {
    fn at(address: SocketAddr, clients: Clients) -> Trial {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let directory = home(clients).join(nth.to_string());
        fs::create_dir_all(&directory).unwrap();
        Trial {
            directory,
            address,
            clients,
            slow: RefCell::default(),
            kept: Cell::new(0),
        }
    }

    fn database(&self) -> PathBuf {
        self.directory.join("entries.db")
    }

    /// Uses the service. It panics where it gets another answer, as it may once the service was
    /// disturbed.
    async fn play(&self, group: Handle) {
        if group.ready().await.is_err() {
            return;
        }
        if self.clients == Clients::Slow {
            self.begin("GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
                .await;
            self.begin("POST /entries HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf")
                .await;
        }
        let import = async { assert_eq!(self.ask("POST /imports", "one\ntwo").await, 202) };
        tokio::join!(import, self.keep(), self.keep(), self.keep());
        assert_eq!(self.ask("GET /entries", "").await, 200);
        self.keep().await;
    }

    async fn begin(&self, request: &str) {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        self.slow.borrow_mut().push(client);
    }

    async fn keep(&self) {
        assert_eq!(self.ask("POST /entries", "entry").await, 200);
        self.kept.set(self.kept.get() + 1);
    }

    /// Returns the status of the answer.
    async fn ask(&self, what: &str, body: &str) -> u16 {
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).expect("an answer");
        status.parse().unwrap()
    }

    /// Looks for what it said it keeps.
    fn end(&self) {
        if self.kept.get() == 0 {
            return; // it may not have opened its database
        }
        let database = Connection::open(self.database()).unwrap();
        database.busy_timeout(HANGS_AFTER).unwrap();
        let count = "SELECT count(*) FROM entries WHERE entry = 'entry'";
        let count: i64 = database.query_row(count, [], |row| row.get(0)).unwrap();
        assert!(count >= self.kept.get(), "{count} of {:?}", self.kept);
    }
}

/// A thread of a service that was dropped may still write here. What it leaves then goes at the end.
impl Drop for Trial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
