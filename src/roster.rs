//! The actors of a group that are alive or have yet to start.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter::Chain;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

use crate::actor::{Actor, Settings};
use crate::cell::Cell;
use crate::link::Link;
use crate::readiness::Awaited;
use crate::stage::{Rank, Stage};

/// Holds memory for the actors it has, not for those it had: a place that became free is used
/// again.
pub(crate) struct Roster {
    link: Arc<Link>,
    cells: Vec<Option<Arc<Cell>>>,
    free: Vec<u32>,
    /// How many were added before each, by key; empty for as long as that is the key, which is until
    /// a place is used again.
    nth: Vec<u64>,
    /// The keys of those that were added since the last start, in the order of adding: all from
    /// `fresh_from` on, until a place is used again; then those in `fresh`.
    fresh_from: u32,
    fresh: Vec<u32>,
    /// The keys of those that were held back, by stage, in the order of adding.
    waiting: BTreeMap<u32, Vec<u32>>,
    awaited: Awaited,
    stages: BTreeMap<Rank, Arc<Stage>>,
    recent: Option<Arc<Stage>>,
    /// How many keep the group alive.
    foreground: usize,
    added: u64,
}

impl Roster {
    pub(crate) fn new(link: Arc<Link>) -> Roster {
        Roster {
            link,
            cells: Vec::new(),
            free: Vec::new(),
            nth: Vec::new(),
            fresh_from: 0,
            fresh: Vec::new(),
            waiting: BTreeMap::new(),
            awaited: Awaited::default(),
            stages: BTreeMap::new(),
            recent: None,
            foreground: 0,
            added: 0,
        }
    }

    pub(crate) fn insert(&mut self, mut actor: Actor) {
        let settings = actor.cell.settings;
        if settings.awaited {
            self.awaited.enter(settings.stage);
        }
        self.foreground += usize::from(!settings.background);
        let key = self.vacant();
        actor.cell_mut().settle(key, self.stage(&settings));
        if let Some(make) = actor.make {
            actor.cell.hold(make(&actor.cell));
        }
        self.cells[key as usize] = Some(actor.cell);
        self.added += 1;
        if !self.nth.is_empty() {
            self.fresh.push(key);
        }
    }

    fn vacant(&mut self) -> u32 {
        let Some(key) = self.free.pop() else {
            return self.another();
        };
        if self.nth.is_empty() {
            self.fresh = self.take_fresh().collect();
            self.nth.extend(0..self.cells.len() as u64);
        }
        self.nth[key as usize] = self.added;
        key
    }

    fn another(&mut self) -> u32 {
        let key = u32::try_from(self.cells.len());
        self.cells.push(None);
        if !self.nth.is_empty() {
            self.nth.push(self.added);
        }
        key.expect("fewer than four thousand million actors live at once")
    }

    fn nth(&self, key: u32) -> u64 {
        self.nth.get(key as usize).copied().unwrap_or(key.into())
    }

    /// Takes an actor out that left.
    pub(crate) fn remove(&mut self, key: u32) -> Option<Arc<Cell>> {
        let cell = self.cells[key as usize].take()?;
        self.free.push(key);
        self.count_out(&cell.settings);
        Some(cell)
    }

    /// Counts an actor out of those that keep the group alive.
    pub(crate) fn count_out(&mut self, settings: &Settings) {
        self.foreground -= usize::from(!settings.background);
    }

    /// Notes that readiness does not wait for `cell` any longer, if it did.
    pub(crate) fn gone(&mut self, cell: &Cell) {
        if cell.stop_awaiting() {
            self.announced(cell.settings.stage);
        }
    }

    pub(crate) fn announced(&mut self, stage: u32) {
        self.awaited.leave(stage);
    }

    /// Takes the keys of those whose stage may start, in the order of adding. From here on they are
    /// alive.
    pub(crate) fn due(&mut self) -> impl Iterator<Item = u32> + use<> {
        if self.awaited.is_empty() && self.waiting.is_empty() {
            return self.take_fresh();
        }
        self.hold_back();
        let gate = self.awaited.gate();
        let mut due = Vec::new();
        while let Some(stage) = self
            .waiting
            .first_entry()
            .filter(|stage| *stage.key() <= gate)
        {
            due.append(&mut stage.remove());
        }
        due.sort_by_key(|&key| self.nth(key));
        (0..0).chain(due)
    }

    fn take_fresh(&mut self) -> Chain<Range<u32>, vec::IntoIter<u32>> {
        let end = self.end();
        let first = if self.nth.is_empty() {
            self.fresh_from
        } else {
            end
        };
        self.fresh_from = end;
        (first..end).chain(std::mem::take(&mut self.fresh))
    }

    fn end(&self) -> u32 {
        u32::try_from(self.cells.len()).unwrap_or(u32::MAX)
    }

    /// Counts one that is due into its stage.
    pub(crate) fn start(&self, key: u32, at: Duration) -> Arc<Cell> {
        let cell = self.cell(key);
        cell.start(at);
        cell.stage().enter();
        Arc::clone(cell)
    }

    fn cell(&self, key: u32) -> &Arc<Cell> {
        let cell = self.cells[key as usize].as_ref();
        cell.expect("a key that waits is that of an actor")
    }

    fn hold_back(&mut self) {
        for key in self.take_fresh() {
            let stage = self.cell(key).settings.stage;
            self.waiting.entry(stage).or_default().push(key);
        }
    }

    /// Drops those that have yet to start, uncalled.
    pub(crate) fn drop_waiting(&mut self) {
        self.hold_back();
        for key in std::mem::take(&mut self.waiting).into_values().flatten() {
            if let Some(cell) = self.remove(key) {
                cell.discard();
            }
        }
    }

    /// Takes all out, in the order in which they are to be interrupted.
    pub(crate) fn take_in_stop_order(&mut self) -> Vec<Arc<Cell>> {
        let cells = std::mem::take(&mut self.cells);
        // In place, which `flatten` is not: a second list of a million would be the peak of memory.
        #[allow(clippy::filter_map_identity)]
        let mut cells: Vec<_> = cells.into_iter().filter_map(|cell| cell).collect();
        // A look at each actor that a group of one stage without churn need not take.
        if self.stages.len() > 1 || !self.nth.is_empty() {
            cells.sort_by_key(|cell| (Reverse(cell.stage().rank), self.nth(cell.key)));
        }
        cells
    }

    /// Whether no actor is left that keeps the group alive.
    pub(crate) fn is_idle(&self) -> bool {
        self.foreground == 0
    }

    /// Whether all have started, and have announced that they are ready where they must.
    pub(crate) fn is_ready(&self) -> bool {
        let all_started = self.waiting.is_empty() && !self.has_fresh();
        all_started && self.awaited.is_empty()
    }

    /// Whether any were added since the last start.
    fn has_fresh(&self) -> bool {
        !self.fresh.is_empty() || (self.nth.is_empty() && self.fresh_from < self.end())
    }

    fn stage(&mut self, settings: &Settings) -> Arc<Stage> {
        let rank = Rank::of(settings);
        // Most actors are of the same stage as the one before.
        if let Some(stage) = self.recent.as_ref().filter(|stage| stage.rank == rank) {
            return Arc::clone(stage);
        }
        let stage = self.stage_of(rank);
        self.recent = Some(Arc::clone(&stage));
        stage
    }

    fn stage_of(&mut self, rank: Rank) -> Arc<Stage> {
        if let Some(stage) = self.stages.get(&rank) {
            return Arc::clone(stage);
        }
        // Churning actors may each bring a stage of their own.
        if self.stages.len() > 2 * (self.cells.len() - self.free.len()) + 8 {
            self.stages.retain(|_, stage| Arc::strong_count(stage) > 1);
        }
        let stage = Arc::new(Stage::new(rank, Arc::clone(&self.link)));
        self.stages.insert(rank, Arc::clone(&stage));
        stage
    }
}

/// A group that never ran: of several destructors that panic, none must keep the others from
/// running, nor two of them abort the program.
impl Drop for Roster {
    fn drop(&mut self) {
        for cell in self.cells.iter().flatten() {
            cell.discard();
        }
    }
}
