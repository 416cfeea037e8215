//! The targets, and whether they were met.

use rungroup_benches::{Contestant, Runtime};

use crate::go::Side;
use crate::lives::Size;
use crate::results::Results;

const JOIN_SET: Contestant = Contestant::JoinSet;

/// Ours, as the targets name them.
const OURS: [Contestant; 2] = [Contestant::Pair, Contestant::With];

/// A limit, and the numbers that should not be above it.
pub struct Target {
    pub what: String,
    pub limit: f64,
    /// What each number is of, and the number, if it was measured.
    pub measured: Vec<(String, Option<f64>)>,
}

impl Target {
    fn new(what: impl Into<String>, limit: f64) -> Target {
        Target {
            what: what.into(),
            limit,
            measured: Vec::new(),
        }
    }

    fn push(&mut self, of: impl Into<String>, number: Option<f64>) {
        self.measured.push((of.into(), number));
    }

    /// Whether it was met; `None` if nothing was measured.
    pub fn is_met(&self) -> Option<bool> {
        let numbers: Vec<f64> = self
            .measured
            .iter()
            .filter_map(|(_, number)| *number)
            .collect();
        (!numbers.is_empty()).then(|| numbers.iter().all(|number| *number <= self.limit))
    }
}

pub fn targets(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for ours in OURS {
        for runtime in Runtime::TOKIO {
            targets.push(life(results, ours, runtime));
        }
    }
    for ours in OURS {
        for runtime in Runtime::TOKIO {
            targets.push(stop(results, ours, runtime));
        }
    }
    targets.push(graceful_shutdown(results));
    targets.push(bytes(results));
    targets.push(go_time(results));
    targets.push(go_memory(results));
    targets.push(growth(results));
    targets.push(idle(results));
    targets
}

fn life(results: &Results, ours: Contestant, runtime: Runtime) -> Target {
    let what = format!(
        "whole life, {}, {}, to `JoinSet`'s",
        ours.title(),
        runtime.title()
    );
    let mut target = Target::new(what, 1.0);
    for lives in results.lives_on(runtime) {
        target.push(
            format!("N = {}", lives.actors),
            lives.times.ratio(ours, JOIN_SET),
        );
    }
    target
}

fn stop(results: &Results, ours: Contestant, runtime: Runtime) -> Target {
    let what = format!(
        "stop alone, {}, {}, to `JoinSet`'s",
        ours.title(),
        runtime.title()
    );
    let mut target = Target::new(what, 1.0);
    for stops in results
        .stops
        .iter()
        .filter(|stops| stops.runtime == runtime)
    {
        let times = &stops.times;
        let late = |one| times.percentile(one, 0.99);
        let ratio_of_late = late(ours)
            .zip(late(JOIN_SET))
            .map(|(ours, peer)| ours / peer);
        target.push("median", times.ratio(ours, JOIN_SET));
        target.push("99th percentile", ratio_of_late);
    }
    target
}

fn graceful_shutdown(results: &Results) -> Target {
    let mut target = Target::new("whole life at N = 1000, to tokio-graceful-shutdown's", 0.1);
    for runtime in Runtime::TOKIO {
        for lives in results
            .lives_on(runtime)
            .filter(|lives| lives.actors == 1_000)
        {
            for ours in OURS {
                let of = format!("{}, {}", ours.title(), runtime.title());
                target.push(of, lives.times.ratio(ours, Contestant::GracefulShutdown));
            }
        }
    }
    target
}

fn bytes(results: &Results) -> Target {
    let actors = results.scale.most_actors();
    let mut target = Target::new(
        format!("bytes an actor at N = {actors}, to `JoinSet`'s"),
        1.25,
    );
    for runtime in Runtime::TOKIO {
        let peer = results.peak(JOIN_SET, runtime);
        for ours in OURS {
            let peaks = results.peak(ours, runtime).zip(peer);
            let of = format!("{}, {}", ours.title(), runtime.title());
            target.push(of, peaks.map(|(ours, peer)| ours / peer));
        }
    }
    target
}

fn go_time(results: &Results) -> Target {
    let actors = results.scale.most_actors();
    let mut target = Target::new(
        format!("warm life at N = {actors}, to Go's `run.Group`'s"),
        0.5,
    );
    let warm = results.go.iter().flat_map(|go| &go.warm);
    for (_, times) in warm.filter(|(size, _)| *size == actors) {
        for ours in [Side::OURS, Side::Ours(Contestant::With)] {
            target.push(ours.title(), times.ratio(ours, Side::RUN_GROUP));
        }
    }
    target
}

fn go_memory(results: &Results) -> Target {
    let actors = results.scale.most_actors();
    let what = format!("bytes an actor at N = {actors}, to Go's `run.Group`'s");
    let mut target = Target::new(what, 0.25);
    if let Some(go) = &results.go {
        let peak = |side| go.peaks.iter().find(|(one, _)| *one == side)?.1;
        for ours in [Side::OURS, Side::Ours(Contestant::With)] {
            let peaks = peak(ours).zip(peak(Side::RUN_GROUP));
            target.push(ours.title(), peaks.map(|(ours, go)| ours / go));
        }
    }
    target
}

fn growth(results: &Results) -> Target {
    let huge = results.scale.huge();
    let what = format!("time an actor at N = {huge}, to its own at N = 1000");
    let mut target = Target::new(what, 2.0);
    for growth in &results.growth {
        for ours in OURS {
            let of = format!("{}, {}", ours.title(), growth.runtime.title());
            target.push(
                of,
                growth.times.ratio((ours, Size::Huge), (ours, Size::Small)),
            );
        }
    }
    target
}

fn idle(results: &Results) -> Target {
    let what = "idle group: wake-ups in a second, and threads beyond the runtime's own";
    let mut target = Target::new(what, 0.0);
    for idle in results
        .idle
        .iter()
        .filter(|idle| idle.contestant != Contestant::Bare)
    {
        let is_bare = |one: &&crate::idle::Idle| {
            one.runtime == idle.runtime && one.contestant == Contestant::Bare
        };
        let bare = results.idle.iter().find(is_bare);
        let more = bare.map(|bare| idle.wake_ups.max(idle.threads - bare.threads));
        target.push(
            format!("{}, {}", idle.contestant.title(), idle.runtime.title()),
            more,
        );
    }
    target
}
