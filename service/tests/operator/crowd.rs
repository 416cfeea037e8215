//! Clients whose requests and answers are counted.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::client::{Pooled, post_on};

const CLIENTS: usize = 8;

/// How long a client waits when it was told that the service is not available.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Clone, Copy)]
pub enum Client {
    /// Connects for each request.
    Closing,
    /// Keeps its connection for as long as the service does.
    Pooling,
}

/// What the clients have seen.
#[derive(Default)]
pub struct Seen {
    /// The requests whose client could connect.
    pub asked: usize,
    /// The entries that are on the disk, by the service's word.
    pub kept: HashSet<String>,
    pub unavailable: usize,
    /// The requests that got no answer, or another one.
    pub unanswered: usize,
}

/// Clients that post entries one after the other, until they cannot connect.
pub struct Crowd {
    is_over: Arc<AtomicBool>,
    kept: Receiver<()>,
    clients: Vec<JoinHandle<Seen>>,
}

impl Crowd {
    /// Takes turns with the kinds of clients.
    pub fn of(kinds: &[Client], address: SocketAddr) -> Crowd {
        let is_over = Arc::new(AtomicBool::new(false));
        let (sender, kept) = mpsc::channel();
        let clients = (0..CLIENTS).map(|nth| {
            let (is_over, sender) = (Arc::clone(&is_over), sender.clone());
            let kind = kinds[nth % kinds.len()];
            thread::spawn(move || ask(kind, nth, address, &is_over, &sender))
        });
        let clients = clients.collect();
        Crowd {
            is_over,
            kept,
            clients,
        }
    }

    pub fn none() -> Crowd {
        Crowd {
            is_over: Arc::default(),
            kept: mpsc::channel().1,
            clients: Vec::new(),
        }
    }

    /// Waits until this many more entries are kept.
    pub fn keeps(&self, entries: usize) {
        let kept = self.kept.iter().take(entries).count();
        assert_eq!(kept, entries, "no client is left");
    }

    /// Ends the clients, each when it has its answer.
    pub fn ends(self) -> Seen {
        self.is_over.store(true, Ordering::Relaxed);
        self.until_refused()
    }

    /// Waits until no client can connect.
    pub fn until_refused(self) -> Seen {
        let mut all = Seen::default();
        for client in self.clients {
            all.add(client.join().unwrap());
        }
        all
    }
}

impl Seen {
    pub fn add(&mut self, other: Seen) {
        self.asked += other.asked;
        self.kept.extend(other.kept);
        self.unavailable += other.unavailable;
        self.unanswered += other.unanswered;
    }
}

fn ask(
    kind: Client,
    client: usize,
    address: SocketAddr,
    is_over: &AtomicBool,
    kept: &Sender<()>,
) -> Seen {
    let mut seen = Seen::default();
    let mut pooled = Pooled::new();
    while !is_over.load(Ordering::Relaxed) {
        let entry = format!("{address}, client {client}, entry {}", seen.asked);
        let answer = match kind {
            Client::Closing => match TcpStream::connect(address) {
                Ok(stream) => post_on(stream, &entry).map(|(status, _)| Some(status)),
                Err(_) => Ok(None),
            },
            Client::Pooling => pooled.post(address, &entry),
        };
        let Some(answer) = answer.transpose() else {
            break; // refused
        };
        seen.asked += 1;
        match answer {
            Ok(200) => {
                seen.kept.insert(entry);
                let _ = kept.send(());
            }
            Ok(503) => {
                seen.unavailable += 1;
                thread::sleep(PAUSE);
            }
            _ => seen.unanswered += 1,
        }
    }
    seen
}
