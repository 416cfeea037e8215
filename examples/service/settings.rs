//! The settings, from the environment.

use std::env::{self, VarError};
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(crate) struct Settings {
    /// `SERVICE_LISTEN`; with port 0, the system chooses one, and the log tells it.
    pub(crate) listen: SocketAddr,
    /// `SERVICE_FILE`; by default, one among the system's temporary files.
    pub(crate) file: PathBuf,
    /// `SERVICE_WORKERS`
    pub(crate) workers: usize,
    /// `SERVICE_GRACE_MS`: the limit of the whole stop, in milliseconds.
    pub(crate) grace: Duration,
    /// `SERVICE_DRAIN_MS`: how long it still serves after it was asked to stop; part of the grace.
    pub(crate) drain: Duration,
    /// `SERVICE_POISON`: an entry that makes a worker panic, to see what happens then.
    pub(crate) poison: Option<String>,
}

impl Settings {
    pub(crate) fn from_env() -> rungroup::Result<Settings> {
        Ok(Settings {
            listen: var("SERVICE_LISTEN", ([127, 0, 0, 1], 8080).into())?,
            file: var("SERVICE_FILE", env::temp_dir().join("service-entries.txt"))?,
            workers: var("SERVICE_WORKERS", 2)?,
            grace: Duration::from_millis(var("SERVICE_GRACE_MS", 30_000)?),
            drain: Duration::from_millis(var("SERVICE_DRAIN_MS", 0)?),
            poison: env::var("SERVICE_POISON").ok(),
        })
    }
}

fn var<T: FromStr<Err: Display>>(name: &str, default: T) -> rungroup::Result<T> {
    match env::var(name) {
        Ok(value) => value
            .parse()
            .map_err(|error| format!("{name}: {error}").into()),
        Err(VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}
