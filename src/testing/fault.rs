//! What the kit does to a program.

use std::fmt;

/// What was done to a program at one moment of a trial.
///
/// # Examples
///
/// ```
/// use rungroup::testing::Fault;
///
/// assert_eq!(Fault::Lost.to_string(), "lost");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The stop was requested with `Ok`, by [`Handle::stop`](crate::Handle::stop).
    Stop,
    /// The runtime dropped the actor's task: the actor is [lost](crate::Outcome::Lost).
    Lost,
    /// The group was forced, by [`Handle::force`](crate::Handle::force).
    Force,
    /// The `run` future was dropped.
    Dropped,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Fault::Stop => "stop",
            Fault::Lost => "lost",
            Fault::Force => "force",
            Fault::Dropped => "dropped",
        })
    }
}

/// How a fault is done. A request comes in two ways, because programs break in both: the actor may
/// be polled before its interrupt, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Injection {
    /// The request is made, and the actor is polled immediately.
    Stop,
    /// The request is made, and the actor is polled once `run` has taken it.
    StopFirst,
    Lost,
    /// The force finds the actor parked, as does the drop.
    Force,
    Dropped,
}

impl Injection {
    pub(super) const ALL: [Injection; 5] = [
        Injection::Stop,
        Injection::StopFirst,
        Injection::Lost,
        Injection::Force,
        Injection::Dropped,
    ];

    pub(super) fn fault(self) -> Fault {
        match self {
            Injection::Stop | Injection::StopFirst => Fault::Stop,
            Injection::Lost => Fault::Lost,
            Injection::Force => Fault::Force,
            Injection::Dropped => Fault::Dropped,
        }
    }

    /// The word for it in `RUNGROUP_TRIAL`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Injection::Stop => "stop",
            Injection::StopFirst => "stop-first",
            Injection::Lost => "lost",
            Injection::Force => "force",
            Injection::Dropped => "dropped",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Injection> {
        Injection::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// What was done, as the beginning of a sentence that ends in "poll 3 of `http`".
impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Injection::Stop => "the stop was requested before",
            Injection::StopFirst => "the stop was requested, and had begun, before",
            Injection::Lost => "the task was dropped by its runtime before",
            Injection::Force => "the group was forced before",
            Injection::Dropped => "the `run` future was dropped before",
        })
    }
}
