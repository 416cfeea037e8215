//! Clients without end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use crate::client::post;

const CLIENTS: usize = 8;

/// Clients that post entries one after the other, each on a new connection.
pub struct Load {
    ended: Arc<AtomicBool>,
    answers: Receiver<std::io::Result<u16>>,
    clients: Vec<JoinHandle<()>>,
    kept: usize,
}

impl Load {
    pub fn on(address: SocketAddr) -> Load {
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, answers) = mpsc::channel();
        let clients = (0..CLIENTS).map(|nth| {
            let (ended, sender) = (Arc::clone(&ended), sender.clone());
            thread::spawn(move || {
                let entry = format!("client {nth}");
                while !ended.load(Ordering::Relaxed) {
                    let answer = post(address, &entry).map(|(status, _)| status);
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
    pub fn end(mut self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.wait();
        while let Ok(answer) = self.answers.try_recv() {
            assert_eq!(answer.unwrap(), 200);
            self.kept += 1;
        }
        self.kept
    }

    /// Waits until each client was refused.
    pub fn wait(&mut self) {
        for client in self.clients.drain(..) {
            client.join().unwrap();
        }
    }
}

/// A test that fails leaves nobody behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
