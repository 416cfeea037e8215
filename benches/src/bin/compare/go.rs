//! The race against Go, with a process on each side.

use std::path::Path;

use rungroup_benches::{Contestant, Runtime};

use crate::child::{Living, Program};
use crate::memory::peak_of_an_actor;
use crate::race::Race;
use crate::scale::{Scale, lives};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours(Contestant),
    Go(&'static str),
}

impl Side {
    pub const OURS: Side = Side::Ours(Contestant::PairWithChannel);
    pub const RUN_GROUP: Side = Side::Go("run-group");

    pub const ALL: [Side; 6] = [
        Side::OURS,
        Side::Ours(Contestant::Pair),
        Side::Ours(Contestant::With),
        Side::RUN_GROUP,
        Side::Go("errgroup"),
        Side::Go("tomb"),
    ];

    pub fn title(self) -> &'static str {
        match self {
            Side::Ours(contestant) => contestant.title(),
            Side::Go("run-group") => "Go, oklog/run",
            Side::Go("tomb") => "Go, tomb.v2",
            Side::Go(_) => "Go, errgroup",
        }
    }

    fn program(self, go: &Path, actors: usize) -> Program {
        match self {
            Side::Ours(contestant) => Program::life(contestant, RUNTIME, actors),
            Side::Go(peer) => Program::go(go, peer, actors),
        }
    }
}

/// Go's scheduler uses all cores, and so does this one.
pub const RUNTIME: Runtime = Runtime::TokioMultiThread;

pub struct Go {
    /// By the size of the group: times of a life, in processes that live on and on.
    pub warm: Vec<(usize, Race<Side>)>,
    /// Of the biggest group, a process for each.
    pub fresh: Race<Side>,
    /// An actor's share of the peak of the resident memory.
    pub peaks: Vec<(Side, Option<f64>)>,
}

pub fn against(go: &Path, scale: Scale) -> Go {
    let most = scale.most_actors();
    let sizes = scale.actors().iter();
    let peak = |side: Side| peak_of_an_actor(&side.program(go, most), most, scale);
    Go {
        warm: sizes
            .map(|actors| (*actors, warm(go, *actors, scale)))
            .collect(),
        fresh: fresh(go, most, scale),
        peaks: Side::ALL.iter().map(|side| (*side, peak(*side))).collect(),
    }
}

fn warm(go: &Path, actors: usize, scale: Scale) -> Race<Side> {
    let start = |side: Side| (side, side.program(go, actors).start());
    let mut living: Vec<(Side, Living)> = Side::ALL.into_iter().map(start).collect();
    let race = Race::run(&Side::ALL, scale.rounds(actors), |side| {
        let process = living.iter_mut().find(|(one, _)| *one == side);
        let (_, process) = process.expect("one for each side");
        process.live(lives(RUNTIME, actors))
    });
    for (_, process) in living {
        process.end();
    }
    race
}

fn fresh(go: &Path, actors: usize, scale: Scale) -> Race<Side> {
    Race::run(&Side::ALL, scale.processes(), |side| {
        let mut process = side.program(go, actors).start();
        let time = process.live(1);
        process.end();
        time
    })
}
