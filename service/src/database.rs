//! The database: SQLite, which blocks, on a thread of its own.

use std::path::PathBuf;
use std::time::Duration;

use async_channel::Sender;
use futures_lite::future::block_on;
use rungroup::Actor;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::telemetry::Telemetry;

/// How long another process may take to let go of the database: our predecessor, or a backup.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where queries are sent.
#[derive(Clone)]
pub(crate) struct Ledger(Sender<Query>);

enum Query {
    Append(String, oneshot::Sender<()>),
    Count(oneshot::Sender<u64>),
}

impl Ledger {
    /// Returns once the entry is on the disk.
    pub(crate) async fn append(&self, entry: String) -> rungroup::Result {
        let (reply, appended) = oneshot::channel();
        self.0.send(Query::Append(entry, reply)).await?;
        Ok(appended.await?)
    }

    pub(crate) async fn count(&self) -> rungroup::Result<u64> {
        let (reply, counted) = oneshot::channel();
        self.0.send(Query::Count(reply)).await?;
        Ok(counted.await?)
    }
}

/// Makes the actor that holds the database. It is ready when the database is open, and is
/// interrupted when all that write are gone. A database that cannot be closed has lost something,
/// so that fails the run, even during the stop.
pub(crate) fn open(path: PathBuf, telemetry: Telemetry) -> (Actor, Ledger) {
    let (sender, queries) = async_channel::bounded(64);
    let actor = Actor::blocking_with(move |ctx| {
        let database = Database::open(path)?;
        ctx.announce_ready();
        while let Some(Ok(query)) = block_on(ctx.run_until_interrupted(queries.recv())) {
            database.answer(query)?;
        }
        while let Ok(query) = queries.try_recv() {
            database.answer(query)?;
        }
        database.close()?;
        telemetry.record("database closed");
        Ok(())
    });
    (actor.announces_ready().must_succeed(), Ledger(sender))
}

struct Database(Connection);

impl Database {
    fn open(path: PathBuf) -> rusqlite::Result<Database> {
        tracing::info!("opening {}", path.display());
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS entries (entry TEXT NOT NULL);",
        )?;
        Ok(Database(connection))
    }

    /// The caller may be gone when the answer comes.
    fn answer(&self, query: Query) -> rusqlite::Result<()> {
        match query {
            Query::Append(entry, reply) => {
                self.append(&entry)?;
                let _ = reply.send(());
            }
            Query::Count(reply) => {
                let _ = reply.send(self.count()?);
            }
        }
        Ok(())
    }

    fn append(&self, entry: &str) -> rusqlite::Result<usize> {
        let mut insert = self.0.prepare_cached("INSERT INTO entries VALUES (?)")?;
        insert.execute([entry])
    }

    fn count(&self) -> rusqlite::Result<u64> {
        let mut count = self.0.prepare_cached("SELECT count(*) FROM entries")?;
        count.query_row([], |row| row.get(0))
    }

    /// Moves what is in the log into the database itself, and syncs it.
    fn close(self) -> rusqlite::Result<()> {
        self.0.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        self.0.close().map_err(|(_, error)| error)
    }
}
