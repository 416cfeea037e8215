//! What came of a case.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::crowd::{Crowd, Seen};
use crate::service::Running;

pub enum Case {
    Counted(Counted),
    /// The reason is on standard error.
    Skipped,
}

/// What was counted, and which promises were broken.
pub struct Counted {
    pub seen: Seen,
    /// Entries that were kept by the service's word, and are not in the database.
    pub lost: usize,
    pub status: ExitStatus,
    pub took: Duration,
    pub log: String,
    pub broken: Vec<String>,
}

impl Counted {
    /// Sends the service a signal while the crowd asks on, and looks at what is left.
    pub fn stopped(mut service: Running, signal: Signal, crowd: Crowd) -> Counted {
        let start = Instant::now();
        service.send(signal);
        Counted::ended(&mut service, start, crowd)
    }

    /// The same for a service that is the process of another.
    pub fn child_stopped(
        mut service: Running,
        child: Pid,
        signal: Signal,
        crowd: Crowd,
    ) -> Counted {
        let start = Instant::now();
        kill_process(child, signal).unwrap();
        Counted::ended(&mut service, start, crowd)
    }

    /// Waits for its end, reading its log to the end.
    pub fn ended(service: &mut Running, start: Instant, crowd: Crowd) -> Counted {
        let (status, log) = service.ends();
        let took = start.elapsed();
        Counted::of(&[service], crowd.until_refused(), status, took, log)
    }

    /// Waits for its end without reading its log.
    pub fn ended_unread(mut service: Running, signal: Signal, crowd: Crowd) -> Counted {
        let start = Instant::now();
        service.send(signal);
        let status = service.ends_unread();
        let took = start.elapsed();
        Counted::of(
            &[&service],
            crowd.until_refused(),
            status,
            took,
            String::new(),
        )
    }

    pub fn of(
        services: &[&Running],
        seen: Seen,
        status: ExitStatus,
        took: Duration,
        log: String,
    ) -> Counted {
        let mut missing = seen.kept.clone();
        if !missing.is_empty() {
            for row in services.iter().flat_map(|it| it.recovered_entries()) {
                missing.remove(&row);
            }
        }
        let lost = missing.len();
        let counted = Counted {
            seen,
            lost,
            status,
            took,
            log,
            broken: Vec::new(),
        };
        counted.promises(lost == 0, "an entry that was kept is lost")
    }

    /// What is true of every stop that goes well.
    pub fn goes_well(self) -> Case {
        let unanswered = self.seen.unanswered;
        let stragglers = self.log.contains("did not stop");
        self.promises(unanswered == 0, "every request is answered")
            .promises(!stragglers, "all actors stop")
            .exits(0)
    }

    pub fn exits(self, code: i32) -> Case {
        let is_it = self.status.code() == Some(code);
        Case::Counted(self.promises(is_it, &format!("it exits with {code}")))
    }

    pub fn says(self, words: &str) -> Counted {
        let says = self.log.contains(words);
        self.promises(says, &format!("it says {words:?}"))
    }

    pub fn promises(mut self, is_kept: bool, promise: &str) -> Counted {
        if !is_kept {
            self.broken.push(promise.into());
        }
        self
    }
}

pub const HEAD: &str = "   asked    kept     503  unanswered  lost  exit       took  ";

/// The columns of [`HEAD`].
impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => code.to_string(),
            (None, Some(signal)) => format!("by {signal}"),
            (None, None) => "?".into(),
        };
        let Seen {
            asked,
            kept,
            unavailable,
            unanswered,
        } = &self.seen;
        let (kept, lost, took) = (kept.len(), self.lost, self.took.as_millis());
        write!(
            f,
            "{asked:>8}{kept:>8}{unavailable:>8}{unanswered:>12}{lost:>6}{exit:>6}{took:>8} ms  "
        )
    }
}
