//! What all rounds share: the runtime, what is random, and the sums.

use std::fmt;
use std::sync::Arc;

use fastrand::Rng;
use rungroup::Spawner;

use crate::runtime::Runtime;
use crate::tally::{Counts, Tally};

pub struct World {
    pub runtime: Runtime,
    pub random: Rng,
    groups: usize,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    accepted: usize,
    given_back: usize,
    returned: usize,
    forced: usize,
}

impl World {
    pub fn new(runtime: Runtime, seed: u64) -> World {
        World {
            runtime,
            random: Rng::with_seed(seed),
            groups: 0,
            sums: Sums::default(),
        }
    }

    pub fn spawner(&self) -> Arc<dyn Spawner> {
        self.runtime.spawner()
    }

    /// Takes in a round of so many groups that forced nobody: every actor returned, or was given back,
    /// when `run` returned.
    ///
    /// # Panics
    ///
    /// If that is not so.
    pub fn all_returned(&mut self, groups: usize, tally: &Tally) {
        let counts = tally.counts();
        assert!(tally.is_settled(), "something outlives its run: {counts:?}");
        assert_eq!(counts.accepted(), counts.returned, "{counts:?}");
        self.count(groups, counts);
    }

    /// Takes in a round of so many groups, some of whose actors were forced.
    pub async fn all_settled(&mut self, groups: usize, tally: &Tally) {
        tally.settled().await;
        self.count(groups, tally.counts());
    }

    fn count(&mut self, groups: usize, counts: Counts) {
        self.groups += groups;
        self.sums.accepted += counts.accepted();
        self.sums.given_back += counts.given_back;
        self.sums.returned += counts.returned;
        self.sums.forced += counts.forced();
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sums {
            accepted,
            given_back,
            returned,
            forced,
        } = self.sums;
        write!(
            f,
            "{} groups; {} actors offered = {returned} returned + {forced} forced + {given_back} given back",
            self.groups,
            accepted + given_back,
        )
    }
}
