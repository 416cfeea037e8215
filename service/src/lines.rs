//! A writer of log lines that never waits and never fails.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How many lines wait for a slow reader, before lines are dropped.
const WAITING: usize = 1024;

/// How often a full queue is asked for room at the end.
const ASK_EVERY: Duration = Duration::from_millis(5);

enum Message {
    Line(Vec<u8>),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// Lines are written by a thread of its own. A reader that sleeps, one that is gone and a full disk
/// cost lines, not the program. Lines that are lost are counted, and the log says so once it can.
#[derive(Clone)]
pub(crate) struct Lines {
    messages: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    /// `note` is the line that tells how many were dropped.
    pub(crate) fn to(
        output: impl Write + Send + 'static,
        note: fn(u64) -> String,
    ) -> io::Result<Lines> {
        let (messages, queue) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            output,
            note,
            dropped: Arc::clone(&dropped),
        };
        thread::Builder::new()
            .name("log".into())
            .spawn(|| writer.run(queue))?;
        Ok(Lines { messages, dropped })
    }

    /// Waits until all lines are written, but no longer than the limit.
    pub(crate) fn finish(&self, limit: Duration) {
        let start = Instant::now();
        let (flushed, is_flushed) = sync_channel(1);
        let mut flush = Message::Flush(flushed);
        while let Err(TrySendError::Full(full)) = self.messages.try_send(flush) {
            if start.elapsed() >= limit {
                return;
            }
            flush = full;
            thread::sleep(ASK_EVERY);
        }
        let _ = is_flushed.recv_timeout(limit.saturating_sub(start.elapsed()));
    }
}

/// Each call writes a line.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.messages.try_send(Message::Line(line.into())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Writer<W> {
    output: W,
    note: fn(u64) -> String,
    dropped: Arc<AtomicU64>,
}

impl<W: Write> Writer<W> {
    fn run(mut self, messages: Receiver<Message>) {
        for message in messages {
            match message {
                Message::Line(line) => self.write(&line),
                Message::Flush(flushed) => {
                    self.tell_dropped();
                    let _ = flushed.try_send(());
                }
            }
        }
    }

    fn write(&mut self, line: &[u8]) {
        self.tell_dropped();
        if self.output.write_all(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 && writeln!(self.output, "{}", (self.note)(dropped)).is_err() {
            self.dropped.fetch_add(dropped, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Writes what it is let, one line each.
    struct Reader {
        lets: Receiver<()>,
        read: Sender<String>,
    }

    impl Write for Reader {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            // Without one to let it, its reader is gone.
            self.lets.recv().map_err(io::Error::other)?;
            let line_read = String::from_utf8_lossy(line).into_owned();
            self.read.send(line_read).map_err(io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn note(dropped: u64) -> String {
        format!("{dropped} dropped")
    }

    #[test]
    fn a_reader_that_sleeps_costs_lines_which_are_counted() {
        let (wakes, lets) = channel();
        let (read, reads) = channel();
        let mut lines = Lines::to(Reader { lets, read }, note).unwrap();
        for _ in 0..2 * WAITING {
            lines.write_all(b"line\n").unwrap();
        }
        lines.finish(Duration::ZERO); // asks in vain
        // More than there will be writes.
        for _ in 0..3 * WAITING {
            wakes.send(()).unwrap();
        }
        lines.finish(Duration::MAX);
        drop(lines);
        let read = String::from_iter(reads);
        let written = read.matches("line\n").count();
        let told = read.lines().filter_map(|it| it.strip_suffix(" dropped"));
        let told: usize = told.map(|it| it.parse::<usize>().unwrap()).sum();
        assert_eq!(written + told, 2 * WAITING, "{read}");
        assert!(told >= WAITING - 1, "{told}");
    }

    #[test]
    fn a_reader_that_is_gone_costs_lines() {
        let (_, lets) = channel();
        let (read, _) = channel();
        let mut lines = Lines::to(Reader { lets, read }, note).unwrap();
        lines.write_all(b"line\n").unwrap();
        lines.finish(Duration::MAX);
        assert_eq!(lines.dropped.load(Ordering::Relaxed), 1);
    }
}
