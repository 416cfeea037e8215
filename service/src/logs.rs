//! The log, on stderr: text for people, JSON for machines, and text with priorities for journald.

use std::panic::{self, PanicHookInfo};
use std::time::Duration;
use std::{fmt, io, process};

use rungroup::{Report, Status};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::lines::Lines;
use crate::settings::var;

/// Starts logging, as `SERVICE_LOG` says: `text`, which is the default, `json` or `journal`. What is
/// logged is for `RUST_LOG` to say, by default the level `info` and above.
pub(crate) fn init() -> rungroup::Result<Lines> {
    let format = var("SERVICE_LOG", String::from("text"))?;
    let note = match &*format {
        "json" => note_in_json,
        "journal" => note_in_journal,
        _ => note_in_text,
    };
    let lines = Lines::to(io::stderr(), note);
    let lines = lines.map_err(|error| format!("cannot start the log: {error}"))?;
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter()?)
        .with_ansi(false)
        .with_writer(move || writer.clone());
    match &*format {
        "text" => log.init(),
        "json" => log.json().init(),
        "journal" => log.event_format(Journal::new()).init(),
        other => return Err(format!("SERVICE_LOG={other}: not text, json or journal").into()),
    }
    panic::set_hook(Box::new(panicked));
    Ok(lines)
}

fn filter() -> rungroup::Result<EnvFilter> {
    let wanted = var("RUST_LOG", String::from("info"))?;
    wanted
        .parse()
        .map_err(|error| format!("RUST_LOG={wanted}: {error}").into())
}

/// The default hook would wait for whoever reads stderr.
fn panicked(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    let message = text.unwrap_or("without a message");
    match panic.location() {
        Some(location) => tracing::error!(%location, "panicked: {message}"),
        None => tracing::error!("panicked: {message}"),
    }
}

/// Tokio panics if it can start only some of its threads, and then waits for those for ever. A panic of
/// `start` ends the process with 1, once it is logged.
pub(crate) fn exit_if_it_panics<T>(lines: &Lines, limit: Duration, start: impl FnOnce() -> T) -> T {
    let lines = lines.clone();
    panic::set_hook(Box::new(move |panic| {
        panicked(panic);
        lines.finish(limit);
        process::exit(1);
    }));
    let started = start();
    panic::set_hook(Box::new(panicked));
    started
}

/// Logs what the group is doing, and an event for each actor that it waits for.
pub(crate) fn status(status: &Status) {
    tracing::info!("{status}");
    for actor in status.waiting_for() {
        let (name, state, since) = (actor.actor(), actor.state(), actor.since());
        tracing::info!(actor = %name, stage = actor.stage(), %state, ?since, "waited for");
    }
}

/// Logs how the group has ended, an event for each actor.
pub(crate) fn report(report: &Report) {
    for exit in report.exits() {
        let (name, ran_for, stopped_in) = (exit.actor(), exit.ran_for(), exit.stopped_in());
        tracing::info!(actor = %name, ?ran_for, ?stopped_in, "exited");
    }
    if let Some(cause) = report.cause() {
        tracing::info!("stopped by: {cause}");
    }
}

/// Text as `sd-daemon(3)` wants it: each line begins with its priority, and journald adds the time.
struct Journal(Format<Full, ()>);

impl Journal {
    fn new() -> Journal {
        Journal(
            Format::default()
                .without_time()
                .with_level(false)
                .with_ansi(false),
        )
    }
}

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        write!(line, "<{priority}>")?;
        self.0.format_event(ctx, line, event)
    }
}

fn note_in_text(dropped: u64) -> String {
    format!("WARN service: {dropped} log lines dropped")
}

fn note_in_json(dropped: u64) -> String {
    format!(
        r#"{{"level":"WARN","fields":{{"message":"log lines dropped","dropped":{dropped}}},"target":"service"}}"#
    )
}

fn note_in_journal(dropped: u64) -> String {
    format!("<4>service: {dropped} log lines dropped")
}
