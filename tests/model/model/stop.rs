//! The stop: the turns one after the other, and the force (laws 6 to 11, 14 to 19 and 28).

use super::actor::{Actor, Interrupted, Life, Turn};
use super::{Event, Group};
use crate::program::{Id, Interrupt, Kind};
use crate::seen::{self, Ended, Why};

impl Group {
    /// The first cause wins, and the budget runs from it (laws 5 and 15).
    pub fn begin(&mut self, why: Why) {
        if self.cause.is_none() {
            self.cause = Some(why);
            let grace = self.settings.grace;
            self.grace_ends = grace.map(|limit| self.record.now() + u32::from(limit));
        }
    }

    /// The interrupts begin. What readiness holds back by now never starts (law 26).
    pub fn stop(&mut self) {
        if self.dropped {
            return; // `drop_run` forces, when it has taken all that is there.
        }
        // No turn begins once a force was asked for, nor when there is no time.
        if self.is_force_asked() || self.is_late() {
            self.force();
        } else {
            self.hold_back();
            self.advance();
        }
    }

    fn hold_back(&mut self) {
        self.start();
        self.drain_ends = None;
        self.stopping = true;
        for id in self.ids(|actor| actor.life == Life::Waiting) {
            self.name_never_started(id);
        }
    }

    /// Goes to the next turn, if all of those that had theirs have exited (law 11).
    pub fn advance(&mut self) -> bool {
        let had_its_turn = |actor: &Actor| self.turn.is_some_and(|turn| actor.turn >= turn);
        if self.any(|actor| actor.is_alive() && had_its_turn(actor)) {
            return false;
        }
        match self.decide_turn() {
            Some(turn) => self.interrupt(turn, false),
            None => self.finish(),
        }
        // A grace of zero is over before anything else happens.
        while let Some(id) = self.next_over_its_grace() {
            self.abort(id);
        }
        true
    }

    /// Decides whose turn is next (laws 7, 24 and 26): what was accepted for it starts, what readiness
    /// holds back never does, and what has happened is taken. If its last actors leave by that, it is
    /// the next one's.
    fn decide_turn(&mut self) -> Option<Turn> {
        while let Some(turn) = self.next_turn() {
            self.start();
            self.turn = Some(turn);
            for id in self.ids(|actor| actor.turn >= turn && actor.life == Life::Waiting) {
                self.name_never_started(id);
            }
            self.take_mail();
            if self.any(|actor| actor.turn == turn && actor.interrupt == Interrupted::NotYet) {
                return Some(turn);
            }
        }
        None
    }

    /// Takes what has happened, none of which is a force that was asked for.
    fn take_mail(&mut self) {
        while let Some(event) = self.inbox.pop_front() {
            if let Event::Exit(..) | Event::Announced(_) = event {
                self.take(event);
            }
        }
    }

    /// The next turn in which an interrupt is due.
    fn next_turn(&self) -> Option<Turn> {
        let due = self
            .actors
            .values()
            .filter(|actor| actor.interrupt == Interrupted::NotYet);
        let turns = due.map(|actor| actor.turn);
        turns
            .filter(|turn| self.turn.is_none_or(|last| *turn < last))
            .max()
    }

    /// Laws 6 to 8.
    fn interrupt(&mut self, turn: Turn, forced: bool) {
        self.turn = Some(turn);
        self.interrupting = true;
        for id in self.ids(|actor| actor.turn == turn && actor.interrupt == Interrupted::NotYet) {
            self.call_interrupt(id, forced);
        }
    }

    fn call_interrupt(&mut self, id: Id, forced: bool) {
        let now = self.record.now();
        let cause = self.cause.clone().expect("a cause");
        let actor = self.actor(id);
        actor.interrupt = Interrupted::Called;
        actor.forced = forced;
        actor.grace_ends = actor.spec.grace.map(|limit| now + u32::from(limit));
        if let Some(inner) = &mut actor.inner {
            // The reason of a plain request is not told twice.
            let is_plain = cause == Why::Request(true);
            inner.tell(Event::Interrupt(if is_plain {
                cause.clone()
            } else {
                Why::Outer
            }));
        }
        if actor.spec.kind != Kind::Pair {
            return;
        }
        let does = actor.spec.interrupt;
        self.record.note(|seen| seen.interrupts.push((id, cause)));
        match does {
            Interrupt::Signals => {}
            Interrupt::Panics => {
                self.fault.get_or_insert((seen::Kind::Panicked, id));
            }
            Interrupt::Forces => self.tell(Event::Force),
        }
    }

    /// Law 16.
    pub fn force(&mut self) {
        self.forcing = true;
        self.drain_ends = None;
        self.take_mail();
        self.hold_back();
        while let Some(turn) = self.next_turn() {
            self.interrupt(turn, true);
        }
        let mut rest = self.ids(|actor| actor.life == Life::Running);
        rest.sort_by_key(|id| std::cmp::Reverse(self.actors[id].turn));
        for id in rest {
            self.abort(id);
        }
        // Law 17: these finished, although nobody has seen it.
        while let Some(event) = self.inbox.pop_front() {
            if let Event::Exit(id, ended) = event {
                self.actor(id).life = Life::Exited;
                self.list(id, ended, true);
            }
        }
        self.finish();
    }

    /// One actor is forced: alone (law 28), or with all others.
    pub fn abort(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.life = Life::Exited;
        actor.straggled = true;
        let waited_for = !actor.forced;
        self.drop_execute(id);
        self.stragglers.push((id, waited_for));
        self.exits.push((id, Ended::Forced, true));
    }

    /// Law 19; law 2 for one that never ran.
    pub fn drop_run(&mut self) {
        if self.gone {
            return;
        }
        if self.began {
            self.dropped = true;
            while let Some(event) = self.inbox.pop_front() {
                self.take(event);
            }
            if !self.gone {
                self.begin(Why::RunDropped);
                self.force();
            }
            self.end = None;
        } else {
            for id in self.ids(|_| true) {
                self.never_start(id);
            }
            // What was asked of it is not its cause: it never stopped.
            self.inbox.clear();
            self.gone = true;
        }
    }
}
