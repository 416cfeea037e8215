//! Metrics and probes are answered until everything else has stopped.

use std::io::Write;

use rustix::process::Signal;

use crate::http::{closed, connect, get};
use crate::program::Program;

#[test]
fn the_second_port_is_the_last_to_close() {
    let args = ["127.0.0.1:0", "3600"];
    let mut server = Program::start(env!("CARGO_BIN_EXE_metrics"), &args);
    let observed = server.address_after("metrics on ");
    let address = server.address();
    while get(observed, "/readyz").status != 200 {}
    assert_eq!(get(address, "/").status, 200);
    let metrics = get(observed, "/metrics");
    assert!(metrics.body.contains("requests_total 1\n"), "{metrics:?}");

    let mut half_a_head = connect(address);
    half_a_head
        .write_all(b"GET / HTTP/1.1\r\nHost: te")
        .unwrap();
    server.send(Signal::TERM);
    while get(observed, "/readyz").status != 503 {}
    // A person does not wait for an hour.
    server.send(Signal::INT);
    closed(address);
    assert_eq!(get(observed, "/livez").status, 200);
    drop(half_a_head);
    server.succeeds();
}
