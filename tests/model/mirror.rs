//! The world of the model: what `world.rs` does to the real group is done to the model here.

use crate::model::{Actor, Answer, Event, Group, Life, Record};
use crate::program::{Act, INNER, Id, OUTER, Program, Settings, Spec};
use crate::seen::{Seen, Why};

pub struct Mirror {
    outer: Group,
    record: Record,
    actors: usize,
}

impl Mirror {
    pub fn new(program: &Program) -> Mirror {
        let record = Record::default();
        let mut outer = Group::new(program.outer, &record);
        // A group inside runs by `run`.
        let by_run = Settings {
            keeps_exits: false,
            ..program.inner
        };
        let mut inner = Group::new(by_run, &record);
        for (id, spec) in program.actors.iter().enumerate() {
            match program.home(spec) {
                OUTER => outer.add(id, *spec),
                _ => inner.add(id, *spec),
            }
        }
        if let Some(id) = program.group() {
            outer.actors.get_mut(&id).expect("an actor").inner = Some(inner);
        }
        Mirror {
            outer,
            record,
            actors: program.actors.len(),
        }
    }

    pub fn act(&mut self, act: Act) {
        match act {
            Act::Exit(id, how) => self.actor(id).wants = Some(how),
            Act::Lose(id) => match self.actor(id).life() {
                Life::Waiting => self.actor(id).doomed = true,
                Life::Running => self.home(id).lose(id),
                _ => {}
            },
            Act::Announce(id) if self.has_context(id) => self.home(id).announce(id),
            Act::Revoke(id) if self.has_context(id) => self.home(id).revoke(id),
            Act::Request(group, ok) => self.group(group).tell(Event::Request(Why::Request(ok))),
            Act::SkipDrain(group) => self.group(group).tell(Event::SkipDrain),
            Act::Force(group) => self.group(group).tell(Event::Force),
            Act::Tick => self.record.tick(),
            Act::DropRun => self.outer.drop_run(),
            Act::Announce(_) | Act::Revoke(_) => {}
            Act::Add(..) | Act::AddBy(..) | Act::Nothing => {}
        }
    }

    pub fn answer_to(&mut self, group: usize, spec: &Spec) -> Answer {
        self.group(group).answer_to(spec)
    }

    pub fn add(&mut self, group: usize, spec: Spec, accepted: bool) {
        let id = self.actors;
        self.actors += 1;
        match accepted {
            true => self.group(group).add(id, spec),
            false => self.group(group).give_back(id, spec),
        }
    }

    /// What an actor becomes that `adder` adds.
    pub fn heir(&mut self, adder: Id, spec: Spec) -> Spec {
        self.actor(adder).heir(spec)
    }

    pub fn seen(&mut self) -> Seen {
        let mut seen = self.record.note(|seen| seen.clone());
        let told = (0..self.actors).filter_map(|id| Some((id, self.actor(id).is_told()?)));
        seen.told = told.collect();
        seen.groups.push(self.outer.face());
        seen.groups.extend(self.inner().map(Group::face));
        seen.end = self.outer.end.clone();
        seen
    }
}

// ---- the executor

impl Mirror {
    pub fn poll_run(&mut self) {
        self.outer.run();
    }

    /// Polls each woken task, in the order of the starts.
    pub fn poll_tasks(&mut self) {
        let mut place = 0;
        while let Some(id) = self.started(place) {
            if self.home(id).is_woken(id) {
                self.home(id).poll(id);
            }
            place += 1;
        }
    }

    /// Polls `run`, then one task, until nobody is woken.
    pub fn poll_all(&mut self) {
        self.poll_run();
        while let Some(id) = self.first_woken() {
            self.home(id).poll(id);
            self.poll_run();
        }
    }

    fn first_woken(&mut self) -> Option<Id> {
        let started = self.record.note(|seen| seen.started.clone());
        started.into_iter().find(|&id| self.home(id).is_woken(id))
    }

    fn started(&self, place: usize) -> Option<Id> {
        self.record.note(|seen| seen.started.get(place).copied())
    }
}

// ---- who is where

impl Mirror {
    pub fn is_there(&self, id: Id) -> bool {
        id < self.actors
    }

    pub fn has_context(&mut self, id: Id) -> bool {
        self.is_there(id) && self.actor(id).has_context()
    }

    pub fn group_of(&self, id: Id) -> usize {
        if self.outer.actors.contains_key(&id) {
            OUTER
        } else {
            INNER
        }
    }

    fn actor(&mut self, id: Id) -> &mut Actor {
        self.home(id).actors.get_mut(&id).expect("an actor")
    }

    fn home(&mut self, id: Id) -> &mut Group {
        self.group(self.group_of(id))
    }

    fn group(&mut self, group: usize) -> &mut Group {
        match group {
            OUTER => &mut self.outer,
            _ => self.inner().expect("a group inside"),
        }
    }

    fn inner(&mut self) -> Option<&mut Group> {
        self.outer
            .actors
            .values_mut()
            .find_map(|actor| actor.inner.as_mut())
    }
}
