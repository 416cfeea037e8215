//! Clients are told that the server goes away, and those that do not listen do not hold it up.

use rustix::process::Signal;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket, client};

use crate::http::connect;
use crate::program::Program;

fn open(server: &mut Program) -> WebSocket<std::net::TcpStream> {
    let address = server.address();
    let url = format!("ws://{address}/echo");
    client(url, connect(address)).unwrap().0
}

#[test]
fn a_client_gets_a_close_frame() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_websockets"), &[]);
    let mut client = open(&mut server);
    client.send(Message::text("hello")).unwrap();
    assert_eq!(client.read().unwrap(), Message::text("hello"));
    server.send(Signal::TERM);
    match client.read().unwrap() {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("{other:?}"),
    }
    // tungstenite has answered; the server closes.
    while client.read().is_ok() {}
    server.succeeds();
}

#[test]
fn a_client_that_does_not_answer_is_left() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_websockets"), &[]);
    let mut client = open(&mut server);
    client.send(Message::text("hello")).unwrap();
    assert_eq!(client.read().unwrap(), Message::text("hello"));
    server.send(Signal::TERM);
    server.succeeds();
}
