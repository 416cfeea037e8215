//! All that was measured.

use std::path::Path;

use rungroup_benches::{Contestant, Runtime};

use crate::go::{self, Go};
use crate::idle::{self, Idle};
use crate::lives::{self, Growth, Lives, Stops};
use crate::memory::{self, Memory};
use crate::others::{self, Others};
use crate::scale::Scale;

pub struct Results {
    pub scale: Scale,
    pub lives: Vec<Lives>,
    pub stops: Vec<Stops>,
    pub growth: Vec<Growth>,
    pub others: Vec<Others>,
    pub memory: Vec<(Runtime, Vec<Memory>)>,
    pub go: Option<Go>,
    pub idle: Vec<Idle>,
}

impl Results {
    pub fn measure(scale: Scale, go: Option<&Path>) -> Results {
        let tell = |what: &str| eprintln!("measuring {what}");
        tell("memory");
        let memory = Runtime::TOKIO.map(|runtime| (runtime, memory::memory_on(runtime, scale)));
        tell("whole lives");
        let lives = Runtime::ALL.map(|runtime| lives::lives_on(runtime, scale));
        tell("stops");
        let stops = Runtime::TOKIO.map(|runtime| lives::stops_on(runtime, scale));
        tell("huge groups");
        let growth = Runtime::TOKIO.map(|runtime| lives::growth_on(runtime, scale));
        tell("other lives");
        let others = Runtime::TOKIO.map(|runtime| others::others_on(runtime, scale));
        tell("idle groups");
        let idle = idle::idle();
        tell(if go.is_some() {
            "Go"
        } else {
            "no Go: none was given"
        });
        Results {
            scale,
            lives: lives.into_iter().flatten().collect(),
            stops: stops.into(),
            growth: growth.into(),
            others: others.into_iter().flatten().collect(),
            memory: memory.into(),
            go: go.map(|program| go::against(program, scale)),
            idle,
        }
    }

    pub fn lives_on(&self, runtime: Runtime) -> impl Iterator<Item = &Lives> {
        self.lives
            .iter()
            .filter(move |lives| lives.runtime == runtime)
    }

    pub fn memory_on(&self, runtime: Runtime) -> &[Memory] {
        let found = self.memory.iter().find(|(on, _)| *on == runtime);
        found.map_or(&[], |(_, memory)| memory)
    }

    /// The bytes an actor takes at the peak.
    pub fn peak(&self, contestant: Contestant, runtime: Runtime) -> Option<f64> {
        let memory = self.memory_on(runtime).iter();
        memory
            .filter(|one| one.contestant == contestant)
            .find_map(|one| one.peak)
    }
}
