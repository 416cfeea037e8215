//! Lives of other kinds: actors that are added late, actors that come and go, groups inside groups.

use std::time::Instant;

use rungroup_benches::{Contestant, Runtime, churn, late, nested};

use crate::race::Race;
use crate::scale::{Scale, lives};

#[derive(Clone, Copy)]
pub enum Kind {
    Late,
    Churn,
    Nested,
}

/// The actors of a group, or of each of the nested groups.
pub const ACTORS: usize = 100;
pub const DEPTH: usize = 10;

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Late, Kind::Churn, Kind::Nested];

    pub fn title(self) -> &'static str {
        match self {
            Kind::Late => "added late",
            Kind::Churn => "come and go",
            Kind::Nested => "nested",
        }
    }

    fn contestants(self) -> &'static [Contestant] {
        match self {
            Kind::Late => &late::CONTESTANTS,
            Kind::Churn => &churn::CONTESTANTS,
            Kind::Nested => &nested::CONTESTANTS,
        }
    }

    fn actors(self) -> usize {
        match self {
            Kind::Nested => ACTORS * DEPTH,
            Kind::Late | Kind::Churn => ACTORS,
        }
    }

    async fn live(self, contestant: Contestant, runtime: Runtime) {
        match self {
            Kind::Late => late::live(contestant, runtime, ACTORS).await,
            Kind::Churn => churn::live(contestant, runtime, ACTORS).await,
            Kind::Nested => nested::live(contestant, runtime, ACTORS, DEPTH).await,
        }
    }
}

/// The lives of one kind on one runtime.
pub struct Others {
    pub runtime: Runtime,
    pub kind: Kind,
    /// Of an actor.
    pub times: Race<Contestant>,
}

pub fn others_on(runtime: Runtime, scale: Scale) -> [Others; 3] {
    Kind::ALL.map(|kind| others_of(runtime, kind, scale))
}

fn others_of(runtime: Runtime, kind: Kind, scale: Scale) -> Others {
    let actors = kind.actors();
    let started = runtime.start();
    let times = Race::run(kind.contestants(), scale.rounds(actors), |contestant| {
        let lives = lives(runtime, actors);
        let from = Instant::now();
        started.block_on(async {
            for _ in 0..lives {
                kind.live(contestant, runtime).await;
            }
        });
        from.elapsed().as_secs_f64() * 1e9 / (f64::from(lives) * actors as f64)
    });
    Others {
        runtime,
        kind,
        times,
    }
}
