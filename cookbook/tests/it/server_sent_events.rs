//! Streams end when the drain begins; everything else is served until it is over.

use std::io::{BufRead, BufReader, Read, Write};

use rustix::process::Signal;

use crate::http::{closed, connect, get};
use crate::program::Program;

const HOUR_SECONDS: &str = "3600";

#[test]
fn streams_end_before_the_server_stops() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_server_sent_events"), &[HOUR_SECONDS]);
    let address = server.address();
    while get(address, "/readyz").status != 200 {}

    let mut events = connect(address);
    write!(
        events,
        "GET /events HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut events = BufReader::new(events);
    let mut line = String::new();
    while !line.starts_with("data: 0") {
        line.clear();
        events.read_line(&mut line).unwrap();
    }

    server.send(Signal::TERM);
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
    // The last chunk: it was ended, and not cut off.
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "{rest:?}");
    assert_eq!(get(address, "/readyz").status, 503);
    assert_eq!(get(address, "/").status, 200);

    // A person does not wait for an hour.
    server.send(Signal::INT);
    closed(address);
    server.succeeds();
}
