//! The last spans are exported.

use rustix::process::Signal;

use crate::http::{Request, closed};
use crate::program::Program;

#[test]
fn spans_of_the_stop_are_exported() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_opentelemetry"), &[]);
    let address = server.address();
    let request = Request::begin(address, "/", "in flight");
    server.send(Signal::TERM);
    closed(address);
    assert_eq!(request.finish().body, "IN FLIGHT");

    let exported = server.succeeds();
    // One tab: the names of scopes have two.
    let names = exported.lines().filter_map(|it| it.strip_prefix("\tName"));
    let names: Vec<_> = names.map(|it| it.trim_start_matches([' ', ':'])).collect();
    assert_eq!(names, ["answer", "save_cache"], "{exported}");
}
