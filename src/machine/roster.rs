//! Which actors a group has, which may start, and which keep it alive.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::actor::Actor;
use crate::settings::Rank;
use crate::shared::link::{Key, Link};
use crate::shared::member::{Member, Place};
use crate::shared::members::Roll;
use crate::shared::stage::Stage;

/// The group's books. The members themselves are in the [`Roll`], which the group shares.
///
/// Its memory grows with the number of live actors.
pub(crate) struct Roster {
    link: Arc<Link>,
    stages: BTreeMap<Rank, Entry>,
    added: u64,
    /// The actors that were added since the last start, in the order of adding.
    fresh: Vec<Run>,
    /// The actors that are held back, by the number of their stage.
    held: BTreeMap<u32, Vec<Key>>,
    /// How many actors of each stage have yet to announce that they are ready.
    awaited: BTreeMap<u32, usize>,
    /// The limits of the actors that have their own.
    limits: BTreeMap<Key, Duration>,
    /// How many actors keep the group alive.
    foreground: usize,
}

struct Entry {
    stage: Arc<Stage>,
    /// The members that started and are not known to have exited.
    live: usize,
}

/// Actors of one stage that were added one after the other.
pub(crate) struct Run {
    stage: Arc<Stage>,
    pub(crate) nths: Range<u64>,
}

impl Run {
    pub(crate) fn rank(&self) -> Rank {
        self.stage.rank
    }
}

impl Roster {
    pub(crate) fn new(link: Arc<Link>) -> Roster {
        Roster {
            link,
            stages: BTreeMap::new(),
            added: 0,
            fresh: Vec::new(),
            held: BTreeMap::new(),
            awaited: BTreeMap::new(),
            limits: BTreeMap::new(),
            foreground: 0,
        }
    }

    /// Gives an actor its place, from which it starts when it is due.
    pub(crate) fn admit(&mut self, actor: Actor, roll: &mut Roll) {
        let Actor {
            name,
            settings,
            grace,
            mut parts,
        } = actor;
        let Some((execute, interrupt)) = parts.take() else {
            return;
        };
        let rank = settings.rank();
        let nth = self.added;
        self.added += 1;
        self.foreground += usize::from(!settings.background);
        if settings.announces {
            *self.awaited.entry(settings.stage).or_default() += 1;
        }
        if let Some(grace) = grace {
            self.limits.insert(Key { rank, nth }, grace);
        }
        let place = Place {
            name,
            stage: self.enter(rank, nth),
            nth,
            policy: settings.policy(),
        };
        roll.insert(Member::new(execute, interrupt, place));
    }

    /// Notes that an actor has yet to start. Most are of the stage of the one before, and are noted
    /// together.
    fn enter(&mut self, rank: Rank, nth: u64) -> Arc<Stage> {
        if let Some(run) = self.fresh.last_mut().filter(|run| run.rank() == rank) {
            run.nths.end = nth + 1;
            return Arc::clone(&run.stage);
        }
        let stage = self.stage(rank);
        let run = Run {
            stage: Arc::clone(&stage),
            nths: nth..nth + 1,
        };
        self.fresh.push(run);
        stage
    }

    fn stage(&mut self, rank: Rank) -> Arc<Stage> {
        let entry = self.stages.entry(rank).or_insert_with(|| Entry {
            stage: Arc::new(Stage::new(rank, Arc::clone(&self.link))),
            live: 0,
        });
        Arc::clone(&entry.stage)
    }

    /// Takes the actors whose stage may start, in the order of adding.
    pub(crate) fn due(&mut self) -> Vec<Run> {
        if self.awaited.is_empty() && self.held.is_empty() {
            return std::mem::take(&mut self.fresh);
        }
        Vec::new()
    }

    /// Holds back the actors that were added since the last start, and takes those whose stage may
    /// start, in the order of adding. `roll` has their stages.
    pub(crate) fn due_by_readiness(&mut self, roll: &mut Roll) -> Vec<Key> {
        for run in std::mem::take(&mut self.fresh) {
            let rank = run.rank();
            for nth in run.nths {
                let key = Key { rank, nth };
                if let Some(member) = roll.get(key) {
                    let stage = member.policy().stage;
                    self.held.entry(stage).or_default().push(key);
                }
            }
        }
        // No actor above a stage that is awaited may start.
        let gate = self.awaited.keys().next().copied().unwrap_or(u32::MAX);
        let mut due = Vec::new();
        while let Some(stage) = self.held.first_entry().filter(|it| *it.key() <= gate) {
            due.append(&mut stage.remove());
        }
        due.sort_by_key(|key| key.nth);
        due
    }

    pub(crate) fn has_none_to_start(&self) -> bool {
        self.fresh.is_empty() && self.held.is_empty()
    }

    /// Counts actors that start.
    pub(crate) fn started(&mut self, rank: Rank, actors: usize) {
        if let Some(entry) = self.stages.get_mut(&rank) {
            entry.live += actors;
        }
    }

    /// Counts out an actor that exited before its turn, and keeps its place for the turn.
    pub(crate) fn exited(&mut self, rank: Rank) {
        if let Some(entry) = self.stages.get_mut(&rank) {
            entry.live -= 1;
        }
        self.no_longer_keeps_alive(rank);
    }

    /// Counts an actor out of those that keep the group alive.
    pub(crate) fn no_longer_keeps_alive(&mut self, rank: Rank) {
        self.foreground -= usize::from(rank != Rank::Background);
    }

    /// Forgets an actor that left or never started, and that `roll` no longer has.
    pub(crate) fn left(&mut self, key: Key, roll: &mut Roll) {
        if !self.limits.is_empty() {
            self.limits.remove(&key);
        }
        let occupied = roll.stages();
        if self.stages.len() > 2 * occupied.len() + 16 {
            // Actors that come and go may each bring a stage of their own. This looks at no more
            // than about twice as many stages as it forgets, so each of them costs the same. A few
            // are kept, because most stages that become empty are soon used again.
            self.stages.retain(|rank, _| occupied.contains_key(rank));
        }
    }

    /// Notes that readiness waits for one actor fewer of this stage.
    pub(crate) fn announced(&mut self, stage: u32) {
        if let Some(count) = self.awaited.get_mut(&stage) {
            *count -= 1;
            if *count == 0 {
                self.awaited.remove(&stage);
            }
        }
    }

    /// Takes the actors that are held back and stop in `rank` or before. Without a rank, takes all.
    pub(crate) fn take_held(&mut self, rank: Option<Rank>) -> Vec<Key> {
        let is_taken = |key: &Key| rank.is_none_or(|rank| key.rank >= rank);
        let mut taken = Vec::new();
        self.held.retain(|_, keys| {
            taken.extend(keys.iter().copied().filter(is_taken));
            keys.retain(|key| !is_taken(key));
            !keys.is_empty()
        });
        taken.sort_by_key(|key| key.nth);
        taken
    }

    /// Whether no actor is left that keeps the group alive.
    pub(crate) fn is_idle(&self) -> bool {
        self.foreground == 0
    }

    /// Whether all actors have started, and all that announce have announced.
    pub(crate) fn is_ready(&self) -> bool {
        self.awaited.is_empty() && self.held.is_empty() && self.fresh.is_empty()
    }

    /// Closes the books of a stage whose turn has come. Returns the stage, how many of its actors
    /// are not known to have exited, and the actors' own limits, the shortest last.
    pub(crate) fn close(&mut self, rank: Rank) -> Option<(Arc<Stage>, usize, Vec<Limit>)> {
        let entry = self.stages.remove(&rank)?;
        Some((entry.stage, entry.live, self.take_limits(rank)))
    }

    fn take_limits(&mut self, rank: Rank) -> Vec<Limit> {
        // They are of this stage alone, because the higher ones were closed before.
        let taken = self.limits.split_off(&Key { rank, nth: 0 }).into_iter();
        let mut limits: Vec<_> = taken
            .map(|(Key { nth, .. }, after)| Limit { after, nth })
            .collect();
        limits.sort_unstable_by(|one, other| other.cmp(one));
        limits
    }
}

/// When an actor with its own limit is forced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Limit {
    /// Counted from the interrupt of its stage.
    pub(crate) after: Duration,
    pub(crate) nth: u64,
}
