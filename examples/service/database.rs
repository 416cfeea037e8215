//! The stand-in for a database: a file of lines.

use std::io;
use std::path::PathBuf;

use async_channel::Sender;
use rungroup::Actor;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

/// The last line of a file that was closed as it should be.
const CLOSED: &str = "# closed";

/// Where entries are sent to.
#[derive(Clone)]
pub(crate) struct Ledger(Sender<Entry>);

struct Entry {
    line: String,
    written: oneshot::Sender<()>,
}

impl Ledger {
    /// Returns once the entry is on the disk.
    pub(crate) async fn append(&self, line: String) -> rungroup::Result {
        let (written, is_written) = oneshot::channel();
        self.0.send(Entry { line, written }).await?;
        Ok(is_written.await?)
    }
}

/// Makes the actor that writes the file. It is ready when the file is open, and is interrupted when
/// all who write are gone.
pub(crate) fn open(path: PathBuf) -> (Actor, Ledger) {
    let (sender, entries) = async_channel::bounded(64);
    let actor = Actor::with(move |ctx| async move {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(path).await?;
        ctx.announce_ready();
        while let Some(Ok(entry)) = ctx.run_until_interrupted(entries.recv()).await {
            write(&mut file, entry).await?;
        }
        while let Ok(entry) = entries.try_recv() {
            write(&mut file, entry).await?;
        }
        write_line(&mut file, CLOSED).await?;
        Ok(())
    });
    (actor.announces_ready(), Ledger(sender))
}

async fn write(file: &mut File, entry: Entry) -> io::Result<()> {
    write_line(file, &entry.line).await?;
    let _ = entry.written.send(()); // who asked may be gone
    Ok(())
}

async fn write_line(file: &mut File, line: &str) -> io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes()).await?;
    file.flush().await?;
    file.sync_all().await
}
