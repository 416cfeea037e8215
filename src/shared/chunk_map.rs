//! Members in their chunks, by stage and in the order of adding.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{iter, mem};

use crate::settings::StopOrder;
use crate::shared::chunk::{self, Chunk, Place};
use crate::shared::mailbox::Key;
use crate::shared::member::Member;
use crate::shared::member_ref::MemberRef;

// An entry has a bit for each member of its chunk.
const _: () = assert!(chunk::LONGEST <= u8::BITS as usize);

/// A member that the map lends.
pub(crate) type Lent<'a> = Place<&'a Chunk<[Member]>>;

/// Members, by stage and in the order of adding. The memory grows with the number of live members.
#[derive(Default)]
pub(crate) struct ChunkMap {
    /// By the place of their first member. The others of a chunk follow without a gap.
    chunks: BTreeMap<Key, Entry>,
}

/// A chunk, and which of its members have not left.
struct Entry {
    chunk: Arc<Chunk<[Member]>>,
    /// A bit for each member.
    occupied: u8,
}

impl Entry {
    fn new(chunk: Arc<Chunk<[Member]>>) -> Entry {
        Entry {
            // One bit for each of the chunk's members, none for the places behind them.
            occupied: u8::MAX >> (u8::BITS as usize - chunk.len()),
            chunk,
        }
    }

    fn is_occupied(&self, at: usize) -> bool {
        self.occupied >> at & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = Lent<'_>> {
        let places = (0..self.chunk.len()).filter(|&at| self.is_occupied(at));
        places.map(|at| Place::new(&*self.chunk, at))
    }
}

impl ChunkMap {
    pub(crate) fn insert(&mut self, chunk: Arc<Chunk<[Member]>>) {
        self.chunks.insert(chunk.first_key(), Entry::new(chunk));
    }

    /// How many chunks there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    pub(crate) fn get(&self, key: Key) -> Option<MemberRef> {
        let (entry, at) = self.entry(key)?;
        let is_here = entry.is_occupied(at);
        is_here.then(|| Place::new(Arc::clone(&entry.chunk), at))
    }

    /// The chunk in which `key` has or had its place, and that place.
    fn entry(&self, key: Key) -> Option<(&Entry, usize)> {
        let (first, entry) = self.chunks.range(..=key).next_back()?;
        // A lower stage comes before `key` too, with places that may come after it.
        let at = (first.order == key.order).then(|| key.nth - first.nth)?;
        // Other stages may have taken the places behind the chunk in the order of adding, so it need
        // not reach as far as `key`.
        let at = usize::try_from(at).ok()?;
        (at < entry.chunk.len()).then_some((entry, at))
    }

    /// The chunk in which a member lies, and its place there.
    pub(crate) fn chunk(&self, key: Key) -> Option<(Arc<Chunk<[Member]>>, usize)> {
        let (entry, at) = self.entry(key)?;
        Some((Arc::clone(&entry.chunk), at))
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<MemberRef> {
        let member = self.get(key)?;
        let (&first, entry) = self.chunks.range_mut(..=key).next_back()?;
        entry.occupied &= !(1 << (key.nth - first.nth));
        // The member itself stays in its chunk until the last of them has left: a chunk is
        // immutable.
        if entry.occupied == 0 {
            // `highest` and `has` take a stage that has a chunk for one with members. The returned
            // reference keeps the chunk, so no destructor runs here, under the lock.
            self.chunks.remove(&first);
        }
        Some(member)
    }

    /// In the order in which they stop.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Lent<'_>> {
        let below = |order| {
            let below = self.chunks.range(..first_of(order)).next_back();
            below.map(|(key, _)| key.order)
        };
        let stages = iter::successors(self.highest(), move |&order| below(order));
        stages.flat_map(|order| self.iter_stage(order))
    }

    /// In the order of adding.
    fn iter_stage(&self, order: StopOrder) -> impl Iterator<Item = Lent<'_>> {
        let chunks = self.chunks.range(first_of(order)..=last_of(order));
        chunks.flat_map(|(_, entry)| entry.iter())
    }

    /// Those of a stage from the `nth` actor of the group on, in the order of adding.
    pub(crate) fn iter_from(&self, key: Key) -> impl Iterator<Item = Lent<'_>> {
        // A batch may have ended in the middle of a chunk, which begins not much earlier: its rest
        // comes first.
        let first = Key {
            order: key.order,
            nth: key.nth.saturating_sub(chunk::LONGEST as u64 - 1),
        };
        let chunks = self.chunks.range(first..=last_of(key.order));
        let members = chunks.flat_map(|(_, entry)| entry.iter());
        members.skip_while(move |member| member.key() < key)
    }

    pub(crate) fn has(&self, order: StopOrder) -> bool {
        self.iter_stage(order).next().is_some()
    }

    pub(crate) fn highest(&self) -> Option<StopOrder> {
        let (key, _) = self.chunks.last_key_value()?;
        Some(key.order)
    }

    /// Takes out the members of a stage, above which there must be none.
    pub(crate) fn split_off(&mut self, order: StopOrder) -> ChunkMap {
        let is_all = |(key, _): (&Key, &Entry)| key.order >= order;
        if self.chunks.first_key_value().is_none_or(is_all) {
            return mem::take(self);
        }
        ChunkMap {
            chunks: self.chunks.split_off(&first_of(order)),
        }
    }
}

/// The least key that an actor of a stage may have.
fn first_of(order: StopOrder) -> Key {
    Key { order, nth: 0 }
}

fn last_of(order: StopOrder) -> Key {
    let nth = u64::MAX;
    Key { order, nth }
}
