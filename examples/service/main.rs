//! A real service: HTTP in front, a pool of workers behind it, and a file that is whole at the end.
//!
//! ```text
//! cargo run --example service --features tokio,signal,tracing
//! curl -d hello http://127.0.0.1:8080/entries
//! ```
//!
//! Ctrl-C stops it: HTTP answers what it has begun, then the workers finish, then the file is
//! closed; a second Ctrl-C forces the stop and names who did not. `settings.rs` has its settings,
//! `../deploy` a systemd unit and a Kubernetes manifest for it, `tests/process.rs` sees it through
//! all that.

mod database;
mod http;
mod settings;
mod systemd;
mod workers;

use rungroup::{Group, Tokio, signal};
use settings::Settings;

#[tokio::main]
async fn main() -> rungroup::Result {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let mut group = Group::new();

    // First of all: from here on, a signal stops the group, even before it runs.
    group.add_actor(signal::termination(group.handle())?);
    tracing::info!("watching signals");

    let settings = Settings::from_env()?;
    group.grace(settings.grace); // for the whole stop
    group.drain(settings.drain); // for load balancers to notice that we are not ready any longer

    // The lowest stage starts first and stops last.
    let (database, ledger) = database::open(settings.file);
    group.add_actor(database.name("database").stage(0));

    let (jobs, queue) = async_channel::bounded(64);
    for n in 0..settings.workers {
        let worker = workers::worker(queue.clone(), ledger.clone(), settings.poison.clone());
        group.add_actor(worker.name(format!("worker-{n}")).stage(1));
    }

    let http = http::serve(settings.listen, jobs, group.handle());
    group.add_actor(http.name("http").stage(2));

    // Above them all, to be the first that hears of the stop.
    let notifier = systemd::notifier(group.handle(), settings.grace);
    group.add_actor(notifier.name("systemd").stage(3));

    let report = group.run_report(Tokio).await;
    eprintln!("{report}");
    Ok(report.into_result()?)
}
