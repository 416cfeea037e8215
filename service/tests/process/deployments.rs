//! The files to deploy the service.

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

fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}
