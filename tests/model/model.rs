//! A group as `docs/laws.md` has it: laws 5 to 19 and 24 to 32, as one sequential program.
//!
//! It is written from the laws, not from the library, and is as plain and as slow as it likes.
//! What happens to the group arrives in its inbox. [`Group::run`] takes one event after the other,
//! as `run` does when it is polled. Time is in ticks. An actor may be a group itself.
//!
//! Where the laws leave a choice, because `run` sees several things together, the model says which:
//!
//! - Events are taken in their order, before what was added starts. Both come before the question
//!   whether an actor is left.
//! - Each turn and each force waits until all that has happened is taken (law 7). No turn begins once
//!   a force has been asked for or when there is no time: then only the force interrupts, and what has
//!   not started never starts.
//! - A limit is checked when all that has happened is taken; a limit of zero is checked when it
//!   begins.
//! - The group is ready when all that has happened is taken and all that may start has started, so a
//!   group that sees an announcement and a request together was never ready.
//! - Dropping `run` takes what has happened, then forces.

mod actor;
mod outside;
mod result;
mod start;
mod stop;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::program::{Id, Settings};
use crate::seen::{self, End, Ended, Seen, Why};

pub use actor::{Actor, Life};
use actor::{Interrupted, Turn};

pub struct Group {
    settings: Settings,
    /// In the order of adding.
    pub actors: BTreeMap<Id, Actor>,
    inbox: VecDeque<Event>,
    began: bool,
    was_ready: bool,
    /// What those were told who await `ready` from the beginning.
    told_ready: Option<bool>,
    skips_drain: bool,
    cause: Option<Why>,
    grace_ends: Option<u32>,
    drain_ends: Option<u32>,
    /// From the first interrupt on.
    stopping: bool,
    /// The last turn that was decided: it and those before it take no more actors.
    turn: Option<Turn>,
    /// An interrupt was due: exits count as exits during the stop.
    interrupting: bool,
    /// Its `run` is being dropped.
    dropped: bool,
    /// It is being forced: what has not started never starts (law 15).
    forcing: bool,
    gone: bool,
    exits: Vec<(Id, Ended, bool)>,
    stragglers: Vec<(Id, bool)>,
    never_started: Vec<Id>,
    /// The first panic, loss, or failure of one that must succeed, during the stop.
    fault: Option<(seen::Kind, Id)>,
    /// The first actor that is a group with stragglers, during the stop.
    straggling_group: Option<Id>,
    /// It failed with what happened during its stop.
    failed_by_fault: bool,
    pub end: Option<End>,
    record: Record,
}

pub enum Event {
    Exit(Id, Ended),
    Announced(Id),
    Request(Why),
    /// The outer group interrupts it.
    Interrupt(Why),
    SkipDrain,
    Force,
}

/// What the laws say to an add. Against a stop that `run` has yet to see, either answer will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Accepts,
    GivesBack,
    Either,
}

/// What is seen of all groups, and the time.
#[derive(Clone, Default)]
pub struct Record(Rc<RefCell<(Seen, u32)>>);

impl Record {
    pub fn note<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        f(&mut self.0.borrow_mut().0)
    }

    pub fn tick(&self) {
        self.0.borrow_mut().1 += 1;
    }

    fn now(&self) -> u32 {
        self.0.borrow().1
    }

    fn is_over(&self, limit: Option<u32>) -> bool {
        limit.is_some_and(|limit| limit <= self.now())
    }
}

impl Group {
    /// What a poll of `run` does.
    pub fn run(&mut self) {
        if self.gone {
            return;
        }
        self.began = true;
        while !self.gone && self.step() {}
    }

    /// Does one thing, if there is one to do.
    fn step(&mut self) -> bool {
        if let Some(event) = self.inbox.pop_front() {
            self.take(event);
        } else if self.is_late() {
            self.force();
        } else if self.start() {
            self.note_readiness();
        } else if self.record.is_over(self.drain_ends) {
            self.stop();
        } else if let Some(id) = self.next_over_its_grace() {
            self.abort(id);
        } else if !self.stopping && !self.has_foreground() {
            // Laws 13 and 27: it is the cause, unless there is one, and ends the drain.
            self.begin(Why::NobodyLeft);
            self.stop();
        } else {
            self.note_readiness();
            return self.stopping && self.advance();
        }
        true
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Exit(id, ended) => self.take_exit(id, ended),
            Event::Announced(id) => self.actor(id).ready = true,
            Event::Request(why) => self.take_request(why),
            Event::Interrupt(why) => {
                // Law 27: "What is outside has drained."
                self.skips_drain = true;
                self.take_request(why);
                self.end_drain();
            }
            Event::SkipDrain => self.end_drain(),
            Event::Force => {
                // Law 18: without a cause, it is a request too.
                self.begin(Why::Request(true));
                if !self.dropped {
                    self.force();
                }
            }
        }
    }

    /// Laws 5, 7, 12, 13 and 27.
    fn take_exit(&mut self, id: Id, ended: Ended) {
        let actor = self.actor(id);
        actor.life = Life::Exited;
        let leaves = actor.leaves(ended);
        actor.left = leaves;
        if leaves && actor.interrupt == Interrupted::NotYet {
            self.drop_interrupt(id);
        }
        if self.cause.is_none() && !leaves {
            self.begin(Why::Exit(id, ended));
            self.stop();
            return;
        }
        // Law 27: before the first interrupt, a failure that would have ended the group counts.
        let counts = self.cause.is_some() && !leaves && ended != Ended::Returned;
        self.list(id, ended, self.interrupting || counts);
        if counts && self.drain_ends.is_some() {
            self.stop();
        }
    }

    /// Laws 5 and 27.
    fn take_request(&mut self, why: Why) {
        if self.cause.is_some() {
            return;
        }
        let drain = u32::from(self.settings.drain);
        let requested_ok = why == Why::Request(true);
        self.begin(why);
        let has_time = drain > 0 && !self.skips_drain && !self.is_late();
        if requested_ok && self.was_ready && has_time && !self.is_force_asked() {
            self.drain_ends = Some(self.record.now() + drain);
        } else {
            self.stop();
        }
    }

    fn end_drain(&mut self) {
        if self.drain_ends.is_some() {
            self.stop();
        }
    }
}

impl Group {
    fn actor(&mut self, id: Id) -> &mut Actor {
        self.actors.get_mut(&id).expect("an actor")
    }

    fn any(&self, is: impl Fn(&Actor) -> bool) -> bool {
        self.actors.values().any(is)
    }

    fn ids(&self, are: impl Fn(&Actor) -> bool) -> Vec<Id> {
        let ids = self.actors.iter().filter(|(_, actor)| are(actor));
        ids.map(|(id, _)| *id).collect()
    }

    /// The budget of the stop is spent.
    fn is_late(&self) -> bool {
        self.record.is_over(self.grace_ends)
    }

    fn has_foreground(&self) -> bool {
        self.any(|actor| actor.turn != Turn::Background && actor.is_alive())
    }

    fn next_over_its_grace(&self) -> Option<Id> {
        let is_over = |actor: &Actor| self.record.is_over(actor.grace_ends);
        self.ids(|actor| actor.life == Life::Running && is_over(actor))
            .first()
            .copied()
    }
}
