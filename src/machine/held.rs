//! The actors that readiness holds back (law 26).

use std::collections::{BTreeMap, BTreeSet};

use crate::settings::StopOrder;
use crate::shared::mailbox::Key;

/// They start by stage, and stop by stage or with the background. So the two kinds are kept apart,
/// and each is ordered by stage: to take those of the stages from one on is a split, whose cost does
/// not depend on the stages below.
#[derive(Default)]
pub(super) struct Held {
    foreground: BTreeMap<u32, Vec<Key>>,
    background: BTreeMap<u32, Vec<Key>>,
    /// Those whose stage need not wait any longer, by the order of adding.
    released: BTreeSet<(u64, StopOrder)>,
}

impl Held {
    pub(super) fn insert(&mut self, stage: u32, key: Key) {
        let held = match key.order {
            StopOrder::Stage(_) => &mut self.foreground,
            StopOrder::Background => &mut self.background,
        };
        held.entry(stage).or_default().push(key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.foreground.is_empty() && self.background.is_empty() && self.released.is_empty()
    }

    /// Releases the actors of the stages up to `gate`.
    pub(super) fn release(&mut self, gate: u32) {
        for held in [&mut self.foreground, &mut self.background] {
            while let Some(entry) = held.first_entry().filter(|entry| *entry.key() <= gate) {
                let keys = entry.remove();
                let keys = keys.into_iter().map(|Key { order, nth }| (nth, order));
                self.released.extend(keys);
            }
        }
    }

    pub(super) fn next_released(&mut self) -> Option<Key> {
        let (nth, order) = self.released.pop_first()?;
        Some(Key { order, nth })
    }

    pub(super) fn first_released(&self) -> Option<u64> {
        self.released.first().map(|&(nth, _)| nth)
    }

    /// Takes those that stop in `order` or before, in the order of adding. Without an order, takes
    /// all. Those that were released are not held back any longer, and stay.
    pub(super) fn take(&mut self, order: Option<StopOrder>) -> Vec<Key> {
        let stages = match order {
            Some(StopOrder::Stage(stage)) => self.foreground.split_off(&stage),
            Some(StopOrder::Background) | None => std::mem::take(&mut self.foreground),
        };
        let mut taken: Vec<_> = stages.into_values().flatten().collect();
        if !matches!(order, Some(StopOrder::Stage(_))) {
            let background = std::mem::take(&mut self.background);
            taken.extend(background.into_values().flatten());
        }
        taken.sort_unstable_by_key(|key| key.nth);
        taken
    }
}
