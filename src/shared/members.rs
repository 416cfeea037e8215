//! The members of a group, by stage and in the order of adding.

use std::mem;
use std::sync::Arc;

use crate::settings::StopOrder;
use crate::shared::chunk::{self, Chunk};
use crate::shared::chunk_map::{ChunkMap, Lent};
use crate::shared::mailbox::Key;
use crate::shared::member::Member;
use crate::shared::member_ref::MemberRef;
use crate::shared::short_queue::ShortQueue;
use crate::shared::snapshot::MemberSnapshot;
use crate::shared::stage::Stage;

/// All members of a group that have not left: those whose turn in the stop has yet to come, by
/// stage, and those whose turn it is.
///
/// It is shared with whoever asks for the status. Only the group changes it.
#[derive(Default)]
pub(crate) struct MemberTable {
    /// Those whose turn has yet to come.
    waiting: ChunkMap,
    /// Those that were added last, on their way into a chunk.
    open: Open,
    /// Shared with the group, which interrupts and awaits them without a lock.
    turns: ShortQueue<Arc<ChunkMap>>,
}

/// Members of one stage that were added one after the other, and that nobody has looked at.
#[derive(Default)]
struct Open {
    /// Their stage and the place of the first, if there is one.
    begin: Option<(Arc<Stage>, u64)>,
    members: Vec<Member>,
}

impl Open {
    /// Whether the `nth` actor of the group, of the stage `order`, fits behind them. A chunk has no
    /// gaps, so that a place in it is a subtraction.
    fn takes(&self, order: StopOrder, nth: u64) -> bool {
        self.members.len() < chunk::LONGEST
            && self.begin.as_ref().is_some_and(|(stage, first)| {
                stage.order == order && first + self.members.len() as u64 == nth
            })
    }
}

impl MemberTable {
    /// Inserts the `nth` actor of the group, which is of `stage`.
    #[inline] // so that the member is made where it will lie, and not moved there
    pub(crate) fn insert(&mut self, stage: &Arc<Stage>, nth: u64, member: Member) {
        if !self.open.takes(stage.order, nth) {
            self.close();
            self.open.begin = Some((Arc::clone(stage), nth));
            self.open.members.reserve_exact(chunk::LONGEST);
        }
        self.open.members.push(member);
    }

    /// Makes a chunk of those that were added last. Every look at a member begins with it, because
    /// only members in a chunk can be referred to.
    fn close(&mut self) {
        let Some((stage, first)) = self.open.begin.take() else {
            return;
        };
        let chunk = Chunk::new(stage, first, &mut self.open.members);
        self.waiting.insert(chunk);
    }

    /// Finds a member whose turn has not come.
    pub(crate) fn get(&mut self, key: Key) -> Option<MemberRef> {
        self.waiting().get(key)
    }

    /// Takes out a member whose turn has not come.
    pub(crate) fn remove(&mut self, key: Key) -> Option<MemberRef> {
        self.waiting().remove(key)
    }

    /// The chunk of a member whose turn has not come, and the member's place in it.
    pub(crate) fn chunk(&mut self, key: Key) -> Option<(Arc<Chunk<[Member]>>, usize)> {
        // The caller starts the members of a run without a lock between two of them. It relies on a
        // run covering whole chunks: a chunk that was looked at never grows.
        self.waiting().chunk(key)
    }

    fn waiting(&mut self) -> &mut ChunkMap {
        self.close();
        &mut self.waiting
    }

    /// How many chunks there are whose turn has not come: at least one for each stage that
    /// [`has`](MemberTable::has) members.
    pub(crate) fn chunks(&mut self) -> usize {
        self.waiting().len()
    }

    /// Whether a stage whose turn has not come has members.
    pub(crate) fn has(&mut self, order: StopOrder) -> bool {
        self.waiting().has(order)
    }

    /// The highest stage whose turn has not come.
    pub(crate) fn highest(&mut self) -> Option<StopOrder> {
        self.waiting().highest()
    }

    /// Begins the turn of the highest stage, `order`.
    pub(crate) fn begin_turn(&mut self, order: StopOrder) -> Arc<ChunkMap> {
        // It leaves the members that wait and enters the turns under one lock, so a status finds each
        // member once. From here on, nothing is added to it or removed from it (invariant 4).
        let members = Arc::new(self.waiting().split_off(order));
        self.turns.push(Arc::clone(&members));
        members
    }

    /// Forgets the members whose turn is over.
    pub(crate) fn end_turns(&mut self) -> ShortQueue<Arc<ChunkMap>> {
        // They are returned, and not dropped: their destructors are foreign, and this is under the
        // lock.
        mem::take(&mut self.turns)
    }

    /// What a reader sees of the members that have not exited, in the order in which they stop, and of
    /// those whose callback `run` is inside.
    pub(crate) fn snapshot(&mut self) -> Vec<MemberSnapshot> {
        let members = self.in_stop_order();
        members.filter_map(|member| member.snapshot()).collect()
    }

    /// Takes all members, if there are any.
    pub(crate) fn take(&mut self) -> Option<MemberTable> {
        (!self.is_empty()).then(|| mem::take(self))
    }

    fn is_empty(&self) -> bool {
        self.open.begin.is_none() && self.waiting.len() == 0 && self.turns.is_empty()
    }

    /// All members, in the order in which they stop.
    pub(crate) fn in_stop_order(&mut self) -> impl Iterator<Item = Lent<'_>> {
        self.close();
        let turns = self.turns.iter().map(|members| &**members);
        turns.chain([&self.waiting]).flat_map(ChunkMap::iter)
    }
}

/// This is the table of a group that never ran. A destructor that panics must not keep the others
/// from running, and two panics must not abort the program.
impl Drop for MemberTable {
    fn drop(&mut self) {
        if self.is_empty() {
            return;
        }
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
    use crate::shared::intake::Intake;
    use crate::shared::interrupt::Interrupt;

    const ACTORS: u64 = 100;

    /// A table, and the members that it must have.
    struct Twins {
        stages: [Arc<Stage>; 2],
        table: MemberTable,
        keys: BTreeSet<Key>,
    }

    impl Twins {
        fn new() -> Twins {
            let intake = Intake::new();
            Twins {
                stages: [0, 1].map(|at| {
                    Arc::new(Stage::new(StopOrder::Stage(at), Arc::clone(intake.state())))
                }),
                table: MemberTable::default(),
                keys: BTreeSet::new(),
            }
        }

        fn insert(&mut self, stage: usize, nth: u64) {
            let (name, settings) = (Name::of_caller(), Settings::default());
            let execute = Box::pin(async { Ok(()) });
            let member = Member::new(execute, Interrupt::latch(), name, settings);
            let stage = &self.stages[stage];
            let order = stage.order;
            self.keys.insert(Key { order, nth });
            self.table.insert(stage, nth, member);
        }

        fn remove(&mut self, key: Key) {
            assert_eq!(self.table.remove(key).unwrap().key(), key);
            assert!(self.table.get(key).is_none());
            assert!(self.table.remove(key).is_none());
            self.keys.remove(&key);
        }

        fn agree(&mut self) {
            for &key in &self.keys {
                assert_eq!(self.table.get(key).unwrap().key(), key);
            }
            let found: Vec<_> = self
                .table
                .in_stop_order()
                .map(|member| member.key())
                .collect();
            let stages = [StopOrder::Stage(1), StopOrder::Stage(0)];
            let of = |order| {
                self.keys
                    .iter()
                    .copied()
                    .filter(move |key| key.order == order)
            };
            let expected: Vec<_> = stages.into_iter().flat_map(of).collect();
            assert_eq!(found, expected);
            for order in stages {
                let has = self.keys.iter().any(|key| key.order == order);
                assert_eq!(self.table.has(order), has);
            }
        }

        /// Where they lie.
        fn chunks(&mut self) -> usize {
            self.table.chunks()
        }
    }

    #[test]
    fn members_are_found_wherever_a_chunk_ends_and_whichever_left() {
        let mut twins = Twins::new();
        for nth in 0..ACTORS {
            // Runs of all lengths, of which some are longer than a chunk.
            let stage = usize::from(nth > 20 && nth % 13 < 4);
            twins.insert(stage, nth);
            // A status makes a chunk of those that are there.
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
    fn a_member_that_left_is_not_looked_for_below_its_stage() {
        let mut twins = Twins::new();
        twins.insert(1, 0);
        twins.insert(0, 1);
        let order = StopOrder::Stage(1);
        twins.remove(Key { order, nth: 0 });
        twins.agree();
    }

    #[test]
    fn nothing_is_left_of_members_that_left() {
        let mut twins = Twins::new();
        for nth in 0..ACTORS {
            twins.insert(usize::from(nth >= 50), nth);
        }
        assert_eq!(twins.chunks(), 2 * 50_usize.div_ceil(chunk::LONGEST));
        // Those that lie in the middle of a chunk go first.
        for middle in [true, false] {
            let is_next = |key: &Key| (key.nth % chunk::LONGEST as u64 == 2) == middle;
            let keys: Vec<_> = twins.keys.iter().copied().filter(is_next).collect();
            for key in keys {
                twins.remove(key);
                assert!(twins.chunks() <= twins.keys.len());
            }
            twins.agree();
        }
        assert_eq!(twins.chunks(), 0);
    }
}
