//! The status of a group, for a person whose program hangs.

use std::fmt;
use std::time::Duration;

use crate::cause::Cause;
use crate::name::Name;
use crate::phase::{ActorState, Phase};
use crate::report::columns::{Fitted, Short};
use crate::settings::StopOrder;
use crate::shared::group_state::GroupState;
use crate::shared::snapshot::MemberSnapshot;

/// What a group was doing when [`Handle::status`](crate::Handle::status) was called: its phase, why
/// it stops, how much time is left, and which actors it waits for.
///
/// | shown by | what it shows |
/// | --- | --- |
/// | `{}` | one line, for a log |
/// | `{:#}` | a table, for a person |
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Phase, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::with(async |ctx| {
///     ctx.interrupted().await;
///     let status = ctx.handle().status();
///     assert_eq!(status.phase(), Phase::Stopping);
///     assert_eq!(status.waiting_for()[0].actor().as_str(), Some("http"));
///     println!("{status}"); // "stopping for 12µs: stop requested; waiting for `http` (polling)"
///     Ok(())
/// }).name("http"));
/// group.handle().stop(Ok(()));
/// group.run_blocking(Threads).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Status {
    phase: Phase,
    since: Duration,
    remaining: Option<Duration>,
    cause: Option<Cause>,
    /// The age of a request that `run` has not taken yet.
    requested: Option<Duration>,
    /// The age of a force that was requested, taken or not.
    force_requested: Option<Duration>,
    /// All that have started and not exited; those that the group waits for come first.
    actors: Vec<ActorStatus>,
    /// How many of them the group waits for.
    waiting_for: usize,
}

/// An actor that a group waits for, as a [`Status`] names it.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(Actor::with(async |ctx| {
///     // Not ready yet, so the group waits for this actor.
///     let status = ctx.handle().status();
///     println!("{}: {}", status.phase(), status.waiting_for()[0]);
///     ctx.announce_ready();
///     Ok(())
/// }).name("cache").announces_ready());
/// group.run_blocking(Threads).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ActorStatus {
    actor: Name,
    stage: u32,
    order: StopOrder,
    state: ActorState,
    since: Duration,
}

impl Status {
    /// Takes the status. There is a registry until the group is gone.
    pub(crate) fn new(group: &GroupState) -> Status {
        let now = group.now();
        // Copies, so that no lock is held while foreign code runs, such as the formatter of an error.
        let members = group.registry().map(|registry| registry.snapshot());
        let progress = group.progress();
        let ended = progress.phase == Phase::Ended;
        // Decided by the phase alone, so that the answer belongs to one moment.
        let is_taken = matches!(progress.phase, Phase::Draining | Phase::Stopping) || ended;
        let requested = progress.request.filter(|_| !is_taken);
        // If a request was not taken, people want to know which actor keeps `run` from it.
        let stops = progress.phase == Phase::Stopping || (requested.is_some() && !ended);
        let is_awaited = |member: &MemberSnapshot| {
            member.is_in_a_callback
                || stops
                || match progress.phase {
                    Phase::Starting => member.has_yet_to_announce,
                    Phase::Running => member.has_revoked,
                    _ => false,
                }
        };
        let members = members.into_iter().flatten();
        let (mut actors, others): (Vec<_>, Vec<_>) = members.partition(is_awaited);
        let waiting_for = actors.len();
        actors.extend(others.into_iter().filter(|member| member.started.is_some()));
        Status {
            phase: progress.phase,
            since: now.saturating_sub(progress.since),
            remaining: progress
                .deadline
                .filter(|_| !ended)
                .map(|deadline| deadline.saturating_sub(now)),
            requested: requested
                .as_ref()
                .map(|request| now.saturating_sub(request.at)),
            cause: progress.cause.or(requested.map(|request| request.cause)),
            force_requested: progress.force.map(|at| now.saturating_sub(at)),
            actors: actors
                .into_iter()
                .map(|member| ActorStatus::new(member, stops, now))
                .collect(),
            waiting_for,
        }
    }

    /// Returns the phase that `run` has reached. A request that `run` has not taken yet is the
    /// [`cause`](Status::cause), but does not change the phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns how long the group has been in that phase, in wall time.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// Returns the time that is left until the group is forced, if the stop has begun and has a
    /// limit.
    pub fn remaining(&self) -> Option<Duration> {
        self.remaining
    }

    /// Returns why the group stops: the cause, or a request that `run` has not taken yet.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the actors that the group waits for, in the order of the stop. While the group
    /// starts, these are the actors that have yet to announce that they are ready; while it runs,
    /// those that have revoked it; while it stops, those that have not exited. In any phase, it
    /// includes an actor whose interrupt or destructor has not returned to `run`.
    pub fn waiting_for(&self) -> &[ActorStatus] {
        &self.actors[..self.waiting_for]
    }

    /// Returns the actors that the group [waits for](Status::waiting_for), then all others that have
    /// started and not exited, each part in the order of the stop. Those that it waits for may include
    /// one that has not started, such as an actor that readiness holds back and that has yet to
    /// announce, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::with(async |ctx| {
    ///     let status = ctx.handle().status();
    ///     assert_eq!(status.actors()[0].actor().as_str(), Some("job"));
    ///     Ok(())
    /// }).name("job"));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn actors(&self) -> &[ActorStatus] {
        &self.actors
    }

    /// Returns whether a [force](crate::Handle::force) was requested, whether `run` has taken it or
    /// not.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Group;
    ///
    /// let group = Group::new();
    /// let handle = group.handle();
    /// assert!(!handle.status().forcing());
    /// handle.force();
    /// assert!(handle.status().forcing());
    /// ```
    pub fn forcing(&self) -> bool {
        self.force_requested.is_some()
    }

    /// The age of a request that `run` has not taken.
    #[cfg(feature = "serde")]
    pub(crate) fn requested(&self) -> Option<Duration> {
        self.requested
    }

    /// The age of the first request to force.
    #[cfg(feature = "serde")]
    pub(crate) fn force_requested(&self) -> Option<Duration> {
        self.force_requested
    }

    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary(f)?;
        let shown = self.waiting_for().iter().take(ACTORS_IN_LINE);
        for (nth, waiting) in shown.enumerate() {
            f.write_str(if nth == 0 { "; waiting for " } else { ", " })?;
            write!(f, "{waiting}")?;
        }
        match self.waiting_for.saturating_sub(ACTORS_IN_LINE) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.phase, Short(self.since))?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some(age) = self.requested {
            write!(f, " ({} ago, not taken by `run` yet)", Short(age))?;
        }
        if let Some(age) = self.force_requested.filter(|_| self.phase != Phase::Ended) {
            write!(f, "; force requested {} ago", Short(age))?;
        }
        match self.remaining {
            Some(remaining) => write!(f, "; {} left", Short(remaining)),
            None => Ok(()),
        }
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary(f)?;
        if self.waiting_for().is_empty() {
            return Ok(());
        }
        let (actor, stage, doing) = ("waiting for", "stage", "state");
        write!(
            f,
            "\n\n  {actor:NAME$}  {stage:>10}  {doing:12}  {:>8}",
            "for"
        )?;
        for waiting in self.waiting_for().iter().take(ROWS) {
            let name = Fitted::new(&waiting.actor.short(), NAME).padded();
            let since = Short(waiting.since).to_string();
            // When it stops, which is what a person wants to know.
            let stage = match waiting.order {
                StopOrder::Stage(stage) => stage.to_string(),
                StopOrder::Background => "background".into(),
            };
            write!(
                f,
                "\n  {name}  {stage:>10}  {:12}  {since:>8}",
                waiting.state
            )?;
        }
        match self.waiting_for.saturating_sub(ROWS) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// More actors than that cannot be read at a glance.
const ACTORS_IN_LINE: usize = 10;
const ROWS: usize = 20;
const NAME: usize = 30;

/// One line, such as "stopping for 3.20s: stop requested: SIGTERM; 26.80s left; waiting for `http`
/// (parked)". The alternate form, `{:#}`, is a table:
///
/// ```text
/// stopping for 3.20s: stop requested: SIGTERM; 26.80s left
///
///   waiting for                          stage  state              for
///   http                                     2  parked           3.20s
///   database                                 0  parked             0ns
/// ```
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.table(f)
        } else {
            self.line(f)
        }
    }
}

impl ActorStatus {
    fn new(member: MemberSnapshot, stops: bool, now: Duration) -> ActorStatus {
        let from = if stops {
            member.interrupted
        } else {
            member.started
        };
        ActorStatus {
            actor: member.name,
            stage: member.stage,
            order: member.order,
            state: member.state,
            since: from.map_or(Duration::ZERO, |from| now.saturating_sub(from)),
        }
    }

    /// Returns the name of the actor.
    pub fn actor(&self) -> &Name {
        &self.actor
    }

    /// Returns its stage. One in the [background](crate::Actor::background) has a stage too, by which
    /// it started; the table says "background", because it stops after all stages.
    pub fn stage(&self) -> u32 {
        self.stage
    }

    /// Whether it is in the background.
    #[cfg(feature = "serde")]
    pub(crate) fn is_background(&self) -> bool {
        self.order == StopOrder::Background
    }

    /// Returns what it was doing.
    pub fn state(&self) -> ActorState {
        self.state
    }

    /// Returns how long the group has waited for it, in wall time. While the group stops, that is
    /// since the interrupt of its stage, and zero before; until then, since the actor's start.
    pub fn since(&self) -> Duration {
        self.since
    }
}

/// "`http` (parked)"
impl fmt::Display for ActorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.actor.quoted(), self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Trigger;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn status(actors: Vec<ActorStatus>) -> Status {
        Status {
            phase: Phase::Stopping,
            since: secs(3),
            remaining: Some(secs(7)),
            cause: Some(Cause::new(Trigger::NoActorLeft)),
            requested: None,
            force_requested: None,
            waiting_for: actors.len(),
            actors,
        }
    }

    fn waiting(actor: impl Into<String>, order: StopOrder) -> ActorStatus {
        let mut name = Name::of_caller();
        name.set(actor.into().into());
        ActorStatus {
            actor: name,
            stage: 2,
            order,
            state: ActorState::Polling,
            since: secs(1),
        }
    }

    fn many(actors: usize) -> Status {
        let actors = (0..actors).map(|nth| waiting(nth.to_string(), StopOrder::Stage(0)));
        status(actors.collect())
    }

    #[test]
    fn a_line_tells_all_that_is_known() {
        let mut status = status(Vec::new());
        assert_eq!(
            status.to_string(),
            "stopping for 3.00s: no actor left; 7.00s left"
        );
        status.requested = Some(secs(1));
        let line =
            "stopping for 3.00s: no actor left (1.00s ago, not taken by `run` yet); 7.00s left";
        assert_eq!(status.to_string(), line);
        assert_eq!(format!("{status:#}"), line);
        status.requested = None;
        status.force_requested = Some(secs(2));
        let line = "stopping for 3.00s: no actor left; force requested 2.00s ago; 7.00s left";
        assert_eq!(status.to_string(), line);
        status.phase = Phase::Ended;
        let line = "ended for 3.00s: no actor left; 7.00s left";
        assert_eq!(status.to_string(), line);
    }

    #[test]
    fn only_those_that_are_waited_for_are_shown() {
        let mut status = status(vec![
            waiting("http", StopOrder::Stage(2)),
            waiting("db", StopOrder::Stage(0)),
        ]);
        status.waiting_for = 1;
        assert!(status.to_string().ends_with("waiting for `http` (polling)"));
        assert!(!format!("{status:#}").contains("db"));
        assert_eq!((status.waiting_for().len(), status.actors().len()), (1, 2));
    }

    #[test]
    fn a_table_tells_of_each_actor() {
        let status = status(vec![
            waiting("http", StopOrder::Stage(2)),
            waiting("logs", StopOrder::Background),
        ]);
        let line = "stopping for 3.00s: no actor left; 7.00s left";
        let table = [
            line,
            "",
            "  waiting for                          stage  state              for",
            "  http                                     2  polling          1.00s",
            "  logs                            background  polling          1.00s",
        ];
        assert_eq!(format!("{status:#}"), table.join("\n"));
        let actors = "; waiting for `http` (polling), `logs` (polling)";
        assert_eq!(status.to_string(), format!("{line}{actors}"));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let last = |status: &Status| {
            let line = status.to_string();
            let table = format!("{status:#}");
            let (_, line) = line.rsplit_once(", ").unwrap();
            (
                line.to_owned(),
                table.lines().last().unwrap().trim_end().to_owned(),
            )
        };
        let row = |nth: usize| {
            let (name, state, since) = (nth.to_string(), "polling", "1.00s");
            format!("  {name:30}  {:>10}  {state:12}  {since:>8}", 0)
        };
        assert_eq!(last(&many(10)), ("`9` (polling)".into(), row(9)));
        assert_eq!(last(&many(11)).0, "`9` (polling) and 1 more");
        assert_eq!(last(&many(20)).1, row(19));
        assert_eq!(last(&many(21)).1, "  and 1 more");
    }

    #[test]
    fn the_accessors_tell_what_is_shown() {
        let status = status(vec![waiting("http", StopOrder::Stage(2))]);
        assert_eq!(status.phase(), Phase::Stopping);
        assert_eq!(status.since(), secs(3));
        assert_eq!(status.remaining(), Some(secs(7)));
        let waiting = &status.waiting_for()[0];
        assert_eq!(waiting.actor().as_str(), Some("http"));
        assert_eq!((waiting.stage(), waiting.since()), (2, secs(1)));
    }
}
