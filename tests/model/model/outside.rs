//! The group from outside: its actors' tasks, its handles and its executor.

use std::collections::{BTreeMap, VecDeque};

use super::actor::{Actor, Life, Turn};
use super::{Answer, Event, Group, Record};
use crate::program::{Id, Settings, Spec};
use crate::seen::{Ended, Face, Phase, Why};

impl Group {
    pub fn new(settings: Settings, record: &Record) -> Group {
        Group {
            settings,
            actors: BTreeMap::new(),
            inbox: VecDeque::new(),
            began: false,
            was_ready: false,
            told_ready: None,
            skips_drain: false,
            cause: None,
            grace_ends: None,
            drain_ends: None,
            stopping: false,
            turn: None,
            interrupting: false,
            dropped: false,
            forcing: false,
            gone: false,
            exits: Vec::new(),
            stragglers: Vec::new(),
            never_started: Vec::new(),
            fault: None,
            straggling_group: None,
            end: None,
            record: record.clone(),
        }
    }

    pub fn tell(&mut self, event: Event) {
        if !self.gone {
            // "Now or later": also for a request that it follows.
            self.skips_drain |= matches!(event, Event::SkipDrain);
            self.inbox.push_back(event);
        }
    }

    /// Law 24: a stage takes actors until its interrupts are due.
    pub fn answer_to(&self, spec: &Spec) -> Answer {
        if self.gone || self.turn.is_some_and(|turn| Turn::of(spec) >= turn) {
            Answer::GivesBack
        } else if self.is_asked().is_some() || self.began && self.has_work() {
            Answer::Either
        } else {
            Answer::Accepts
        }
    }

    pub fn add(&mut self, id: Id, spec: Spec) {
        self.actors.insert(id, Actor::new(spec));
    }

    pub fn give_back(&mut self, id: Id, spec: Spec) {
        self.add(id, spec);
        self.record.note(|seen| seen.given_back.insert(id));
        self.never_start(id);
    }

    /// The execute ends, and the group has yet to see it.
    fn exit(&mut self, id: Id, ended: Ended) {
        self.actor(id).life = Life::Finished;
        self.drop_execute(id);
        self.tell(Event::Exit(id, ended));
    }

    /// The spawner drops the actor's task.
    pub fn lose(&mut self, id: Id) {
        self.exit(id, Ended::Lost);
    }

    pub fn announce(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.revoked = false;
        if actor.spec.announces && !actor.announced && actor.life == Life::Running {
            actor.announced = true;
            self.tell(Event::Announced(id));
        }
    }

    /// Law 26: it has an effect until the group has seen the exit.
    pub fn revoke(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.revoked |= actor.announced && matches!(actor.life, Life::Running | Life::Finished);
    }

    /// What a poll of the actor's task does.
    pub fn poll(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.polled = true;
        let ended = match &mut actor.inner {
            None => actor.wish().map(Ended::from),
            Some(inner) => {
                inner.run();
                // Ready is what `Handle::ready` says, which a revocation does not change (law 26).
                let is_ready = inner.was_ready && !inner.is_stopping();
                let ended = inner
                    .end
                    .as_ref()
                    .map(|end| end.error.map_or(Ended::Returned, |_| Ended::Failed));
                // What the inner run returns is the exit, whether the inner group is ready or not.
                if is_ready && ended.is_none() {
                    self.announce(id);
                }
                ended
            }
        };
        if let Some(ended) = ended {
            self.exit(id, ended);
        }
    }

    /// Whether a poll of the actor's task would do something.
    pub fn is_woken(&self, id: Id) -> bool {
        let actor = &self.actors[&id];
        let has_work = match &actor.inner {
            Some(inner) => inner.has_work(),
            None => actor.wish().is_some(),
        };
        actor.life == Life::Running && (!actor.polled || has_work)
    }

    /// Whether a poll of `run` would do something.
    fn has_work(&self) -> bool {
        let is_over = |limit| self.record.is_over(limit);
        let time = self.is_late() || is_over(self.drain_ends);
        let actors = self.any(|actor| !actor.known) || self.next_over_its_grace().is_some();
        !self.gone && (!self.began || !self.inbox.is_empty() || time || actors)
    }

    fn is_stopping(&self) -> bool {
        self.cause.is_some() || self.is_asked().is_some() || self.gone
    }

    fn is_ready(&self) -> bool {
        self.was_ready && !self.is_stopping() && !self.any(Actor::has_revoked)
    }

    /// Laws 26, 29 and 30.
    pub fn face(&mut self) -> Face {
        let cause = self.cause.clone().or(self.is_asked());
        let stopping = cause.is_some() || self.gone;
        let is_ready = self.is_ready();
        // `ready` is about the start alone.
        if self.told_ready.is_none() && (self.was_ready || stopping) {
            self.told_ready = Some(self.was_ready && !stopping);
        }
        Face {
            phase: self.phase(),
            is_ready,
            ready: self.told_ready,
            stopping,
            waiting_for: self.waiting_for(),
            cause,
        }
    }

    fn phase(&self) -> Phase {
        match () {
            () if self.gone => Phase::Ended,
            () if self.stopping => Phase::Stopping,
            () if self.cause.is_some() => Phase::Draining,
            () if !self.began => Phase::NotStarted,
            () if self.was_ready => Phase::Running,
            () => Phase::Starting,
        }
    }

    fn waiting_for(&self) -> BTreeMap<Id, u32> {
        let asked = self.is_asked().is_some();
        let is_alive = |actor: &Actor| matches!(actor.life, Life::Waiting | Life::Running);
        let awaited = |actor: &Actor| match self.phase() {
            Phase::Stopping => is_alive(actor),
            Phase::Starting | Phase::Running if asked => is_alive(actor),
            Phase::Starting => is_alive(actor) && !actor.announced && actor.holds_back(),
            Phase::Running => is_alive(actor) && actor.revoked,
            _ => false,
        };
        let awaited = self.ids(|actor| actor.known && awaited(actor)).into_iter();
        awaited.map(|id| (id, self.actors[&id].stage())).collect()
    }

    pub fn is_force_asked(&self) -> bool {
        let mut inbox = self.inbox.iter();
        inbox.any(|event| matches!(event, Event::Force))
    }

    /// The reason of a request that `run` has not taken.
    fn is_asked(&self) -> Option<Why> {
        self.inbox.iter().find_map(|event| match event {
            Event::Request(why) | Event::Interrupt(why) => Some(why.clone()),
            Event::Force => Some(Why::Request(true)),
            _ => None,
        })
    }
}
