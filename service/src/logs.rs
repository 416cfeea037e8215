//! The log, on stderr: text for people, JSON for machines.

use std::io;

use crate::settings::var;

/// Starts logging, as `SERVICE_LOG` says: `text`, which is the default, or `json`.
pub(crate) fn init() -> rungroup::Result {
    let log = tracing_subscriber::fmt().with_writer(io::stderr);
    match var("SERVICE_LOG", String::from("text"))?.as_str() {
        "text" => log.init(),
        "json" => log.json().init(),
        other => return Err(format!("SERVICE_LOG: neither text nor json: {other}").into()),
    }
    Ok(())
}
