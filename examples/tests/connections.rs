//! A real load on a server that is stopped in the middle.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use crate::example::{ANY_PORT, Example, hold};

/// What clients saw.
#[derive(Default)]
struct Seen {
    connected: AtomicU64,
    answered: AtomicU64,
}

/// Connects again and again, until nobody listens any longer.
fn ask_on(address: SocketAddr, times: usize, seen: &Seen, answered: &Sender<()>) {
    for _ in 0..times {
        let Ok(client) = TcpStream::connect(address) else {
            return;
        };
        seen.connected.fetch_add(1, Ordering::Relaxed);
        if ask(client) {
            seen.answered.fetch_add(1, Ordering::Relaxed);
            let _ = answered.send(());
        }
    }
}

/// Whether a client was answered, and not just closed.
fn ask(mut client: TcpStream) -> bool {
    let question = b"what is it good for?\n";
    let mut answer = Vec::new();
    let asked = client
        .write_all(question)
        .and_then(|()| client.read_to_end(&mut answer));
    assert!(answer.is_empty() || answer == question);
    asked.is_ok() && !answer.is_empty()
}

/// The numbers of a line, in order.
fn numbers<const N: usize>(line: &str) -> [u64; N] {
    let numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    numbers.try_into().expect(line)
}

#[test]
fn connections_are_answered_or_closed_when_stopped_in_the_middle() {
    // As many as fit into the 1024 file descriptors that most systems grant.
    const IDLE: usize = 100;
    const CLIENTS: usize = 200;
    const EACH: usize = 30;
    const STOP_AFTER: usize = 2000;
    hold(|| {
        let mut server = Example::start("connections", ANY_PORT);
        let address = server.address();

        // Accepted before the clients that come after them, and waiting when the stop comes.
        let idle = [(); IDLE].map(|()| TcpStream::connect(address).unwrap());
        let seen = Arc::new(Seen::default());
        let (answered, answers) = mpsc::channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (seen, answered) = (Arc::clone(&seen), answered.clone());
                thread::spawn(move || ask_on(address, EACH, &seen, &answered))
            })
            .collect();
        drop(answered);
        assert_eq!(answers.iter().take(STOP_AFTER).count(), STOP_AFTER);
        server.stop();

        for mut client in idle {
            assert!(!matches!(client.read(&mut [0]), Ok(1..)));
        }
        for client in clients {
            client.join().unwrap();
        }
        let ended = server.end();
        ended.assert_code(0);
        let [accepted, answered, closed, given_back] = numbers(&ended.lines[0]);
        let [exited, forced] = numbers(&ended.lines[1]);
        let connected = IDLE as u64 + seen.connected.load(Ordering::Relaxed);

        assert_eq!(accepted, answered + closed);
        assert_eq!(answered, seen.answered.load(Ordering::Relaxed));
        assert!(answered >= STOP_AFTER as u64 && answered < (CLIENTS * EACH) as u64);
        assert!(closed >= IDLE as u64 && accepted <= connected);
        // The report has those that the group took, and the listener.
        assert_eq!(exited, accepted - given_back + 1);
        assert_eq!(forced, 0);
    });
}

#[cfg(unix)]
#[test]
fn connections_wait_for_file_descriptors() {
    const CLIENTS: usize = 80;
    hold(|| {
        let mut server = Example::start_limited(50, "connections", ANY_PORT[0]);
        let address = server.address();
        let clients = [(); CLIENTS].map(|()| TcpStream::connect(address).unwrap());
        let complaint = server.complaint();
        assert!(
            complaint.starts_with("cannot accept for now"),
            "{complaint}"
        );

        for client in clients {
            assert!(ask(client));
        }
        server.stop();
        let ended = server.end();
        ended.assert_code(0);
        assert_eq!(numbers(&ended.lines[0]), [80, 80, 0, 0]);
        assert_eq!(numbers(&ended.lines[1]), [81, 0]);
    });
}
