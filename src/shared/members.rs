//! The members of a group, by stage and in the order of adding.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::settings::Rank;
use crate::shared::link::Key;
use crate::shared::member::Member;
use crate::shared::seat::{Page, Seat};

/// The most members in a page. A larger page would save allocations; in a smaller one, a member
/// would hold less memory when the others of its page have left. A full page is less than the
/// kilobyte up to which allocators are fast, and a little more with the feature `tracing`.
const PAGE: usize = 6;

// A page has a bit for each.
const _: () = assert!(PAGE <= u8::BITS as usize);

/// The members of one stage. The memory grows with the number of live members.
#[derive(Default)]
pub(crate) struct Members {
    /// By the place of their first member in the order of adding. The others of a page follow
    /// without a gap.
    pages: BTreeMap<u64, Leaf>,
}

/// A page, and which of its members have not left.
struct Leaf {
    page: Page,
    /// A bit for each member.
    present: u8,
}

impl Leaf {
    fn new(page: Page) -> Leaf {
        Leaf {
            present: u8::MAX >> (u8::BITS as usize - page.len()),
            page,
        }
    }

    fn is_present(&self, at: usize) -> bool {
        self.present >> at & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = &Member> {
        let members = self.page.iter().enumerate();
        members.filter_map(|(at, member)| self.is_present(at).then_some(member))
    }
}

impl Members {
    pub(crate) fn get(&self, nth: u64) -> Option<Seat> {
        let (first, leaf) = self.pages.range(..=nth).next_back()?;
        let at = usize::try_from(nth - first).ok()?;
        let is_here = at < leaf.page.len() && leaf.is_present(at);
        is_here.then(|| Seat::new(&leaf.page, at))
    }

    fn remove(&mut self, nth: u64) -> Option<Seat> {
        let seat = self.get(nth)?;
        let (&first, leaf) = self.pages.range_mut(..=nth).next_back()?;
        leaf.present &= !(1 << (nth - first));
        if leaf.present == 0 {
            self.pages.remove(&first);
        }
        Some(seat)
    }

    /// In the order of adding.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.pages.values().flat_map(Leaf::iter)
    }
}

/// All members of a group that have not left: those whose turn in the stop has yet to come, by
/// stage, and those whose turn it is.
///
/// It is shared with whoever asks for the status. Only the group changes it.
#[derive(Default)]
pub(crate) struct Roll {
    stages: BTreeMap<Rank, Members>,
    /// Those that were added last, on their way into a page.
    open: Vec<Member>,
    /// Shared with the group, which interrupts and awaits them without a lock.
    turns: Vec<Arc<Members>>,
}

impl Roll {
    pub(crate) fn insert(&mut self, member: Member) {
        let last = self.open.last();
        let follows = last.is_some_and(|last| last.key().precedes(member.key()));
        if !follows || self.open.len() == PAGE {
            self.close();
        }
        if self.open.is_empty() {
            self.open.reserve_exact(PAGE);
        }
        self.open.push(member);
    }

    /// Makes a page of those that were added last.
    fn close(&mut self) {
        let Some(Key { rank, nth }) = self.open.first().map(Member::key) else {
            return;
        };
        let leaf = Leaf::new(self.open.drain(..).collect());
        let stage = self.stages.entry(rank).or_default();
        stage.pages.insert(nth, leaf);
    }

    /// Finds a member whose turn has not come.
    pub(crate) fn get(&mut self, key: Key) -> Option<Seat> {
        self.close();
        self.stages.get(&key.rank)?.get(key.nth)
    }

    /// Takes out a member whose turn has not come.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Seat> {
        self.close();
        let stage = self.stages.get_mut(&key.rank)?;
        let member = stage.remove(key.nth);
        if stage.pages.is_empty() {
            self.stages.remove(&key.rank);
        }
        member
    }

    /// The page that begins with a member whose turn has not come.
    pub(crate) fn page(&mut self, key: Key) -> Option<Page> {
        self.close();
        let leaf = self.stages.get(&key.rank)?.pages.get(&key.nth)?;
        Some(Arc::clone(&leaf.page))
    }

    /// The stages whose turn has not come and that have members.
    pub(crate) fn stages(&mut self) -> &BTreeMap<Rank, Members> {
        self.close();
        &self.stages
    }

    /// The highest stage whose turn has not come.
    pub(crate) fn highest(&mut self) -> Option<Rank> {
        self.close();
        let (&rank, _) = self.stages.last_key_value()?;
        Some(rank)
    }

    /// Begins the turn of a stage.
    pub(crate) fn begin_turn(&mut self, rank: Rank) -> Arc<Members> {
        self.close();
        let members = Arc::new(self.stages.remove(&rank).unwrap_or_default());
        self.turns.push(Arc::clone(&members));
        members
    }

    /// Forgets the members whose turn is over.
    pub(crate) fn end_turns(&mut self) -> Vec<Arc<Members>> {
        std::mem::take(&mut self.turns)
    }

    /// All members, in the order in which they stop.
    pub(crate) fn in_stop_order(&mut self) -> impl Iterator<Item = &Member> {
        self.close();
        let turns = self.turns.iter().map(|members| &**members);
        let members = turns.chain(self.stages.values().rev());
        members.flat_map(Members::iter)
    }
}

/// This is the roll of a group that never ran. A destructor that panics must not keep the others
/// from running, and two panics must not abort the program.
impl Drop for Roll {
    fn drop(&mut self) {
        for member in self.in_stop_order() {
            member.discard();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::name::Name;
    use crate::settings::Settings;
    use crate::shared::interrupt::Interrupt;
    use crate::shared::link::Link;
    use crate::shared::member::Place;
    use crate::shared::stage::Stage;

    const ACTORS: u64 = 100;

    /// A roll, and the members that it must have.
    struct Twins {
        stages: [Arc<Stage>; 2],
        roll: Roll,
        keys: BTreeSet<Key>,
    }

    impl Twins {
        fn new() -> Twins {
            let link = &Link::open().link;
            Twins {
                stages: [0, 1].map(|at| Arc::new(Stage::new(Rank::Stage(at), Arc::clone(link)))),
                roll: Roll::default(),
                keys: BTreeSet::new(),
            }
        }

        fn insert(&mut self, stage: usize, nth: u64) {
            let place = Place {
                name: Name::of_caller(),
                stage: Arc::clone(&self.stages[stage]),
                nth,
                policy: Settings::default().policy(),
            };
            let member = Member::new(Box::pin(async { Ok(()) }), Interrupt::latch(), place);
            self.keys.insert(member.key());
            self.roll.insert(member);
        }

        fn remove(&mut self, key: Key) {
            assert_eq!(self.roll.remove(key).unwrap().key(), key);
            assert!(self.roll.get(key).is_none());
            assert!(self.roll.remove(key).is_none());
            self.keys.remove(&key);
        }

        fn agree(&mut self) {
            for &key in &self.keys {
                assert_eq!(self.roll.get(key).unwrap().key(), key);
            }
            let found: Vec<_> = self.roll.in_stop_order().map(Member::key).collect();
            let stages = [Rank::Stage(1), Rank::Stage(0)];
            let of = |rank| {
                self.keys
                    .iter()
                    .copied()
                    .filter(move |key| key.rank == rank)
            };
            let expected: Vec<_> = stages.into_iter().flat_map(of).collect();
            assert_eq!(found, expected);
        }

        /// Where they lie.
        fn pages(&mut self) -> usize {
            let stages = self.roll.stages().values();
            stages.map(|stage| stage.pages.len()).sum()
        }
    }

    #[test]
    fn members_are_found_wherever_a_page_ends_and_whoever_left() {
        let mut twins = Twins::new();
        for nth in 0..ACTORS {
            // Runs of all lengths, of which some are longer than a page.
            let stage = usize::from(nth > 20 && nth % 13 < 4);
            twins.insert(stage, nth);
            // A status makes a page of those that are there.
            if nth % 17 == 0 {
                twins.agree();
            }
            let left = twins.keys.iter().find(|key| key.nth * 7 % 10 < 4).copied();
            if let Some(key) = left.filter(|_| nth % 2 == 0) {
                twins.remove(key);
            }
        }
        twins.agree();
    }

    #[test]
    fn nothing_is_left_of_members_that_left() {
        let mut twins = Twins::new();
        for nth in 0..ACTORS {
            twins.insert(usize::from(nth >= 50), nth);
        }
        assert_eq!(twins.pages(), 2 * 50_usize.div_ceil(PAGE));
        // Those that lie in the middle of a page go first.
        for middle in [true, false] {
            let is_next = |key: &Key| (key.nth % PAGE as u64 == 2) == middle;
            let keys: Vec<_> = twins.keys.iter().copied().filter(is_next).collect();
            for key in keys {
                twins.remove(key);
                assert!(twins.pages() <= twins.keys.len());
            }
            twins.agree();
        }
        assert!(twins.roll.stages().is_empty());
    }
}
