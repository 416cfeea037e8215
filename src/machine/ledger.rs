//! Which actors a group has, which may start, and which keep it alive.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::held::Held;
use crate::actor::Actor;
use crate::settings::StopOrder;
use crate::shared::group_state::GroupState;
use crate::shared::mailbox::Key;
use crate::shared::member::Member;
use crate::shared::members::MemberTable;
use crate::shared::short_queue::ShortQueue;
use crate::shared::stage::Stage;

/// The group's books. The members themselves are in the [`MemberTable`], which is shared with readers
/// of the status.
///
/// Its memory grows with the number of live actors.
#[derive(Default)]
pub(crate) struct Ledger {
    stages: BTreeMap<StopOrder, Entry>,
    added: u64,
    /// The actors that were added and not yet looked at, in the order of adding.
    fresh: ShortQueue<Run>,
    /// The actors that readiness holds back, or held back.
    held: Held,
    /// How many actors of each stage have yet to announce that they are ready.
    awaited: BTreeMap<u32, usize>,
    /// The limits of the actors that have their own.
    limits: BTreeMap<Key, Duration>,
    /// How many actors keep the group alive.
    foreground: usize,
}

struct Entry {
    stage: Arc<Stage>,
    /// The members that started and whose exit the group has not taken.
    live: usize,
}

/// Actors of one stage that were added one after the other.
struct Run {
    stage: Arc<Stage>,
    nths: Range<u64>,
}

/// A stage whose turn begins.
pub(super) struct ClosedStage {
    pub(super) stage: Arc<Stage>,
    pub(super) live: usize,
    /// The limits of its actors that have their own, the shortest last.
    pub(super) limits: Vec<ActorLimit>,
}

/// When an actor with its own limit is forced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ActorLimit {
    /// Counted from the interrupt of its stage.
    pub(super) after: Duration,
    pub(super) nth: u64,
}

impl Ledger {
    /// Makes an actor a member of the group. It starts when it is due.
    pub(crate) fn admit(
        &mut self,
        actor: Actor,
        group: &Arc<GroupState>,
        members: &mut MemberTable,
    ) {
        let Actor {
            name,
            settings,
            grace,
            mut parts,
        } = actor;
        // An actor that was dismantled has no parts. Nobody can add one.
        let Some((execute, interrupt)) = parts.take() else {
            return;
        };
        // The place never repeats, so a key names one actor for the life of the group.
        let order = settings.order();
        let nth = self.added;
        self.added += 1;
        // It keeps the group alive from here on, started or not, until it exits or is given up (law
        // 14).
        self.foreground += usize::from(!settings.is_background());
        if settings.announces() {
            // Awaited before anything starts: an actor of a higher stage that is added in the same
            // batch is held back (law 26).
            *self.awaited.entry(settings.stage).or_default() += 1;
        }
        if let Some(grace) = grace {
            self.limits.insert(Key { order, nth }, grace);
        }
        let member = Member::new(execute, interrupt, name, settings);
        members.insert(self.add_fresh(order, nth, group), nth, member);
    }

    /// Notes that an actor has yet to start, and returns its stage. Most are of the stage of the one
    /// before, and are noted together.
    fn add_fresh(&mut self, order: StopOrder, nth: u64, group: &Arc<GroupState>) -> &Arc<Stage> {
        // A run is a range without gaps: all actors come through here, so the newest ends at this one.
        let is_of_the_stage = |run: &&mut Run| run.stage.order == order;
        if let Some(run) = self.fresh.newest_mut().filter(is_of_the_stage) {
            debug_assert_eq!(run.nths.end, nth);
            run.nths.end = nth + 1;
        } else {
            let stage = self.stage(order, group);
            let nths = nth..nth + 1;
            self.fresh.push(Run { stage, nths });
        }
        let run = self.fresh.newest().expect("the one that has it");
        &run.stage
    }

    fn stage(&mut self, order: StopOrder, group: &Arc<GroupState>) -> Arc<Stage> {
        // A stage that was closed is never asked for again, because the intake is closed for it
        // (invariant 4).
        let entry = self.stages.entry(order).or_insert_with(|| Entry {
            stage: Arc::new(Stage::new(order, Arc::clone(group))),
            live: 0,
        });
        Arc::clone(&entry.stage)
    }

    /// How many actors the group has accepted: the place of the next one.
    pub(super) fn added(&self) -> u64 {
        self.added
    }

    /// Takes the next actors of one stage that were added one after the other, at most `most`.
    pub(super) fn next_fresh(&mut self, most: u64) -> Option<(StopOrder, Range<u64>)> {
        let run = self.fresh.oldest_mut()?;
        let order = run.stage.order;
        let first = run.nths.start;
        // Never beyond the run, and not an overflow when the caller wants all.
        run.nths.start = run.nths.end.min(first.saturating_add(most));
        let taken = first..run.nths.start;
        if run.nths.is_empty() {
            self.fresh.pop();
        }
        Some((order, taken))
    }

    /// Whether readiness has a say in what starts: an actor has yet to announce, or others are held
    /// back because one had.
    pub(super) fn is_gated(&self) -> bool {
        // Both, because actors that were released wait until they are started, and fresh ones start
        // after them (law 4).
        !self.awaited.is_empty() || !self.held.is_empty()
    }

    /// Holds an actor back if a stage below its own is awaited, or if others before it wait for their
    /// turn to start (law 4).
    pub(super) fn hold(&mut self, key: Key, stage: u32) {
        self.held.insert(stage, key);
    }

    /// Takes the next actor whose stage need not wait any longer, in the order of adding.
    pub(super) fn next_released(&mut self) -> Option<Key> {
        self.release();
        self.held.next_released()
    }

    /// Releases the actors whose stage need not wait any longer: no actor above a stage that is
    /// awaited may start (law 26). This is decided when somebody asks what may start, and not when an
    /// actor announces: until the start, an actor that is added below holds them back again.
    fn release(&mut self) {
        // The lowest stage that is awaited starts, and all below it.
        let gate = self.awaited.keys().next().copied().unwrap_or(u32::MAX);
        self.held.release(gate);
    }

    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Whether an actor may start and has not.
    pub(super) fn has_to_start(&self) -> bool {
        self.has_fresh() || self.held.first_released().is_some()
    }

    /// Whether an actor that was added before the `nth` may start and has not.
    pub(super) fn has_to_start_before(&mut self, nth: u64) -> bool {
        self.release();
        let fresh = self.fresh.oldest().map(|run| run.nths.start);
        // Both are sorted, so their first ones tell.
        let next = fresh.into_iter().chain(self.held.first_released()).min();
        next.is_some_and(|next| next < nth)
    }

    /// Counts actors that start.
    pub(super) fn started(&mut self, order: StopOrder, actors: usize) {
        // The count that a turn begins with. It must not miss an actor whose task runs (invariant
        // 3): the stage would be empty too early, and the next one interrupted (invariant 5).
        if let Some(entry) = self.stages.get_mut(&order) {
            entry.live += actors;
        }
    }

    /// Counts out an actor that exited before its turn, and keeps its place for the turn.
    pub(super) fn exited(&mut self, order: StopOrder) {
        if let Some(entry) = self.stages.get_mut(&order) {
            // The turn of its stage has not begun, and will begin with a count without it (law 7).
            entry.live -= 1;
        }
        self.no_longer_keeps_alive(order);
    }

    /// Counts an actor out of those that keep the group alive.
    pub(super) fn no_longer_keeps_alive(&mut self, order: StopOrder) {
        self.foreground -= usize::from(order != StopOrder::Background);
    }

    /// Forgets an actor that left or never started, and that `members` no longer has.
    pub(super) fn remove(&mut self, key: Key, members: &mut MemberTable) {
        // As in `take_limits`, most groups do not pay for the search.
        if !self.limits.is_empty() {
            self.limits.remove(&key);
        }
        // Actors that come and go may each bring a stage of their own. A sweep visits at most about
        // twice as many stages as it removes, so the amortized cost for each is constant. A few are
        // kept, because most stages that become empty are soon used again.
        if self.stages.len() > 2 * members.chunks() + 16 {
            self.stages.retain(|&order, _| members.has(order));
        }
    }

    /// Notes that readiness waits for one actor fewer of this stage.
    pub(super) fn announced(&mut self, stage: u32) {
        if let Some(count) = self.awaited.get_mut(&stage) {
            *count -= 1;
            if *count == 0 {
                // `release` takes a stage that is in the map for one that is awaited.
                self.awaited.remove(&stage);
            }
        }
    }

    /// Takes the actors that are held back and stop in `order` or before, in the order of adding.
    /// Without an order, takes all.
    pub(super) fn take_held(&mut self, order: Option<StopOrder>) -> Vec<Key> {
        self.release();
        self.held.take(order)
    }

    /// Whether no actor is left that keeps the group alive.
    pub(super) fn is_idle(&self) -> bool {
        self.foreground == 0
    }

    /// Whether all actors have started, and all that announce have announced.
    pub(super) fn is_ready(&self) -> bool {
        // All three: an actor that was admitted and not looked at may yet announce, or be held
        // back.
        self.awaited.is_empty() && self.held.is_empty() && self.fresh.is_empty()
    }

    /// Removes a stage whose turn begins. From then on, the stage itself counts its actors.
    pub(super) fn close(&mut self, order: StopOrder) -> Option<ClosedStage> {
        let entry = self.stages.remove(&order)?;
        Some(ClosedStage {
            stage: entry.stage,
            live: entry.live,
            limits: self.take_limits(order),
        })
    }

    fn take_limits(&mut self, order: StopOrder) -> Vec<ActorLimit> {
        // Few groups have limits, and the others do not pay for the search.
        if self.limits.is_empty() {
            return Vec::new();
        }
        // They are of this stage alone, because the higher ones were closed before.
        let taken = self.limits.split_off(&Key { order, nth: 0 }).into_iter();
        let mut limits: Vec<_> = taken
            .map(|(Key { nth, .. }, after)| ActorLimit { after, nth })
            .collect();
        // The shortest last, so that `Turn::take_due` takes from the end.
        limits.sort_unstable_by(|one, other| other.cmp(one));
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::intake::Intake;

    #[test]
    fn a_few_of_the_stages_whose_actors_have_left_are_kept() {
        let intake = Intake::new();
        let mut ledger = Ledger::default();
        let mut members = MemberTable::default();
        let mut kept = Vec::new();
        for stage in 0..1_000 {
            let actor = Actor::new(async { Ok(()) }, |_| {}).stage(stage);
            ledger.admit(actor, intake.state(), &mut members);
            let (order, nths) = ledger.next_fresh(1).unwrap();
            let nth = nths.start;
            let key = Key { order, nth };
            drop(members.remove(key));
            ledger.remove(key, &mut members);
            kept.push(ledger.stages.len());
        }
        assert!(kept[..10].iter().copied().eq(1..=10), "{kept:?}");
        assert!(kept.iter().all(|&stages| stages <= 20), "{kept:?}");
    }
}
