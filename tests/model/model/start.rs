//! Which actors start when, and which never do (laws 4 and 26).

use super::Group;
use super::actor::{Actor, Interrupted, Life};
use crate::program::{Id, Kind};

impl Group {
    /// Starts those that may, in the order of adding (laws 4 and 26). Returns whether there were any.
    pub fn start(&mut self) -> bool {
        let mut any = false;
        self.actors
            .values_mut()
            .for_each(|actor| actor.known = true);
        while let Some(id) = self.next_to_start() {
            any = true;
            let actor = self.actor(id);
            actor.life = Life::Running;
            let doomed = actor.doomed;
            // What was accepted before a force is interrupted, but never runs (law 15).
            if !self.forcing {
                self.record.note(|seen| seen.started.push(id));
                if doomed {
                    self.lose(id);
                }
            }
        }
        any
    }

    /// The first that all below have announced to, or left.
    pub fn next_to_start(&self) -> Option<Id> {
        let is_open = |stage: u32| !self.any(|one| one.stage() < stage && one.holds_back());
        let may_start = |actor: &Actor| actor.life == Life::Waiting && is_open(actor.stage());
        self.ids(may_start).first().copied()
    }

    pub fn note_readiness(&mut self) {
        let waits = |actor: &Actor| actor.life == Life::Waiting || actor.holds_back();
        self.was_ready |= self.cause.is_none() && !self.gone && !self.any(waits);
    }

    pub fn name_never_started(&mut self, id: Id) {
        self.never_started.push(id);
        self.never_start(id);
    }

    pub fn never_start(&mut self, id: Id) {
        self.actor(id).life = Life::NeverStarted;
        self.drop_interrupt(id);
        self.drop_execute(id);
    }

    pub fn drop_interrupt(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.interrupt = Interrupted::Never;
        if actor.spec.kind == Kind::Pair {
            self.record.note(|seen| seen.uncalled.insert(id));
        }
    }

    pub fn drop_execute(&mut self, id: Id) {
        match &mut self.actor(id).inner {
            Some(inner) => inner.drop_run(),
            None => self.record.note(|seen| {
                seen.dropped.insert(id);
            }),
        }
    }
}
