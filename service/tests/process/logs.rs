//! The log, for people and for machines.

use rustix::process::Signal;

use crate::service::Service;

fn log_of(format: &str) -> String {
    let mut service = Service::new().set("SERVICE_LOG", format).start();
    service.wait_for("group ready");
    service.send(Signal::TERM);
    service.ends().1
}

#[test]
fn text() {
    let log = log_of("text");
    assert!(log.contains(" INFO rungroup: group ready\n"), "{log}");
}

#[test]
fn json() {
    let log = log_of("json");
    let ready = r#""level":"INFO","fields":{"message":"group ready"},"target":"rungroup"}"#;
    assert!(log.contains(ready), "{log}");
    // The report too, whose table has many lines for people.
    assert!(log.contains("stopped by: stop requested: SIGTERM"), "{log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
}
