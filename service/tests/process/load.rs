//! Clients without end.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use crate::client::{Pooled, post_on};

const CLIENTS: usize = 8;

#[derive(Clone, Copy)]
pub enum Client {
    /// Connects for each request.
    Closing,
    /// Keeps its connection for as long as the server does.
    Pooling,
}

/// Clients that post entries one after the other, until they cannot connect.
pub struct Load {
    ended: Arc<AtomicBool>,
    answers: Receiver<io::Result<u16>>,
    clients: Vec<JoinHandle<()>>,
    kept: usize,
}

impl Load {
    pub fn on(address: SocketAddr) -> Load {
        Load::of(Client::Closing, address)
    }

    pub fn of(client: Client, address: SocketAddr) -> Load {
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, answers) = mpsc::channel();
        let clients = (0..CLIENTS).map(|nth| {
            let (ended, sender) = (Arc::clone(&ended), sender.clone());
            thread::spawn(move || {
                let entry = format!("client {nth}");
                let mut pooled = Pooled::new();
                while !ended.load(Ordering::Relaxed) {
                    let answer = match client {
                        Client::Closing => closing(address, &entry),
                        Client::Pooling => pooled.post(address, &entry),
                    };
                    let Some(answer) = answer.transpose() else {
                        return; // refused
                    };
                    let is_answered = answer.is_ok();
                    if sender.send(answer).is_err() || !is_answered {
                        return;
                    }
                }
            })
        });
        let clients = clients.collect();
        Load {
            ended,
            answers,
            clients,
            kept: 0,
        }
    }

    /// Waits until this many more entries are kept; none may be lost.
    pub fn keeps(&mut self, entries: usize) {
        for answer in self.answers.iter().take(entries) {
            assert_eq!(answer.unwrap(), 200);
            self.kept += 1;
        }
    }

    /// Ends the clients, each when it has its answer. Returns how many entries were kept; none may
    /// be lost.
    pub fn end(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.all_refused()
    }

    /// Waits until no client can connect. Returns how many entries were kept; none may be lost.
    pub fn all_refused(mut self) -> usize {
        self.wait();
        while let Ok(answer) = self.answers.try_recv() {
            assert_eq!(answer.unwrap(), 200);
            self.kept += 1;
        }
        self.kept
    }

    /// Waits until each client has ended.
    pub fn wait(&mut self) {
        for client in self.clients.drain(..) {
            client.join().unwrap();
        }
    }
}

fn closing(address: SocketAddr, entry: &str) -> io::Result<Option<u16>> {
    match TcpStream::connect(address) {
        Ok(stream) => post_on(stream, entry).map(|(status, _)| Some(status)),
        Err(_) => Ok(None),
    }
}

/// A test that fails leaves nobody behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
