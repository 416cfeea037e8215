//! A real service: HTTP in front, a pool of workers behind it, and a database that is intact at the
//! end.
//!
//! ```text
//! cargo run -p rungroup-service
//! curl -d hello http://127.0.0.1:8080/entries
//! curl http://127.0.0.1:8080/statusz
//! ```
//!
//! Ctrl-C stops it: HTTP answers the requests that have begun, then the workers finish, then the
//! database is closed, and last the telemetry is flushed. A second Ctrl-C forces the stop and names
//! the actors that did not stop; a third one kills. `README.md` has its settings, `deploy` what a
//! supervisor needs, and `tests` puts the service through all that.

#[cfg(not(unix))]
compile_error!("the service is for Unix: its supervisors use signals and sockets");

mod complaints;
mod database;
#[cfg(test)]
mod every_stop;
mod faults;
mod http;
mod inbox;
mod limits;
mod lines;
mod listen;
mod logs;
mod operator;
mod server;
mod settings;
mod systemd;
mod telemetry;
mod ticker;
mod workers;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use inbox::Inbox;
use limits::Limits;
use lines::Lines;
use rungroup::{Group, Tokio, signal};
use server::Times;
use settings::Settings;
use systemd::Reloads;
use tokio::runtime::Runtime;

/// How long the end waits for whoever reads the log.
const LAST_LINES: Duration = Duration::from_millis(500);

/// The last line goes to the log as all others do: as JSON, at its level, and without waiting for a
/// reader that sleeps. That is why this is not `Tokio::main`, which has the same frame.
fn main() -> ExitCode {
    let lines = match logs::init() {
        Ok(lines) => lines,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = main_on_runtime(&lines);
    if let Err(error) = &ended {
        tracing::error!("the service failed: {error:#}");
    }
    lines.finish(LAST_LINES);
    ExitCode::from(u8::from(ended.is_err()))
}

fn main_on_runtime(lines: &Lines) -> rungroup::Result {
    if env::args().nth(1).is_some_and(|it| it == "check") {
        let done = Limits::new(Settings::from_env()?.limits).reload()?;
        tracing::info!("the settings are right: {done}");
        return Ok(());
    }
    let runtime = logs::exit_if_it_panics(lines, LAST_LINES, Runtime::new);
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    let ended = runtime.block_on(run());

    // Dropping the runtime would wait for every thread that an actor blocks. This way, the end of
    // `main` ends them.
    runtime.shutdown_background();
    ended
}

async fn run() -> rungroup::Result {
    let mut group = Group::new();

    // First of all: from here on, a signal stops the group, even before it runs.
    let unwatched = |error| format!("cannot watch signals: {error}");
    group.add_actor(signal::termination(group.handle()).map_err(unwatched)?);
    tracing::info!("watching signals");

    let (limits, reloads) = add_actors(&mut group, Settings::from_env()?)?;
    let reload = operator::reload(limits, reloads).map_err(unwatched)?;
    group.add_actor(reload.name("reload"));
    let status = operator::log_status(group.handle()).map_err(unwatched)?;
    group.add_actor(status.name("status"));

    let report = group.run_report(Tokio).await;
    logs::report(&report);
    Ok(report.into_result()?)
}

/// Adds all but those who watch signals, which belong to the process: a test adds these too.
fn add_actors(group: &mut Group, settings: Settings) -> rungroup::Result<(Limits, Reloads)> {
    group.grace(settings.grace); // for the whole stop
    group.drain(settings.drain); // for load balancers to notice that we are not ready any longer
    if settings.drain + settings.http_grace >= settings.grace {
        tracing::warn!("SERVICE_GRACE_MS leaves no time for what stops after HTTP");
    }

    // In the background: they see all others stop, and stop last.
    let (exporter, telemetry) = telemetry::export(settings.telemetry);
    group.add_actor(exporter.name("telemetry"));
    let (notifier, reloads) = systemd::notifier(group.handle(), settings.grace);
    group.add_actor(notifier.name("systemd"));
    let limits = Limits::new(settings.limits);
    if let Err(error) = limits.reload() {
        tracing::error!("{error}");
    }

    // The lowest stage starts first and stops last.
    let (database, ledger) = database::open(settings.database, settings.busy, telemetry.clone());
    group.add_actor(database.name("database").stage(0));
    if let Some(fault) = settings.fault {
        group.add_actor(faults::actor(&fault)?.name(fault).stage(0));
    }

    let (jobs, queue) = async_channel::bounded(64);
    let queue = Arc::new(Inbox::new(queue));
    for n in 0..settings.workers.get() {
        let worker = workers::worker(Arc::clone(&queue), ledger.clone(), settings.poison.clone());
        group.add_actor(worker.name(format!("worker-{n}")).stage(1));
    }
    let ticker = ticker::count(settings.tick, ledger.clone(), telemetry);
    group.add_actor(ticker.name("ticker").stage(1));
    group.add_actor(database::trial(ledger.clone()).name("trial").stage(1));

    let parts = http::Parts {
        group: group.handle(),
        jobs,
        ledger,
        limits: limits.clone(),
    };
    let times = Times {
        head: settings.head,
        body: settings.body,
        idle: settings.idle,
        grace: settings.http_grace,
    };
    let http = http::serve(settings.listen, parts, times);
    group.add_actor(http.name("http").stage(2));
    Ok((limits, reloads))
}
