//! The members of a group, by stage and in the order of adding.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::link::Key;
use crate::member::Member;
use crate::policy::Rank;

/// Members lie in pages of so many: few allocations for many members, little waste for few.
const SEATS: usize = 16;

/// Members of one stage. Holds memory for those it has, not for those it had.
#[derive(Default)]
pub(crate) struct Members {
    pages: BTreeMap<u64, Box<Page>>,
}

#[derive(Default)]
struct Page {
    seats: [Option<Arc<Member>>; SEATS],
    taken: u32,
}

impl Members {
    fn insert(&mut self, nth: u64, member: Arc<Member>) {
        let (page, seat) = place(nth);
        let page = self.pages.entry(page).or_default();
        page.seats[seat] = Some(member);
        page.taken += 1;
    }

    pub(crate) fn get(&self, nth: u64) -> Option<&Arc<Member>> {
        let (page, seat) = place(nth);
        self.pages.get(&page)?.seats[seat].as_ref()
    }

    fn remove(&mut self, nth: u64) -> Option<Arc<Member>> {
        let (number, seat) = place(nth);
        let page = self.pages.get_mut(&number)?;
        let member = page.seats[seat].take()?;
        page.taken -= 1;
        if page.taken == 0 {
            self.pages.remove(&number);
        }
        Some(member)
    }

    /// In the order of adding.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Member>> {
        let pages = self.pages.values();
        pages.flat_map(|page| page.seats.iter().flatten())
    }

    /// Those of the page of `first`, from there on.
    fn rest_of_page(&self, first: u64) -> impl Iterator<Item = &Arc<Member>> {
        let (page, seat) = place(first);
        let page = self.pages.get(&page).into_iter();
        page.flat_map(move |page| page.seats[seat..].iter().flatten())
    }
}

/// The page of a member, and its seat there.
fn place(nth: u64) -> (u64, usize) {
    let seats = SEATS as u64;
    (nth / seats, usize::try_from(nth % seats).unwrap_or(0))
}

/// All members of a group that have not left: those whose turn in the stop is yet to come, by stage,
/// and those whose turn it is.
///
/// Shared with those who ask for the status; changed by the group alone.
#[derive(Default)]
pub(crate) struct Roll {
    stages: BTreeMap<Rank, Members>,
    /// Shared with the group, which interrupts and awaits them without a lock.
    turns: Vec<Arc<Members>>,
}

impl Roll {
    pub(crate) fn insert(&mut self, key: Key, member: Arc<Member>) {
        let stage = self.stages.entry(key.rank).or_default();
        stage.insert(key.nth, member);
    }

    /// Of one whose turn has not come.
    pub(crate) fn get(&self, key: Key) -> Option<&Arc<Member>> {
        self.stages.get(&key.rank)?.get(key.nth)
    }

    /// Takes one out whose turn has not come.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Arc<Member>> {
        let stage = self.stages.get_mut(&key.rank)?;
        let member = stage.remove(key.nth);
        if stage.pages.is_empty() {
            self.stages.remove(&key.rank);
        }
        member
    }

    /// Some members, in their order, from `first` on and before `end`; and how far that goes.
    pub(crate) fn page(&self, first: Key, end: u64) -> (Vec<Arc<Member>>, u64) {
        let stage = self.stages.get(&first.rank).into_iter();
        let rest = stage.flat_map(|stage| stage.rest_of_page(first.nth));
        let members = rest.take_while(|member| member.place().nth < end);
        let mut page = Vec::with_capacity(SEATS);
        page.extend(members.cloned());
        let (number, _) = place(first.nth);
        (page, (number + 1) * SEATS as u64)
    }

    /// The highest stage whose turn has not come.
    pub(crate) fn highest(&self) -> Option<Rank> {
        let (&rank, _) = self.stages.last_key_value()?;
        Some(rank)
    }

    /// Begins the turn of a stage.
    pub(crate) fn begin_turn(&mut self, rank: Rank) -> Arc<Members> {
        let members = Arc::new(self.stages.remove(&rank).unwrap_or_default());
        self.turns.push(Arc::clone(&members));
        members
    }

    /// Forgets those whose turn is over.
    pub(crate) fn end_turns(&mut self) -> Vec<Arc<Members>> {
        std::mem::take(&mut self.turns)
    }

    /// All, in the order in which they stop.
    pub(crate) fn in_stop_order(&self) -> impl Iterator<Item = &Arc<Member>> {
        let turns = self.turns.iter().map(|members| &**members);
        let members = turns.chain(self.stages.values().rev());
        members.flat_map(Members::iter)
    }
}

/// A group that never ran: of several destructors that panic, none must keep the others from
/// running, nor two of them abort the program.
impl Drop for Roll {
    fn drop(&mut self) {
        for member in self.in_stop_order() {
            member.discard();
        }
    }
}
