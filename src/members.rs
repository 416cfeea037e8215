//! The members of a group, by stage and in the order of adding.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::link::Key;
use crate::member::Member;
use crate::policy::Rank;

/// Members lie in pages of so many: few allocations for many members, little waste for few.
const SEATS: usize = 16;

type Seats = [Option<Arc<Member>>; SEATS];

/// The members of one stage. The memory grows with the number of live members.
#[derive(Default)]
pub(crate) struct Members {
    pages: BTreeMap<u64, Box<Page>>,
}

#[derive(Default)]
struct Page {
    seats: Seats,
    taken: usize,
}

impl Page {
    fn put(&mut self, seat: usize, member: Arc<Member>) {
        self.seats[seat] = Some(member);
        self.taken += 1;
    }
}

impl Members {
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
}

/// The page of a member, and its seat there.
fn place(nth: u64) -> (u64, usize) {
    let seats = SEATS as u64;
    (nth / seats, usize::try_from(nth % seats).unwrap_or(0))
}

/// All members of a group that have not left: those whose turn in the stop has yet to come, by
/// stage, and those whose turn it is.
///
/// It is shared with whoever asks for the status. Only the group changes it.
#[derive(Default)]
pub(crate) struct Roll {
    stages: BTreeMap<Rank, Members>,
    /// The page that the last one was added to, on its way into `stages`: most that are added are
    /// of the stage of the one before.
    open: Option<Open>,
    /// Shared with the group, which interrupts and awaits them without a lock.
    turns: Vec<Arc<Members>>,
}

struct Open {
    rank: Rank,
    number: u64,
    page: Box<Page>,
}

impl Roll {
    pub(crate) fn insert(&mut self, key: Key, member: Arc<Member>) {
        let (number, seat) = place(key.nth);
        match &mut self.open {
            Some(open) if open.rank == key.rank && open.number == number => {
                open.page.put(seat, member);
            }
            _ => self.open(key.rank, number).put(seat, member),
        }
    }

    /// Opens another page, or one that was closed.
    fn open(&mut self, rank: Rank, number: u64) -> &mut Page {
        self.close();
        let stage = self.stages.get_mut(&rank);
        let page = stage.and_then(|stage| stage.pages.remove(&number));
        let page = page.unwrap_or_default();
        let open = self.open.insert(Open { rank, number, page });
        &mut open.page
    }

    /// Puts the open page where it belongs.
    fn close(&mut self) {
        if let Some(Open { rank, number, page }) = self.open.take() {
            let stage = self.stages.entry(rank).or_default();
            stage.pages.insert(number, page);
        }
    }

    /// Finds a member whose turn has not come.
    pub(crate) fn get(&mut self, key: Key) -> Option<&Arc<Member>> {
        self.close();
        self.stages.get(&key.rank)?.get(key.nth)
    }

    /// Takes out a member whose turn has not come.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Arc<Member>> {
        self.close();
        let stage = self.stages.get_mut(&key.rank)?;
        let member = stage.remove(key.nth);
        if stage.pages.is_empty() {
            self.stages.remove(&key.rank);
        }
        member
    }

    /// The members around `key`, in their order, and where the next ones begin.
    pub(crate) fn around(&mut self, key: Key) -> (Seats, u64) {
        self.close();
        let (number, _) = place(key.nth);
        let page = self.stages.get(&key.rank);
        let page = page.and_then(|stage| stage.pages.get(&number));
        let seats = page.map(|page| page.seats.clone()).unwrap_or_default();
        (seats, (number + 1) * SEATS as u64)
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
    pub(crate) fn in_stop_order(&mut self) -> impl Iterator<Item = &Arc<Member>> {
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
