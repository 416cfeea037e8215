//! Stops with each kind of client.

use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;

use crate::case::{Case, Counted};
use crate::client::{HALF_A_BODY, HALF_A_HEAD, begin, get, more_than_is_read};
use crate::crowd::{Client, Crowd};
use crate::service::Service;

const ENOUGH: usize = 200;

pub fn closing() -> Case {
    stop(&[Client::Closing], |_| Vec::new())
}

pub fn pooling() -> Case {
    stop(&[Client::Pooling], |_| Vec::new())
}

pub fn half_a_head() -> Case {
    stop(&[Client::Closing], |address| slow(address, HALF_A_HEAD))
}

pub fn half_a_body() -> Case {
    stop(&[Client::Closing], |address| slow(address, HALF_A_BODY))
}

pub fn unread() -> Case {
    stop(&[Client::Closing], |address| {
        slow(address, &more_than_is_read())
    })
}

pub fn idle() -> Case {
    stop(&[Client::Closing], |address| slow(address, ""))
}

pub fn all() -> Case {
    stop(&[Client::Closing, Client::Pooling], |address| {
        let requests = [HALF_A_HEAD, HALF_A_BODY, &more_than_is_read(), ""];
        requests
            .map(|it| slow(address, it))
            .into_iter()
            .flatten()
            .collect()
    })
}

/// The crowd is answered, whatever the slow ones do.
fn stop(kinds: &[Client], slow: impl FnOnce(SocketAddr) -> Vec<TcpStream>) -> Case {
    // Idle connections have time enough for what their clients send in the last moment.
    let mut service = Service::new()
        .set("SERVICE_HTTP_GRACE_MS", "3000")
        .set("SERVICE_IDLE_MS", "2000")
        .start();
    let address = service.ready();
    let _slow = slow(address);
    // The slow ones are accepted once this is.
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    let crowd = Crowd::of(kinds, address);
    crowd.keeps(ENOUGH);
    Counted::stopped(service, Signal::TERM, crowd).goes_well()
}

fn slow(address: SocketAddr, request: &str) -> Vec<TcpStream> {
    (0..4).map(|_| begin(address, request)).collect()
}
