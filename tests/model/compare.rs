//! Runs a program on the real group and on the model, and compares what is seen of both.

use std::fmt::Write as _;

use crate::mirror::Mirror;
use crate::model::Answer;
use crate::program::{Act, Id, Kind, Program, Spec, Step, Then};
use crate::seen::Seen;
use crate::world::World;

/// Says where the two differ, if they do.
pub fn check(program: &Program) -> Result<(), String> {
    check_from(program, 0)
}

/// The same, looking only after this step and those that follow it.
fn check_from(program: &Program, first: usize) -> Result<(), String> {
    let mut both = Both {
        world: World::new(program),
        model: Mirror::new(program),
    };
    for (place, step) in program.steps.iter().enumerate() {
        let mut outcome = both.step(program, *step);
        if place >= first {
            outcome = outcome.and_then(|()| both.compare());
        }
        outcome.map_err(|difference| tell(program, place, &difference))?;
    }
    Ok(())
}

/// Panics where the two differ after the last two steps: all that is shorter is compared already.
#[track_caller]
pub fn assert_end_agrees(program: &Program) {
    let end = program.steps.len().saturating_sub(2);
    if let Err(difference) = check_from(program, end) {
        panic!("{difference}");
    }
}

fn tell(program: &Program, place: usize, difference: &str) -> String {
    let mut text = format!("after step {place} of\n  outer {:?}\n", program.outer);
    if program.groups() > 1 {
        let _ = writeln!(text, "  inner {:?}", program.inner);
    }
    for (id, spec) in program.actors.iter().enumerate() {
        let _ = writeln!(text, "  {id}: {spec}");
    }
    for (place, step) in program.steps.iter().enumerate() {
        let _ = writeln!(text, "  step {place}: {:?}, then {:?}", step.act, step.then);
    }
    text + difference
}

struct Both {
    world: World,
    model: Mirror,
}

impl Both {
    fn step(&mut self, program: &Program, step: Step) -> Result<(), String> {
        self.act(program, step.act)?;
        // A limit after the one that ends is counted from when `run` sees that.
        let then = if matches!(step.act, Act::Tick) {
            Then::All
        } else {
            step.then
        };
        match then {
            Then::Nobody => {}
            Then::Run => {
                self.world.poll_run();
                self.model.poll_run();
            }
            Then::Tasks => {
                self.world.poll_tasks();
                self.model.poll_tasks();
            }
            Then::All => {
                self.world.poll_all();
                self.model.poll_all();
            }
        }
        Ok(())
    }

    fn act(&mut self, program: &Program, act: Act) -> Result<(), String> {
        match act {
            Act::Add(group, spec) if group < program.groups() => self.add(spec, group, None),
            Act::AddBy(id, spec) if self.model.has_context(id) => {
                self.add(spec, self.model.group_of(id), Some(id))
            }
            Act::Exit(id, _) | Act::Lose(id) | Act::Announce(id) | Act::Revoke(id)
                if !self.model.is_there(id) =>
            {
                Ok(())
            }
            Act::Request(group, _) | Act::SkipDrain(group) | Act::Force(group)
                if group >= program.groups() =>
            {
                Ok(())
            }
            act => {
                self.world.act(act);
                self.model.act(act);
                Ok(())
            }
        }
    }

    fn add(&mut self, spec: Spec, home: usize, adder: Option<Id>) -> Result<(), String> {
        assert_ne!(
            spec.kind,
            Kind::Group,
            "a group is there from the beginning"
        );
        let accepted = self.world.add(&spec, home, adder);
        let spec = adder.map_or(spec, |adder| self.model.heir(adder, spec));
        let answer = self.model.answer_to(home, &spec);
        let wrong = if accepted {
            Answer::GivesBack
        } else {
            Answer::Accepts
        };
        if answer == wrong {
            return Err(format!("add: accepted {accepted}, the model: {answer:?}"));
        }
        self.model.add(home, spec, accepted);
        Ok(())
    }

    fn compare(&mut self) -> Result<(), String> {
        let (model, mut world) = (self.model.seen(), self.world.seen());
        // The context of an actor that left tells nothing that a law is about.
        world.told.retain(|id, _| model.told.contains_key(id));
        if world == model {
            Ok(())
        } else {
            Err(difference(&world, &model))
        }
    }
}

/// Only the parts that differ.
fn difference(world: &Seen, model: &Seen) -> String {
    let (world, model) = (format!("{world:#?}"), format!("{model:#?}"));
    let parts = |text: &str| -> Vec<String> {
        text.split("\n    ").fold(Vec::new(), |mut parts, line| {
            match parts.last_mut() {
                Some(last) if line.starts_with([' ', ']', '}', ')']) => {
                    *last = format!("{last} {}", line.trim());
                }
                _ => parts.push(line.to_owned()),
            }
            parts
        })
    };
    let mut text = String::new();
    for (world, model) in parts(&world).iter().zip(&parts(&model)) {
        if world != model {
            let _ = writeln!(text, "the group: {world}\nthe model: {model}");
        }
    }
    text
}
