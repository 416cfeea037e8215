//! Random programs, each batch from a seed; proptest shrinks one that fails.
//!
//! `RUNGROUP_MODEL_PROGRAMS` sets how many, and `RUNGROUP_MODEL_SEED` the first seed.

use std::env;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::compare::check;
use crate::program::*;

/// Enough for every run of CI; `ci/model.sh` asks for more.
const PROGRAMS: u64 = 20_000;

/// Programs of one seed.
const BATCH: u64 = 1000;

#[test]
fn random_programs_agree() {
    let programs = number("RUNGROUP_MODEL_PROGRAMS").unwrap_or(PROGRAMS);
    let first = number("RUNGROUP_MODEL_SEED").unwrap_or(1);
    for seed in first..first + programs.div_ceil(BATCH) {
        if let Err(difference) = run_batch(seed) {
            panic!(
                "{difference}\nagain: RUNGROUP_MODEL_SEED={seed} RUNGROUP_MODEL_PROGRAMS=1 \
                 cargo test --test model random_programs_agree"
            );
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// Returns the smallest program that shows a difference, and the difference.
fn run_batch(seed: u64) -> Result<(), String> {
    let config = Config {
        cases: BATCH as u32,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&program(), |program| {
        check(&program).map_err(TestCaseError::fail)
    });
    result.map_err(|error| match error {
        TestError::Fail(difference, _) => difference.message().to_owned(),
        TestError::Abort(why) => why.message().to_owned(),
    })
}

fn program() -> impl Strategy<Value = Program> {
    let groups = prop::bool::weighted(0.25);
    let actors = prop::collection::vec(spec(), 0..6);
    let steps = prop::collection::vec(step(), 0..12);
    (settings(), settings(), groups, actors, steps).prop_map(
        |(outer, inner, nests, actors, steps)| {
            let mut program = Program {
                outer,
                inner,
                actors,
                steps,
            };
            if nests {
                program.nest();
            }
            program
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let grace = prop::option::of(0..4_u8);
    let drain = prop_oneof![2 => Just(0), 3 => 1..3_u8];
    (grace, drain, any::<bool>()).prop_map(|(grace, drain, keeps_exits)| Settings {
        grace,
        drain,
        keeps_exits,
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    let whose = (select(vec![Kind::Pair, Kind::With]), any::<bool>());
    let place = (prop::option::of(0..3_u32), prop::bool::weighted(0.2));
    let ends = select(vec![Ends::OnExit, Ends::OnError, Ends::Never]);
    let rules = (ends, prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let grace = prop::option::weighted(0.25, 0..4_u8);
    let obeys = prop::option::weighted(0.6, how());
    let interrupt = prop_oneof![
        8 => Just(Interrupt::Signals),
        1 => Just(Interrupt::Panics),
        1 => Just(Interrupt::Forces),
    ];
    (whose, place, rules, grace, obeys, interrupt).prop_map(
        |(
            (kind, inside),
            (stage, background),
            (ends, announces, must_succeed),
            grace,
            obeys,
            interrupt,
        )| Spec {
            kind,
            inside,
            stage,
            ends,
            background,
            announces,
            must_succeed,
            grace,
            obeys,
            interrupt,
        },
    )
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![3 => Just(How::Ok), 2 => Just(How::Err), 1 => Just(How::Panic)]
}

fn step() -> impl Strategy<Value = Step> {
    let then = prop_oneof![
        6 => Just(Then::All),
        2 => Just(Then::Run),
        1 => Just(Then::Tasks),
        2 => Just(Then::Nobody),
    ];
    (act(), then).prop_map(|(act, then)| Step { act, then })
}

fn act() -> impl Strategy<Value = Act> {
    let id = || 0..8_usize;
    let group = || prop_oneof![3 => Just(OUTER), 1 => Just(INNER)];
    prop_oneof![
        8 => (id(), how()).prop_map(|(id, how)| Act::Exit(id, how)),
        2 => id().prop_map(Act::Lose),
        4 => id().prop_map(Act::Announce),
        2 => id().prop_map(Act::Revoke),
        2 => (group(), any::<bool>()).prop_map(|(group, ok)| Act::Request(group, ok)),
        1 => group().prop_map(Act::SkipDrain),
        1 => group().prop_map(Act::Force),
        3 => (group(), spec()).prop_map(|(group, spec)| Act::Add(group, spec)),
        2 => (id(), spec()).prop_map(|(id, spec)| Act::AddBy(id, spec)),
        4 => Just(Act::Tick),
        1 => Just(Act::DropRun),
        2 => Just(Act::Nothing),
    ]
}
