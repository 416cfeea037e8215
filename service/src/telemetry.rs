//! Telemetry: what happens, one line each, in a file of its own.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use async_channel::Sender;
use futures_lite::future::block_on;
use rungroup::{Actor, Ends};

/// Where events are sent.
#[derive(Clone)]
pub(crate) struct Telemetry(Sender<String>);

impl Telemetry {
    /// Never waits: an event that finds no room is dropped.
    pub(crate) fn record(&self, event: impl Into<String>) {
        let _ = self.0.try_send(event.into());
    }
}

/// Makes the actor that writes the events. As a background actor it stops after all that send them,
/// and its failure is no reason to stop the service.
pub(crate) fn export(path: PathBuf) -> (Actor, Telemetry) {
    let (sender, events) = async_channel::bounded(1024);
    let actor = Actor::blocking_with(move |ctx| {
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(|error| {
            format!(
                "cannot open {} (SERVICE_TELEMETRY): {error}",
                path.display()
            )
        })?;
        let mut file = BufWriter::new(file);
        while let Some(Ok(event)) = block_on(ctx.run_until_interrupted(events.recv())) {
            writeln!(file, "{event}")?;
        }
        while let Ok(event) = events.try_recv() {
            writeln!(file, "{event}")?;
        }
        Ok(file.flush()?)
    });
    let actor = actor.background().ends_group(Ends::Never);
    (actor, Telemetry(sender))
}
