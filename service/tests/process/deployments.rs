//! The files to deploy the service.

use std::fs;

use crate::service::Service;
use crate::supervisor::verified;

#[test]
fn they_give_the_service_its_time() {
    let systemd = include_str!("../../deploy/service.service");
    let drain_ms = number_after(systemd, "SERVICE_DRAIN_MS=");
    let grace_ms = number_after(systemd, "SERVICE_GRACE_MS=");
    assert!(grace_ms > drain_ms);
    assert!(grace_ms > number_after(systemd, "SERVICE_HTTP_GRACE_MS=") + drain_ms);

    let kubernetes = include_str!("../../deploy/kubernetes.yaml");
    let grace_ms = number_after(kubernetes, "SERVICE_GRACE_MS, value: \"");
    let http_grace_ms = number_after(kubernetes, "SERVICE_HTTP_GRACE_MS, value: \"");
    let drain_ms = number_after(kubernetes, "SERVICE_DRAIN_MS, value: \"");
    assert!(number_after(kubernetes, "terminationGracePeriodSeconds: ") * 1000 > grace_ms);
    assert!(grace_ms > http_grace_ms + drain_ms);
}

/// systemd's own word, where it is installed.
#[test]
fn systemd_takes_the_units() {
    let service = Service::new();
    let verified = verified(&service.path(""));
    fs::remove_dir_all(service.path("")).unwrap();
    if let Some((_, said)) = verified {
        // It may complain about other units of the machine.
        assert!(!said.contains("rungroup."), "{said}");
    }
}

/// A manifest or a page that names a setting which is not there would do nothing, silently.
#[test]
fn the_settings_they_name_exist() {
    let settings = include_str!("../../src/settings.rs");
    for text in [
        include_str!("../../deploy/service.service"),
        include_str!("../../deploy/service.socket"),
        include_str!("../../deploy/kubernetes.yaml"),
        include_str!("../../deploy/Dockerfile"),
        include_str!("../../README.md"),
    ] {
        for rest in text.split("SERVICE_").skip(1) {
            let name = rest.split(|it: char| !it.is_ascii_uppercase() && it != '_');
            let name = name.into_iter().next().unwrap();
            assert!(
                name == "LOG" || settings.contains(&format!("SERVICE_{name}\"")),
                "{name}"
            );
        }
    }
}

fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}
