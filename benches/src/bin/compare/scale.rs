//! How much is measured.

use rungroup_benches::Runtime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Minutes.
    Full,
    /// Seconds, to see that all works. Its numbers say nothing.
    Quick,
}

impl Scale {
    /// The sizes of the groups.
    pub fn actors(self) -> &'static [usize] {
        match self {
            Scale::Full => &[10, 100, 1_000, 10_000, 100_000],
            Scale::Quick => &[10, 100],
        }
    }

    pub fn most_actors(self) -> usize {
        self.actors().iter().copied().max().unwrap_or(0)
    }

    /// The size whose cost an actor is held against that of a small group.
    pub fn huge(self) -> usize {
        match self {
            Scale::Full => 1_000_000,
            Scale::Quick => 2_000,
        }
    }

    pub fn rounds(self, actors: usize) -> usize {
        match (self, actors) {
            (Scale::Quick, _) => 2,
            (Scale::Full, 0..=1_000) => 41,
            (Scale::Full, 1_001..=10_000) => 31,
            (Scale::Full, 10_001..=100_000) => 21,
            (Scale::Full, _) => 5,
        }
    }

    pub fn stops(self) -> usize {
        match self {
            Scale::Full => 1_000,
            Scale::Quick => 5,
        }
    }

    pub fn processes(self) -> usize {
        match self {
            Scale::Full => 7,
            Scale::Quick => 1,
        }
    }
}

/// How many lives make one time, so that the clock and a single wake-up do not matter.
pub fn lives(runtime: Runtime, actors: usize) -> u32 {
    // A thread takes some hundred times as long as a task.
    let actors_in_all = match runtime {
        Runtime::Threads => 200,
        _ => 20_000,
    };
    let lives = actors_in_all / (actors + 10);
    u32::try_from(lives).unwrap_or(1).clamp(1, 400)
}
