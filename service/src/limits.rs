//! The limits that can change while the service runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The limit, unless a file says otherwise.
const LONGEST_ENTRY: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Limits {
    file: Option<PathBuf>,
    longest_entry: Arc<AtomicUsize>,
}

impl Limits {
    /// The limits of the file, which is read by [`reload`](Limits::reload).
    pub(crate) fn new(file: Option<PathBuf>) -> Limits {
        Limits {
            file,
            longest_entry: Arc::new(LONGEST_ENTRY.into()),
        }
    }

    /// Reads the file again, and says what came of it. If it cannot be read, the limits stay as they
    /// are, at the start too: a service that cannot start again after a reload that was refused is
    /// worse than one with its former limits.
    pub(crate) fn reload(&self) -> Result<&'static str, String> {
        let Some(file) = &self.file else {
            return Ok("nothing to reload: SERVICE_LIMITS is not set");
        };
        let longest = fs::read_to_string(file).map_err(|error| error.to_string());
        let longest = longest.and_then(|text| {
            let text = text.trim();
            text.parse().map_err(|error| format!("{text:?}: {error}"))
        });
        let longest = longest.map_err(|error| {
            format!(
                "the limits stay as they are: {} (SERVICE_LIMITS): {error}",
                file.display()
            )
        })?;
        self.longest_entry.store(longest, Ordering::Relaxed);
        Ok("reloaded the limits")
    }

    pub(crate) fn allow(&self, entry: &str) -> bool {
        entry.len() <= self.longest_entry.load(Ordering::Relaxed)
    }
}
