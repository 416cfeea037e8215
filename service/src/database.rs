//! The database: SQLite, which blocks, on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use futures_lite::future::block_on;
use rungroup::{Actor, Context};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::inbox::Inbox;
use crate::telemetry::Telemetry;

/// How often a locked database is tried again, while it opens and while it is unavailable.
const TRY_EVERY: Duration = Duration::from_millis(100);

type Answer<T> = oneshot::Sender<rusqlite::Result<T>>;

enum Query {
    Append(String, Answer<()>),
    Count(Answer<i64>),
    Try(Answer<()>),
}

/// Where queries are sent. A query that fails is an error for its sender alone.
#[derive(Clone)]
pub(crate) struct Ledger {
    queries: Sender<Query>,
    available: Arc<AtomicBool>,
}

impl Ledger {
    /// Returns once the entry is on the disk.
    pub(crate) async fn append(&self, entry: String) -> rungroup::Result {
        self.ask(|answer| Query::Append(entry, answer)).await
    }

    pub(crate) async fn count(&self) -> rungroup::Result<i64> {
        self.ask(Query::Count).await
    }

    /// Whether the database can be written to, as far as is known. While another process holds it, the
    /// service is not ready, and queries fail immediately.
    fn is_available(&self) -> bool {
        self.available.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, query: impl FnOnce(Answer<T>) -> Query) -> rungroup::Result<T> {
        let (answer, answered) = oneshot::channel();
        self.queries.send(query(answer)).await?;
        Ok(answered.await??)
    }
}

/// Makes the actor that holds the database. It is ready when the database is open, and is
/// interrupted when all that write are gone. A database that cannot be closed has lost something,
/// so that fails the run, even during the stop.
///
/// A statement waits for `patience` while another process, a backup for example, has the database
/// locked. After that, the database is unavailable until a [`trial`] finds it free.
pub(crate) fn open(path: PathBuf, patience: Duration, telemetry: Telemetry) -> (Actor, Ledger) {
    let (sender, queries) = async_channel::bounded(64);
    let queries = Inbox::new(queries);
    let available = Arc::new(AtomicBool::new(true));
    let ledger = Ledger {
        queries: sender,
        available: Arc::clone(&available),
    };
    let actor = Actor::blocking_with(move |ctx| {
        let Some(connection) = connect(&ctx, &path)? else {
            return Ok(()); // interrupted before it could be opened
        };
        connection.busy_timeout(patience)?;
        let database = Database {
            ctx: ctx.clone(),
            connection,
            patience,
            available,
        };
        ctx.announce_ready();
        while let Some(Ok(query)) = block_on(ctx.run_until_interrupted(queries.recv())) {
            database.answer(query);
        }
        block_on(ctx.interrupted()); // that nobody sends is no reason to stop
        while let Ok(query) = queries.try_recv() {
            database.answer(query);
        }
        database.close()?;
        telemetry.record("database closed");
        Ok(())
    });
    (actor.announces_ready().must_succeed(), ledger)
}

/// Makes the actor that tries a database that is unavailable.
pub(crate) fn trial(ledger: Ledger) -> Actor {
    Actor::with(move |ctx| async move {
        while ctx.run_until_interrupted(sleep(TRY_EVERY)).await.is_some() {
            if !ledger.is_available() {
                // What it finds is told to all by `is_available`.
                let _ = ledger.ask(Query::Try).await;
            }
        }
        Ok(())
    })
}

/// Opens the database, and waits for as long as another process has it locked, our predecessor for
/// example: a service that is not ready is better than one that has failed.
fn connect(ctx: &Context, path: &Path) -> rungroup::Result<Option<Connection>> {
    let failed = |error| format!("cannot open {} (SERVICE_DATABASE): {error}", path.display());
    tracing::info!("opening {}", path.display());
    let connection = Connection::open(path).map_err(failed)?;
    let mut waits = false;
    while let Err(error) = connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS entries (entry TEXT NOT NULL);",
    ) {
        if !is_locked(&error) {
            return Err(failed(error).into());
        }
        if ctx.is_interrupted() {
            return Ok(None);
        }
        if !waits {
            tracing::warn!("waiting for {}: {error}", path.display());
            waits = true;
        }
        thread::sleep(TRY_EVERY);
    }
    Ok(Some(connection))
}

struct Database {
    ctx: Context,
    connection: Connection,
    patience: Duration,
    available: Arc<AtomicBool>,
}

impl Database {
    /// The sender may be gone when the answer comes.
    fn answer(&self, query: Query) {
        match query {
            Query::Append(entry, answer) => drop(answer.send(self.attempt(|| self.append(&entry)))),
            Query::Count(answer) => drop(answer.send(self.attempt(|| self.count()))),
            Query::Try(answer) => drop(answer.send(self.try_again())),
        }
    }

    /// Those who queue behind a statement that waited in vain do not wait once more, each in turn.
    fn attempt<T>(&self, act: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        if !self.available.load(Ordering::Relaxed) {
            return Err(locked());
        }
        let result = act();
        if result.as_ref().is_err_and(is_locked) {
            self.available.store(false, Ordering::Relaxed);
            self.ctx.revoke_ready();
            tracing::warn!("the database is locked by another process: not available");
        }
        result
    }

    fn try_again(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let tried = self.connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
        self.connection.busy_timeout(self.patience)?;
        tried?;
        if !self.available.swap(true, Ordering::Relaxed) {
            self.ctx.announce_ready();
            tracing::info!("the database is available again");
        }
        Ok(())
    }

    fn append(&self, entry: &str) -> rusqlite::Result<()> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO entries VALUES (?)")?;
        insert.execute([entry])?;
        Ok(())
    }

    fn count(&self) -> rusqlite::Result<i64> {
        let mut count = self
            .connection
            .prepare_cached("SELECT count(*) FROM entries")?;
        count.query_row([], |row| row.get(0))
    }

    /// Moves what is in the log into the database itself, and syncs it.
    fn close(self) -> rusqlite::Result<()> {
        self.connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        self.connection.close().map_err(|(_, error)| error)
    }
}

fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn locked() -> rusqlite::Error {
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    rusqlite::Error::SqliteFailure(busy, None)
}
