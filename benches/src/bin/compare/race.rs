//! Several contestants, measured in turns.

/// The order of the lanes is random, but the same in each run of the program.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Times in nanoseconds, a lane each. What stands at one index was measured in one round, so that
/// a slow moment of the machine weighs on both sides of a ratio.
pub struct Race<L> {
    lanes: Vec<(L, Vec<f64>)>,
}

impl<L: Copy + PartialEq> Race<L> {
    /// Measures each lane once a round, in an order that changes, after a round to warm up.
    pub fn run(lanes: &[L], rounds: usize, mut measure: impl FnMut(L) -> f64) -> Race<L> {
        let mut order: Vec<usize> = (0..lanes.len()).collect();
        let mut race = Race {
            lanes: lanes.iter().map(|lane| (*lane, Vec::new())).collect(),
        };
        let mut random = SEED;
        for round in 0..=rounds {
            shuffle(&mut order, &mut random);
            for &index in &order {
                let (lane, times) = &mut race.lanes[index];
                let time = measure(*lane);
                if round > 0 {
                    times.push(time);
                }
            }
        }
        race
    }

    pub fn lanes(&self) -> impl Iterator<Item = L> {
        self.lanes.iter().map(|(lane, _)| *lane)
    }

    pub fn median(&self, lane: L) -> Option<f64> {
        self.percentile(lane, 0.5)
    }

    pub fn percentile(&self, lane: L, share: f64) -> Option<f64> {
        percentile(self.times(lane)?.to_vec(), share)
    }

    /// The median of the ratios of each round.
    pub fn ratio(&self, lane: L, to: L) -> Option<f64> {
        let pairs = self.times(lane)?.iter().zip(self.times(to)?);
        percentile(pairs.map(|(lane, to)| lane / to).collect(), 0.5)
    }

    fn times(&self, lane: L) -> Option<&[f64]> {
        let found = self.lanes.iter().find(|(one, _)| *one == lane);
        found.map(|(_, times)| times.as_slice())
    }
}

pub fn percentile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(index).copied()
}

/// Fisher and Yates, with Marsaglia's xorshift: the same order in each run.
fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        order.swap(last, (*random % (last as u64 + 1)) as usize);
    }
}
