//! All scripts up to a length, each over a small alphabet.
//!
//! `RUNGROUP_MODEL_DEPTH` adds to the lengths.

use std::env;

use crate::compare::assert_end_agrees;
use crate::program::{
    Act, Ends, How, INNER, Interrupt, OUTER, Program, Settings, Spec, Step, Then,
};

/// What the scripts are about, and the acts that they are made of.
struct Alphabet {
    program: Program,
    acts: Vec<Act>,
    /// What is polled after each act.
    then: Vec<Then>,
}

impl Alphabet {
    fn new(actors: impl Into<Vec<Spec>>, acts: impl Into<Vec<Act>>) -> Alphabet {
        let program = Program {
            actors: actors.into(),
            ..Program::default()
        };
        Alphabet {
            program,
            acts: acts.into(),
            then: vec![Then::All],
        }
    }

    /// Each act with nobody polled after it too: the next one is then seen together with it.
    fn together(self) -> Alphabet {
        Alphabet {
            then: vec![Then::All, Then::Nobody],
            ..self
        }
    }

    fn grace(mut self, ticks: u8) -> Alphabet {
        self.program.outer.grace = Some(ticks);
        self
    }

    fn drain(mut self, ticks: u8) -> Alphabet {
        self.program.outer.drain = ticks;
        self
    }

    fn inner(mut self, settings: Settings) -> Alphabet {
        self.program.inner = settings;
        self
    }

    /// Each script up to this length, by `run` and by `run_report`, and with its first act before
    /// `run` is polled and after.
    #[track_caller]
    fn agrees(mut self, length: u32) {
        let letters: Vec<Step> = (self.acts.iter())
            .flat_map(|&act| self.then.iter().map(move |&then| Step { act, then }))
            .collect();
        let mut scripts = 0;
        for length in 1..=length + deeper() {
            for script in 0..letters.len().pow(length) {
                let places = (0..length).map(|place| script / letters.len().pow(place));
                let steps = places.map(|place| letters[place % letters.len()]);
                scripts += self.script_agrees(steps.collect());
            }
        }
        println!("{scripts} scripts agree");
    }

    #[track_caller]
    fn script_agrees(&mut self, mut steps: Vec<Step>) -> u64 {
        let mut scripts = 0;
        let poll = Step {
            act: Act::Nothing,
            then: Then::All,
        };
        steps.push(poll);
        for starts_first in [false, true] {
            if starts_first {
                steps.insert(0, poll);
            }
            self.program.steps.clone_from(&steps);
            for keeps_exits in [true, false] {
                self.program.outer.keeps_exits = keeps_exits;
                assert_end_agrees(&self.program);
                scripts += 1;
            }
        }
        scripts
    }
}

fn deeper() -> u32 {
    env::var("RUNGROUP_MODEL_DEPTH").map_or(0, |text| text.parse().expect("a number"))
}

/// Each of the first `actors` exits in each of these ways.
fn exits(actors: usize, ways: &[How]) -> Vec<Act> {
    (0..actors)
        .flat_map(|id| ways.iter().map(move |&how| Act::Exit(id, how)))
        .collect()
}

const ENDS: [How; 2] = [How::Ok, How::Err];
const DROPS: [Act; 2] = [Act::Force(OUTER), Act::DropRun];
const REQUESTS: [Act; 2] = [Act::Request(OUTER, true), Act::Request(OUTER, false)];

#[test]
fn stages_and_background() {
    let actors = [
        Spec::pair(),
        Spec::with().stage(2),
        Spec::pair().stage(1).deaf(),
        Spec::pair().stage(1).obeys(How::Err),
        Spec::pair().stage(2).background().deaf(),
    ];
    let acts = [&exits(5, &ENDS)[..], &REQUESTS, &DROPS].concat();
    Alphabet::new(actors, acts).agrees(3);
}

#[test]
fn policies() {
    let actors = [
        Spec::pair().ends(Ends::Never).stage(1),
        Spec::pair().ends(Ends::OnError),
        Spec::with().stage(2).deaf(),
        Spec::pair().ends(Ends::OnError).background().deaf(),
        Spec::pair().ends(Ends::Never).stage(1).deaf(),
    ];
    let acts = [
        &exits(5, &ENDS)[..],
        &[Act::Lose(4), Act::Request(OUTER, true)],
    ]
    .concat();
    Alphabet::new(actors, acts).agrees(3);
}

#[test]
fn drains() {
    let actors = [
        Spec::pair().stage(1),
        Spec::pair().ends(Ends::Never).deaf(),
        Spec::with().ends(Ends::OnError).stage(2).must_succeed(),
        Spec::pair().background().ends(Ends::Never),
    ];
    let own = [
        Act::Exit(0, How::Ok),
        Act::Exit(0, How::Err),
        Act::Exit(1, How::Panic),
        Act::Exit(2, How::Err),
        Act::Lose(3),
        Act::SkipDrain(OUTER),
        Act::Add(OUTER, Spec::pair().stage(1)),
        Act::Tick,
        Act::Force(OUTER),
    ];
    let acts = [&own[..], &REQUESTS].concat();
    Alphabet::new(actors, acts).drain(2).agrees(3);
}

#[test]
fn a_drain_within_the_grace() {
    let actors = [
        Spec::pair().stage(1).deaf(),
        Spec::pair().deaf().grace(1),
        Spec::with().stage(2),
        Spec::pair().background().deaf(),
    ];
    let acts = [
        Act::Request(OUTER, true),
        Act::Tick,
        Act::Exit(0, How::Ok),
        Act::Exit(2, How::Err),
        Act::SkipDrain(OUTER),
    ];
    Alphabet::new(actors, acts).drain(1).grace(3).agrees(5);
}

#[test]
fn graces() {
    let actors = [
        Spec::pair().stage(2).deaf().grace(1),
        Spec::with().stage(1).deaf().grace(2),
        Spec::pair().stage(1).deaf().grace(0),
        Spec::pair().deaf().ends(Ends::Never),
        Spec::pair().background().deaf().grace(1),
    ];
    let acts = [
        Act::Request(OUTER, true),
        Act::Tick,
        Act::Exit(0, How::Ok),
        Act::Exit(3, How::Err),
        Act::Lose(1),
        Act::Force(OUTER),
    ];
    Alphabet::new(actors, acts).grace(4).agrees(4);
}

#[test]
fn graces_without_a_budget() {
    let actors = [
        Spec::pair().stage(2).deaf().grace(2),
        Spec::with().stage(2).deaf().grace(1),
        Spec::pair().stage(1).deaf(),
        Spec::pair().deaf().grace(1),
    ];
    let acts = [
        Act::Request(OUTER, false),
        Act::Tick,
        Act::Exit(2, How::Ok),
        Act::Exit(1, How::Panic),
    ];
    Alphabet::new(actors, acts).agrees(5);
}

#[test]
fn readiness() {
    let actors = [
        Spec::pair().stage(2),
        Spec::with().announces(),
        Spec::with().announces().ends(Ends::Never).stage(1),
        Spec::pair().stage(1),
        Spec::with().announces().background().ends(Ends::OnError),
    ];
    let acts = [
        Act::Announce(1),
        Act::Announce(2),
        Act::Announce(4),
        Act::Exit(1, How::Ok),
        Act::Exit(2, How::Err),
        Act::Lose(2),
        Act::Exit(4, How::Ok),
        Act::Add(OUTER, Spec::pair().stage(1)),
        Act::Add(OUTER, Spec::with().announces()),
        Act::Request(OUTER, true),
        Act::DropRun,
    ];
    Alphabet::new(actors, acts).drain(1).agrees(3);
}

#[test]
fn revocations() {
    let actors = [
        Spec::with().announces().ends(Ends::OnError),
        Spec::with().announces().stage(1),
        Spec::pair().stage(1),
    ];
    let acts = [
        Act::Announce(0),
        Act::Revoke(0),
        Act::Announce(1),
        Act::Revoke(1),
        Act::Exit(0, How::Ok),
        Act::Request(OUTER, true),
    ];
    Alphabet::new(actors, acts).drain(1).agrees(4);
}

#[test]
fn readiness_of_few() {
    let actors = [
        Spec::with().announces(),
        Spec::pair().stage(1),
        Spec::pair().stage(2).deaf(),
    ];
    let acts = [
        Act::Announce(0),
        Act::Announce(3),
        Act::Add(OUTER, Spec::with().announces()),
        Act::Add(OUTER, Spec::pair().stage(1)),
        Act::Request(OUTER, true),
        Act::Tick,
    ];
    Alphabet::new(actors, acts).drain(1).agrees(4);
}

#[test]
fn adds() {
    let actors = [
        Spec::with().stage(1),
        Spec::pair().deaf(),
        Spec::pair().stage(2).deaf(),
        Spec::with().background().ends(Ends::Never),
    ];
    let acts = [
        Act::Add(OUTER, Spec::pair().stage(2)),
        Act::Add(OUTER, Spec::pair().stage(1).ends(Ends::Never)),
        Act::Add(OUTER, Spec::pair()),
        Act::Add(OUTER, Spec::pair().background()),
        Act::AddBy(0, Spec::pair()),
        Act::AddBy(3, Spec::pair()),
        Act::Exit(1, How::Ok),
        Act::Exit(2, How::Ok),
        Act::Request(OUTER, true),
        Act::Lose(4),
        Act::DropRun,
    ];
    Alphabet::new(actors, acts).agrees(3);
}

#[test]
fn faults() {
    let actors = [
        Spec::pair().stage(2).interrupt(Interrupt::Panics),
        Spec::pair().stage(1).must_succeed().obeys(How::Err),
        Spec::with().ends(Ends::Never).deaf(),
        Spec::pair().must_succeed().deaf(),
        Spec::pair().stage(1).obeys(How::Panic).background(),
    ];
    let own = [
        Act::Request(OUTER, true),
        Act::Lose(0),
        Act::Lose(2),
        Act::Lose(3),
    ];
    let acts = [&exits(4, &[How::Err, How::Panic])[..], &own].concat();
    Alphabet::new(actors, acts).agrees(3);
}

#[test]
fn a_force_by_an_interrupt() {
    let actors = [
        Spec::pair().stage(2).deaf(),
        Spec::pair().stage(1).interrupt(Interrupt::Forces),
        Spec::pair().stage(1).deaf(),
        Spec::with().deaf(),
    ];
    let acts = [&exits(4, &ENDS)[..], &REQUESTS, &DROPS].concat();
    Alphabet::new(actors, acts).agrees(3);
}

#[test]
fn all_that_happens_before_run_sees_it() {
    let actors = [
        Spec::pair().stage(1),
        Spec::pair().ends(Ends::OnError),
        Spec::with().stage(1).deaf(),
        Spec::pair().ends(Ends::Never).deaf(),
    ];
    let own = [
        Act::Exit(0, How::Ok),
        Act::Exit(1, How::Ok),
        Act::Exit(3, How::Err),
        Act::Lose(2),
        Act::Add(OUTER, Spec::pair()),
        Act::Request(OUTER, true),
    ];
    let acts = [&own[..], &DROPS].concat();
    Alphabet::new(actors, acts).together().agrees(3);
}

#[test]
fn a_group_inside() {
    let actors = [
        Spec::pair().stage(1).deaf(),
        Spec::group().stage(1),
        Spec::pair(),
        Spec::pair().inside().deaf(),
        Spec::with().inside().stage(1).ends(Ends::Never),
    ];
    let acts = [
        Act::Exit(0, How::Ok),
        Act::Exit(3, How::Ok),
        Act::Exit(3, How::Panic),
        Act::Exit(4, How::Err),
        Act::Lose(1),
        Act::Lose(3),
        Act::Request(INNER, true),
        Act::Request(OUTER, true),
        Act::Force(INNER),
        Act::Force(OUTER),
        Act::Tick,
        Act::DropRun,
    ];
    let inner = Settings {
        grace: Some(1),
        ..Settings::default()
    };
    Alphabet::new(actors, acts).inner(inner).agrees(3);
}

#[test]
fn a_group_inside_that_announces_and_drains() {
    let actors = [
        Spec::group().announces().deaf(),
        Spec::pair().stage(1),
        Spec::with().inside().announces().deaf(),
        Spec::pair().inside().stage(1),
    ];
    let acts = [
        Act::Announce(2),
        Act::Exit(3, How::Ok),
        Act::Request(INNER, true),
        Act::Request(OUTER, true),
        Act::SkipDrain(INNER),
        Act::Tick,
    ];
    let inner = Settings {
        drain: 2,
        ..Settings::default()
    };
    Alphabet::new(actors, acts).inner(inner).drain(1).agrees(4);
}
