//! The servers without HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use rustix::process::Signal;

use crate::http::{closed, connect};
use crate::program::{HANGS_AFTER, Program};

fn ask(stream: &mut BufReader<TcpStream>, question: &str) -> String {
    stream.get_mut().write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_line(&mut answer).unwrap();
    answer
}

fn sees_the_end(mut stream: impl Read) {
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn std_tcp_closes_connections_that_wait() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_std_tcp"), &[]);
    let address = server.address();
    let mut clients = [(); 3].map(|()| BufReader::new(connect(address)));
    for client in &mut clients {
        assert_eq!(ask(client, "hello\n"), "HELLO\n");
    }
    server.send(Signal::TERM);
    clients.into_iter().for_each(sees_the_end);
    server.succeeds();
}

#[test]
fn compio_closes_connections_that_wait() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_compio"), &[]);
    let address = server.address();
    let mut clients = [(); 3].map(|()| BufReader::new(connect(address)));
    for client in &mut clients {
        assert_eq!(ask(client, "hello\n"), "hello\n");
    }
    server.send(Signal::TERM);
    clients.into_iter().for_each(sees_the_end);
    server.succeeds();
}

#[test]
fn smol_closes_both_ends_of_a_tunnel() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let mut proxy = Program::start(env!("CARGO_BIN_EXE_smol"), &[&address]);
    let address = proxy.address();

    // What one side ends, the other may still answer.
    let mut client = connect(address);
    client.write_all(b"question").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let (mut server, _) = upstream.accept().unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).unwrap();
    server.write_all(b"answer").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!((&*question, &*answer), ("question", "answer"));

    let client = connect(address);
    let (server, _) = upstream.accept().unwrap();
    server.set_read_timeout(Some(2 * HANGS_AFTER)).unwrap();
    proxy.send(Signal::TERM);
    sees_the_end(client);
    sees_the_end(server);
    proxy.succeeds();
}

/// What is running when the proxy stops may finish.
#[test]
fn smol_lets_a_transfer_finish() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let mut proxy = Program::start(env!("CARGO_BIN_EXE_smol"), &[&address, "100000"]);
    let address = proxy.address();
    let mut client = connect(address);
    let (mut server, _) = upstream.accept().unwrap();
    server.write_all(b"a").unwrap();
    client.read_exact(&mut [0]).unwrap();
    proxy.send(Signal::TERM);
    closed(address);
    server.write_all(b"nswer").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "nswer");
    drop(client);
    proxy.succeeds();
}

#[test]
fn async_std_prints_what_it_has_counted() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_async_std"), &[]);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(HANGS_AFTER)).unwrap();
    client.connect(server.address()).unwrap();
    for (name, count) in [("visits", "1\n"), ("orders", "1\n"), ("visits", "2\n")] {
        client.send(name.as_bytes()).unwrap();
        let mut answer = [0; 16];
        let length = client.recv(&mut answer).unwrap();
        assert_eq!(std::str::from_utf8(&answer[..length]).unwrap(), count);
    }
    server.send(Signal::TERM);
    assert_eq!(server.succeeds(), "orders 1\nvisits 2\n");
}
