//! What the kit found.

use std::fmt;
use std::time::Duration;

use super::fault::Fault;
use super::moment::{Moment, quoted};
use crate::name::Name;
use crate::report::Report;
use crate::status::Status;

/// What [`EveryStop::run`](super::EveryStop::run) found: every trial in which the program did not
/// stop well.
///
/// Its `Display` says for each finding what was done to which actor at which moment, what was wrong,
/// what the group was waiting for, and how to run that trial alone.
///
/// # Examples
///
/// ```
/// use rungroup::testing::every_stop;
/// use rungroup::{Actor, Group, Threads};
///
/// # futures_lite::future::block_on(async {
/// let findings = every_stop(async || {
///     let mut group = Group::new();
///     group.add_actor(Actor::cancellable(std::future::pending()).name("idle"));
///     group
/// })
/// .run(Threads)
/// .await;
/// assert!(findings.is_empty(), "{findings}");
/// assert!(findings.trials() > 1);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "it says whether the program stops"]
pub struct Findings {
    trials: usize,
    found: Vec<Finding>,
    end: End,
}

/// Why there are no more trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    AllDone,
    /// A trial left something behind that nothing can end.
    Stuck,
    /// Enough stops have outlasted their limit.
    Enough,
}

impl Findings {
    pub(super) fn new() -> Findings {
        Findings {
            trials: 0,
            found: Vec::new(),
            end: End::AllDone,
        }
    }

    /// Counts a trial.
    pub(super) fn add(&mut self, finding: Option<Finding>) {
        self.trials += 1;
        self.found.extend(finding);
    }

    pub(super) fn end(&mut self, end: End) {
        self.end = end;
    }

    /// How many stops took their whole limit.
    pub(super) fn outlasted(&self) -> usize {
        let is_slow = |one: &&Finding| one.problem.took_its_limit();
        self.found.iter().filter(is_slow).count()
    }

    /// Returns how many trials there were. The undisturbed one is one of them.
    pub fn trials(&self) -> usize {
        self.trials
    }

    /// Returns the findings, in the order of the trials.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter()
    }

    /// Returns whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// More of them cannot be read. The rest is counted.
const SHOWN: usize = 10;

/// For each finding, what was done, to whom, when, and what came of it.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in {}",
            Counted(self.found.len(), "finding"),
            Counted(self.trials, "trial")
        )?;
        for (nth, finding) in self.found.iter().take(SHOWN).enumerate() {
            write!(f, "\n\n{}. {finding}", nth + 1)?;
        }
        match self.found.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(f, "\n\nand {more} more")?,
        }
        f.write_str(match self.end {
            End::AllDone => "",
            End::Stuck => "\n\nThe last trial cannot be ended, so no other followed.",
            End::Enough => {
                "\n\nEnough stops have outlasted their limit, so no other trial followed."
            }
        })
    }
}

struct Counted(usize, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Counted(1, noun) => write!(f, "1 {noun}"),
            Counted(many, noun) => write!(f, "{many} {noun}s"),
        }
    }
}

/// One trial in which the program did not stop well.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::testing::{Fault, every_stop};
/// use rungroup::{Actor, Group, Threads};
///
/// # futures_lite::future::block_on(async {
/// let findings = every_stop(async || {
///     let mut group = Group::new();
///     group.add_actor(Actor::new(std::future::pending(), |_| {}).name("deaf"));
///     group
/// })
/// .limit(Duration::from_millis(50))
/// .run(Threads)
/// .await;
/// let finding = findings.iter().next().unwrap();
/// assert_eq!(finding.fault(), Fault::Stop);
/// assert_eq!(finding.actor().as_str(), Some("deaf"));
/// println!("{finding}");
/// # });
/// ```
#[derive(Debug)]
pub struct Finding {
    pub(super) moment: Option<Moment>,
    /// Whether the moment was reached, so that the fault was done.
    pub(super) is_done: bool,
    pub(super) actor: Name,
    pub(super) problem: Problem,
    pub(super) status: Option<Status>,
    pub(super) report: Report,
}

impl Finding {
    /// Returns what was done. In the undisturbed trial, that is [`Fault::Stop`].
    pub fn fault(&self) -> Fault {
        match &self.moment {
            Some(moment) => moment.injection.fault(),
            None => Fault::Stop,
        }
    }

    /// Returns the actor before whose poll it was done. In the undisturbed trial, it is the actor
    /// that the finding is about.
    pub fn actor(&self) -> &Name {
        &self.actor
    }

    /// Returns the number of the poll before which it was done. An actor's first poll is 1; the
    /// undisturbed trial has 0.
    pub fn poll(&self) -> usize {
        self.moment.as_ref().map_or(0, |moment| moment.poll)
    }

    /// Returns what the group was doing when the limit was over, before it was forced. There is none
    /// if the program stopped in time.
    pub fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// Returns the report of the run. It is empty if the run did not return: if it was dropped, or
    /// could not be forced.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// What was done, what came of it, and how to run the trial alone.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actor = self.actor.quoted();
        match &self.moment {
            None => f.write_str("undisturbed")?,
            Some(moment) if self.is_done => {
                write!(f, "{} poll {} of {actor}", moment.injection, moment.poll)?;
            }
            Some(moment) => {
                let Moment { poll, .. } = moment;
                write!(f, "undisturbed, as {actor} had no poll {poll} this time")?;
            }
        }
        write!(f, ": {}", self.problem)?;
        match &self.status {
            Some(status) => indented(&format!("{status:#}"), f)?,
            None => indented(&self.report.to_string(), f)?,
        }
        let alone = quoted(self.moment.as_ref());
        write!(f, "\n   to run this trial alone: {alone}")
    }
}

fn indented(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for line in text.lines() {
        match line {
            "" => f.write_str("\n")?,
            _ => write!(f, "\n   {line}")?,
        }
    }
    Ok(())
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Problem {
    /// The script did not return, and the group went on.
    Script(Duration),
    Outlasted(Duration),
    NotForced(Duration),
    /// The actor did not leave its poll after the run was over.
    Alive(Name, Duration),
    Straggled(Name),
    Panicked(Name),
    /// The run returned this error.
    Returned(String),
    /// The user's own judgement.
    NotAccepted,
}

impl Problem {
    /// The actor that it is about, if it is about one.
    pub(super) fn actor(&self) -> Option<&Name> {
        match self {
            Problem::Alive(actor, _) | Problem::Straggled(actor) | Problem::Panicked(actor) => {
                Some(actor)
            }
            _ => None,
        }
    }

    fn took_its_limit(&self) -> bool {
        matches!(
            self,
            Problem::Script(_) | Problem::Outlasted(_) | Problem::NotForced(_) | Problem::Alive(..)
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Script(limit) => write!(f, "the script did not return within {limit:?}"),
            Problem::Outlasted(limit) => write!(f, "the stop outlasted {limit:?}"),
            Problem::NotForced(limit) => {
                write!(f, "the stop outlasted {limit:?}, and so did a force")
            }
            Problem::Alive(actor, limit) => {
                let actor = actor.quoted();
                write!(
                    f,
                    "{actor} is inside its poll {limit:?} after the run ended"
                )
            }
            Problem::Straggled(actor) => write!(f, "{} did not stop", actor.quoted()),
            Problem::Panicked(actor) => write!(f, "{} panicked", actor.quoted()),
            Problem::Returned(error) => write!(f, "the run returned an error: {error}"),
            Problem::NotAccepted => f.write_str("the report was not accepted"),
        }
    }
}
