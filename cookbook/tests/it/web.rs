//! The HTTP servers answer what has begun.

use rustix::process::Signal;

use crate::http::{Idle, Request, closed};
use crate::program::Program;

/// Stops a server in the middle of a request.
fn answers_what_has_begun(mut server: Program, path: &str) {
    let address = server.address();
    let request = Request::begin(address, path, "in flight");
    server.send(Signal::TERM);
    closed(address);
    let answer = request.finish();
    assert_eq!((answer.status, &*answer.body), (200, "in flight"));
    server.succeeds();
}

/// Stops a server while a client keeps its connection open.
fn closes_idle_connections(mut server: Program) {
    let idle = Idle::after_a_request(server.address());
    server.send(Signal::TERM);
    idle.sees_the_end();
    server.succeeds();
}

#[test]
fn axum_answers_what_has_begun() {
    answers_what_has_begun(Program::start(AXUM, &[]), "/echo");
}

#[test]
fn axum_closes_idle_connections() {
    closes_idle_connections(Program::start(AXUM, &[]));
}

#[test]
fn production_http_answers_what_has_begun() {
    answers_what_has_begun(Program::start(PRODUCTION_HTTP, &[]), "/echo");
}

#[test]
fn production_http_closes_idle_connections() {
    closes_idle_connections(Program::start(PRODUCTION_HTTP, &[]));
}

#[test]
fn hyper_answers_what_has_begun() {
    answers_what_has_begun(Program::start(HYPER, &[]), "/");
}

#[test]
fn hyper_closes_idle_connections() {
    closes_idle_connections(Program::start(HYPER, &[]));
}

#[test]
fn actix_web_answers_what_has_begun() {
    answers_what_has_begun(Program::start(ACTIX_WEB, &[]), "/echo");
}

#[test]
fn actix_web_closes_idle_connections() {
    closes_idle_connections(Program::start(ACTIX_WEB, &[]));
}

const ACTIX_WEB: &str = env!("CARGO_BIN_EXE_actix_web");
const AXUM: &str = env!("CARGO_BIN_EXE_axum");
const HYPER: &str = env!("CARGO_BIN_EXE_hyper");
const PRODUCTION_HTTP: &str = env!("CARGO_BIN_EXE_production_http");
