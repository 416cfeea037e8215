//! The limits that can change while the service runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io};

/// The limit, unless a file says otherwise.
const LONGEST_ENTRY: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Limits {
    file: Option<PathBuf>,
    longest_entry: Arc<AtomicUsize>,
}

impl Limits {
    pub(crate) fn read(file: Option<PathBuf>) -> rungroup::Result<Limits> {
        let limits = Limits {
            file,
            longest_entry: Arc::new(LONGEST_ENTRY.into()),
        };
        limits
            .reload()
            .map_err(|error| format!("SERVICE_LIMITS: {error}"))?;
        Ok(limits)
    }

    /// Reads the file again. If that fails, the limits stay as they are.
    pub(crate) fn reload(&self) -> io::Result<()> {
        if let Some(file) = &self.file {
            let longest = fs::read_to_string(file)?.trim().parse();
            let longest = longest.map_err(io::Error::other)?;
            self.longest_entry.store(longest, Ordering::Relaxed);
        }
        Ok(())
    }

    pub(crate) fn allow(&self, entry: &str) -> bool {
        entry.len() <= self.longest_entry.load(Ordering::Relaxed)
    }
}
