//! The settings, from the environment.

use std::env::{self, VarError};
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::listen::Listen;

pub(crate) struct Settings {
    /// `LISTEN_FDS`, or `SERVICE_LISTEN`; with port 0, the system chooses one, and the log shows it.
    pub(crate) listen: Listen,
    /// `SERVICE_DATABASE`; by default, a file among the system's temporary files.
    pub(crate) database: PathBuf,
    /// `SERVICE_TELEMETRY`: the file that telemetry is appended to; by default, none is kept.
    pub(crate) telemetry: PathBuf,
    /// `SERVICE_LIMITS`: a file with the length of the longest entry, read again on SIGHUP.
    pub(crate) limits: Option<PathBuf>,
    /// `SERVICE_WORKERS`: one or more.
    pub(crate) workers: NonZeroUsize,
    /// `SERVICE_TICK_MS`: how often the entries are counted.
    pub(crate) tick: Duration,
    /// `SERVICE_GRACE_MS`: the limit of the whole stop.
    pub(crate) grace: Duration,
    /// `SERVICE_HTTP_GRACE_MS`: the part of it that HTTP may use to answer what has begun.
    pub(crate) http_grace: Duration,
    /// `SERVICE_HEAD_MS`: how long a client may take for the head of a request.
    pub(crate) head: Duration,
    /// `SERVICE_BODY_MS`: how long it may take for the body.
    pub(crate) body: Duration,
    /// `SERVICE_IDLE_MS`: how long a connection may wait for its next request once HTTP stops.
    pub(crate) idle: Duration,
    /// `SERVICE_BUSY_MS`: how long a statement waits for a database that another process has locked.
    pub(crate) busy: Duration,
    /// `SERVICE_DRAIN_MS`: how long it still serves after it was asked to stop; part of the grace.
    pub(crate) drain: Duration,
    /// `SERVICE_FAULT`: an actor that does not stop, to see what happens then; see `faults.rs`.
    pub(crate) fault: Option<String>,
    /// `SERVICE_POISON`: an entry that makes a worker panic, to see what happens then.
    pub(crate) poison: Option<String>,
}

impl Settings {
    pub(crate) fn from_env() -> rungroup::Result<Settings> {
        Ok(Settings {
            listen: match Listen::given()? {
                Some(socket) => socket,
                None => Listen::At(var("SERVICE_LISTEN", ([127, 0, 0, 1], 8080).into())?),
            },
            database: var("SERVICE_DATABASE", env::temp_dir().join("service.db"))?,
            telemetry: var("SERVICE_TELEMETRY", "/dev/null".into())?,
            limits: env::var_os("SERVICE_LIMITS").map(PathBuf::from),
            workers: var("SERVICE_WORKERS", NonZeroUsize::MIN.saturating_add(1))?,
            tick: milliseconds("SERVICE_TICK_MS", 10_000)?,
            grace: milliseconds("SERVICE_GRACE_MS", 30_000)?,
            http_grace: milliseconds("SERVICE_HTTP_GRACE_MS", 20_000)?,
            head: milliseconds("SERVICE_HEAD_MS", 10_000)?,
            body: milliseconds("SERVICE_BODY_MS", 10_000)?,
            idle: milliseconds("SERVICE_IDLE_MS", 500)?,
            busy: milliseconds("SERVICE_BUSY_MS", 5_000)?,
            drain: milliseconds("SERVICE_DRAIN_MS", 0)?,
            fault: env::var("SERVICE_FAULT").ok(),
            poison: env::var("SERVICE_POISON").ok(),
        })
    }
}

fn milliseconds(name: &str, default: u64) -> rungroup::Result<Duration> {
    Ok(Duration::from_millis(var(name, default)?))
}

pub(crate) fn var<T: FromStr<Err: Display>>(name: &str, default: T) -> rungroup::Result<T> {
    match env::var(name) {
        Ok(value) => value
            .parse()
            .map_err(|error| format!("{name}={value}: {error}").into()),
        Err(VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}
