//! The actors that were forced.

use std::fmt;
use std::time::Duration;

use super::columns::Short;
use crate::name::Name;
use crate::phase::ActorState;

/// An actor that was forced: it had not exited when its group's [grace](crate::Group::grace) or
/// [its own](crate::Actor::grace) ended, or when the group was forced.
///
/// Its `Display` is the actor and its state: "`deaf` (parked)". The alternate form, `{:#}`, adds why
/// and when it was forced: "`deaf` (parked), forced by the grace after 5.00s".
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::{Actor, Group, ActorState, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
/// group.grace(Duration::from_millis(10));
/// group.handle().stop(Ok(()));
///
/// let error = group.run_blocking(Threads).unwrap_err();
/// let straggler = &error.report().stragglers()[0];
/// assert_eq!(straggler.actor().as_str(), Some("deaf"));
/// assert!(matches!(straggler.state(), ActorState::Parked | ActorState::Polling));
/// assert!(straggler.waited_for().is_some());
/// println!("{straggler:#}"); // "`deaf` (parked), forced by the grace after 10ms"
/// ```
#[derive(Clone, Debug)]
pub struct Straggler {
    pub(crate) name: Name,
    pub(crate) state: ActorState,
    pub(crate) waited_for: Option<Duration>,
    pub(crate) reason: ForcedBy,
}

impl Straggler {
    /// Returns the name of the actor.
    pub fn actor(&self) -> &Name {
        &self.name
    }

    /// Returns what it was doing when it was forced.
    pub fn state(&self) -> ActorState {
        self.state
    }

    /// Returns the time from the interrupt of its stage to the force, in wall time. It is `None` if
    /// its turn had not come, so that only the force interrupted it: it is not the actor that held
    /// the stop up.
    pub fn waited_for(&self) -> Option<Duration> {
        self.waited_for
    }

    /// Returns why it was forced.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, ForcedBy, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::new(std::future::pending(), |_| {}));
    /// group.handle().force();
    /// let error = group.run_blocking(Threads).unwrap_err();
    /// assert_eq!(error.report().stragglers()[0].reason(), ForcedBy::Request);
    /// ```
    pub fn reason(&self) -> ForcedBy {
        self.reason
    }
}

impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name.quoted(), self.state)?;
        if !f.alternate() {
            return Ok(());
        }
        write!(f, ", forced by {}", self.reason)?;
        match self.waited_for {
            Some(time) => write!(f, " after {}", Short(time)),
            None => f.write_str(" before its turn"),
        }
    }
}

/// Why an actor was forced.
///
/// # Examples
///
/// ```
/// use rungroup::ForcedBy;
///
/// assert_eq!(ForcedBy::OwnGrace.to_string(), "its own grace");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForcedBy {
    /// [`Handle::force`](crate::Handle::force) requested it.
    Request,
    /// The [grace of the group](crate::Group::grace) ended.
    Grace,
    /// The [actor's own grace](crate::Actor::grace) ended.
    OwnGrace,
    /// The `run` future was dropped.
    Drop,
}

/// "a request", "the grace", "its own grace", "the drop of the run future"
impl fmt::Display for ForcedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ForcedBy::Request => "a request",
            ForcedBy::Grace => "the grace",
            ForcedBy::OwnGrace => "its own grace",
            ForcedBy::Drop => "the drop of the run future",
        })
    }
}

/// A line with a million stragglers helps nobody. The report has all of them.
const SHOWN: usize = 10;

/// Stragglers, told so that an actor that was forced before its turn does not look like the one that
/// held the stop up: it is only counted, unless there are no others.
pub(crate) struct Stragglers<'a>(pub(crate) &'a [Straggler]);

impl<'a> Stragglers<'a> {
    /// Those that are named, and the number of the others.
    fn named(&self) -> (Vec<&'a Straggler>, usize) {
        let waited_for = self.0.iter().filter(|one| one.waited_for.is_some());
        let named: Vec<_> = waited_for.collect();
        match named.len() {
            0 => (self.0.iter().collect(), 0),
            waited_for => (named, self.0.len() - waited_for),
        }
    }

    /// One line for each that is named: why it was forced, and after how long. Equal lines are
    /// counted.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (named, counted) = self.named();
        let mut lines: Vec<(String, usize)> = Vec::new();
        let mut more = 0;
        for straggler in named {
            let line = format!("{straggler:#}");
            match lines.iter().position(|(known, _)| *known == line) {
                Some(nth) => lines[nth].1 += 1,
                None if lines.len() < SHOWN => lines.push((line, 1)),
                None => more += 1,
            }
        }
        let mut lines: Vec<String> = lines.into_iter().map(times).collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        if counted > 0 {
            lines.push(before_their_turn(counted));
        }
        lines
    }
}

fn times((line, times): (String, usize)) -> String {
    match times {
        1 => line,
        _ => format!("{line} ({times} times)"),
    }
}

fn before_their_turn(counted: usize) -> String {
    match counted {
        1 => "1 more was forced before its turn".into(),
        more => format!("{more} more were forced before their turn"),
    }
}

/// "2 actors did not stop: `deaf` (parked), `spin` (polling)"
impl fmt::Display for Stragglers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (named, counted) = self.named();
        let plural = if named.len() == 1 { "" } else { "s" };
        write!(f, "{} actor{plural} did not stop: ", named.len())?;
        for (nth, straggler) in named.iter().take(SHOWN).enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{straggler}")?;
        }
        match named.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        match counted {
            0 => Ok(()),
            _ => write!(f, "; {}", before_their_turn(counted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn straggler(text: &'static str, waited_for: Option<u64>) -> Straggler {
        let mut name = Name::of_caller();
        name.set(text.into());
        Straggler {
            name,
            state: ActorState::Parked,
            waited_for: waited_for.map(Duration::from_secs),
            reason: ForcedBy::Grace,
        }
    }

    #[test]
    fn who_was_forced_before_its_turn_is_only_counted() {
        let mut all = vec![straggler("deaf", Some(5))];
        all.extend(std::iter::repeat_n(straggler("db", None), 2));
        let told = Stragglers(&all);
        let line = "1 actor did not stop: `deaf` (parked); 2 more were forced before their turn";
        assert_eq!(told.to_string(), line);
        let lines = [
            "`deaf` (parked), forced by the grace after 5.00s",
            "2 more were forced before their turn",
        ];
        assert_eq!(told.lines(), lines);

        let told = Stragglers(&all[1..]);
        assert_eq!(
            told.to_string(),
            "2 actors did not stop: `db` (parked), `db` (parked)"
        );
        let line = "`db` (parked), forced by the grace before its turn (2 times)";
        assert_eq!(told.lines(), [line]);
    }

    #[test]
    fn more_lines_than_help_are_counted() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let all = names.map(|name| straggler(name, Some(1)));
        let lines = Stragglers(&all).lines();
        assert_eq!(lines.len(), SHOWN + 1);
        assert_eq!(lines[SHOWN], "and 2 more");
    }
}
