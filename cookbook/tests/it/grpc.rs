//! Clients that watch the health learn of the stop, and their streams end.

use rustix::process::Signal;
use tonic::transport::Endpoint;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::program::Program;

#[test]
fn tonic_tells_that_it_stops() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_tonic"), &[]);
    let address = format!("http://{}", server.address());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::from_shared(address).unwrap().connect().await;
        let mut client = HealthClient::new(channel.unwrap());
        let request = HealthCheckRequest::default();
        let watch = client.watch(request).await.unwrap();
        let mut health = watch.into_inner();
        let serving = health.message().await.unwrap().unwrap();
        assert_eq!(serving.status, ServingStatus::Serving as i32);

        server.send(Signal::TERM);
        let not_serving = health.message().await.unwrap().unwrap();
        assert_eq!(not_serving.status, ServingStatus::NotServing as i32);
        // A person does not wait until clients have gone elsewhere.
        server.send(Signal::INT);
        assert_eq!(health.message().await.unwrap(), None);
    });
    server.succeeds();
}
