//! A runtime on each core, stopped by one group.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use crate::example::{ANY_PORT, Example, hold};

/// A client, and the core that serves it.
struct Client {
    stream: BufReader<TcpStream>,
    core: usize,
}

impl Client {
    fn connect(address: SocketAddr) -> Client {
        let stream = BufReader::new(TcpStream::connect(address).unwrap());
        let mut client = Client { stream, core: 0 };
        client.core = client.ask();
        client
    }

    /// Has a line echoed; returns which core did it.
    fn ask(&mut self) -> usize {
        self.stream.get_mut().write_all(b"hello\n").unwrap();
        let mut answer = String::new();
        self.stream.read_line(&mut answer).unwrap();
        let core = answer.strip_prefix("core ").expect(&answer);
        core.strip_suffix(": hello\n").unwrap().parse().unwrap()
    }

    fn sees_the_end(mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0))
    }
}

#[test]
fn each_core_serves_its_clients_until_the_group_stops() {
    hold(|| {
        let cores = thread::available_parallelism().unwrap().get();
        let mut server = Example::start("thread_per_core", ANY_PORT);
        let address = server.address();

        // Until each core has accepted one.
        let mut clients: Vec<Client> = Vec::new();
        let mut serving = HashSet::new();
        while serving.len() < cores {
            let client = Client::connect(address);
            serving.insert(client.core);
            clients.push(client);
        }
        for client in &mut clients {
            assert_eq!(client.ask(), client.core);
        }

        server.stop();
        let mut answers: Vec<String> = (0..cores)
            .map(|core| {
                let own = clients.iter().filter(|client| client.core == core);
                format!("core {core} answered {} lines", 2 * own.count())
            })
            .collect();
        assert!(clients.into_iter().all(Client::sees_the_end));
        let mut ended = server.end();
        ended.assert_code(0);
        answers.sort();
        ended.lines.sort();
        assert_eq!(ended.lines, answers);
    });
}
