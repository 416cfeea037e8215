//! A group as `docs/laws.md` has it: laws 5 to 19 and 24 to 32, as one sequential program.
//!
//! It is written from the laws, not from the library, and is as plain and as slow as it likes.
//! What happens to the group arrives in its inbox. [`Group::run`] takes one event after the other,
//! as `run` does when it is polled. Time is in ticks. An actor may be a group itself.
//!
//! Where the laws leave a choice, because `run` sees several things together, the model says which:
//!
//! - Events are taken in their order. What was added is taken in first; it counts for the question
//!   whether an actor is left.
//! - The cause interrupts the first stage before anything else is taken, unless a force has been
//!   asked for or the grace is over: then only the force interrupts. Each further stage waits until
//!   all that has happened is taken.
//! - A limit is looked at when all that has happened is taken; a limit of zero, when it begins.
//! - The group is ready when it has nothing more to do, so an announcement and a request together
//!   are a group that was never ready.
//! - A drop of `run` takes what has happened, then forces.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::program::{Ends, How, Id, Interrupt, Kind, Settings, Spec};
use crate::seen::{self, End, Ended, Face, Phase, Seen, Told, Why};

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
    /// The last turn whose interrupts were called.
    turn: Option<Turn>,
    /// Its `run` is being dropped.
    dropped: bool,
    gone: bool,
    exits: Vec<(Id, Ended, bool)>,
    stragglers: Vec<(Id, bool)>,
    never_started: Vec<Id>,
    /// The first panic, loss, or failure of one that must succeed, during the stop.
    fault: Option<(seen::Kind, Id)>,
    /// The first actor that is a group with stragglers, during the stop.
    straggling_group: Option<Id>,
    pub end: Option<End>,
    record: Record,
}

pub struct Actor {
    spec: Spec,
    /// `run` has seen that it was added.
    known: bool,
    turn: Turn,
    life: Life,
    interrupt: Due,
    /// Whether only the force interrupted it.
    forced: bool,
    /// When its own grace ends.
    grace_ends: Option<u32>,
    announced: bool,
    /// It exited, and its policy ignores that.
    left: bool,
    /// The group has seen that it announced.
    ready: bool,
    polled: bool,
    /// How the script wants it to exit.
    pub wants: Option<How>,
    /// Its spawner drops its task as soon as it has it.
    pub doomed: bool,
    pub inner: Option<Group>,
}

/// When an actor is interrupted: the highest first (laws 11 and 14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Background,
    Stage(u32),
}

#[derive(Clone, Copy, PartialEq)]
pub enum Life {
    /// Accepted, not started.
    Waiting,
    Running,
    /// Its execute has ended; the group has yet to see it.
    Finished,
    Exited,
    NeverStarted,
}

#[derive(Clone, Copy, PartialEq)]
enum Due {
    Due,
    Called,
    DroppedUncalled,
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

// ---- run

impl Group {
    /// What a poll of `run` does.
    pub fn run(&mut self) {
        if self.gone {
            return;
        }
        self.began = true;
        self.start();
        while !self.gone && self.step() {
            self.start();
        }
        self.note_readiness();
    }

    /// Does one thing, if there is one to do.
    fn step(&mut self) -> bool {
        if let Some(event) = self.inbox.pop_front() {
            self.take(event);
        } else if self.record.is_over(self.grace_ends) {
            self.force();
        } else if self.record.is_over(self.drain_ends) {
            self.stop();
        } else if let Some(id) = self.next_over_its_grace() {
            self.abort(id);
        } else if !self.stopping && !self.has_foreground() {
            // Laws 13 and 27: it is the cause, unless there is one, and ends the drain.
            self.begin(Why::NobodyLeft);
            self.stop();
        } else {
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
        if leaves && actor.interrupt == Due::Due {
            self.drop_interrupt(id);
        }
        if self.cause.is_none() && !leaves {
            self.begin(Why::Exit(id, ended));
            self.stop();
            return;
        }
        let ends_drain = self.drain_ends.is_some() && !leaves && ended != Ended::Returned;
        self.list(id, ended, self.stopping || ends_drain);
        if ends_drain {
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
        let has_time = drain > 0 && !self.skips_drain && !self.is_forced();
        if requested_ok && self.was_ready && has_time {
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

// ---- the stop

impl Group {
    /// The first cause wins, and the budget runs from it (laws 5 and 15).
    fn begin(&mut self, why: Why) {
        if self.cause.is_none() {
            self.cause = Some(why);
            let grace = self.settings.grace;
            self.grace_ends = grace.map(|limit| self.record.now() + u32::from(limit));
        }
    }

    /// The interrupts begin. What readiness holds back by now never starts (law 26).
    fn stop(&mut self) {
        if self.dropped {
            return; // `drop_run` forces, when it has taken all that is there.
        }
        self.hold_back();
        // No turn begins once a force was asked for.
        if self.is_forced() {
            self.force();
        } else {
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
    fn advance(&mut self) -> bool {
        let had_its_turn = |actor: &Actor| self.turn.is_some_and(|turn| actor.turn >= turn);
        if self.any(|actor| actor.is_alive() && had_its_turn(actor)) {
            return false;
        }
        match self.next_turn() {
            Some(turn) => self.interrupt(turn, false),
            None if self.any(Actor::is_alive) => return false,
            None => self.finish(),
        }
        // A grace of zero is over before anything else happens.
        while let Some(id) = self.next_over_its_grace() {
            self.abort(id);
        }
        true
    }

    /// The next turn in which an interrupt is due.
    fn next_turn(&self) -> Option<Turn> {
        let due = self
            .actors
            .values()
            .filter(|actor| actor.interrupt == Due::Due);
        let turns = due.map(|actor| actor.turn);
        turns
            .filter(|turn| self.turn.is_none_or(|last| *turn < last))
            .max()
    }

    /// Laws 6 to 8.
    fn interrupt(&mut self, turn: Turn, forced: bool) {
        self.start();
        self.turn = Some(turn);
        for id in self.ids(|actor| actor.turn == turn && actor.interrupt == Due::Due) {
            match self.actor(id).life {
                Life::Waiting => self.name_never_started(id),
                _ => self.call_interrupt(id, forced),
            }
        }
    }

    fn call_interrupt(&mut self, id: Id, forced: bool) {
        let now = self.record.now();
        let cause = self.cause.clone().expect("a cause");
        let actor = self.actor(id);
        actor.interrupt = Due::Called;
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
    fn force(&mut self) {
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
    fn abort(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.life = Life::Exited;
        let waited_for = !actor.forced;
        self.drop_execute(id);
        self.stragglers.push((id, waited_for));
        self.exits.push((id, Ended::Aborted, true));
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
            self.gone = true;
        }
    }
}

// ---- the result

impl Group {
    fn list(&mut self, id: Id, ended: Ended, during_stop: bool) {
        self.exits.push((id, ended, during_stop));
        if !during_stop {
            return;
        }
        let must_succeed = self.actors[&id].spec.must_succeed;
        match self.kind_of(id, ended) {
            Some(kind @ (seen::Kind::Panicked | seen::Kind::Lost)) => {
                self.fault.get_or_insert((kind, id));
            }
            Some(kind) if must_succeed => {
                self.fault.get_or_insert((kind, id));
            }
            Some(seen::Kind::Stragglers) => {
                self.straggling_group.get_or_insert(id);
            }
            _ => {}
        }
    }

    /// Law 10.
    fn finish(&mut self) {
        let cause = self.cause.clone().expect("a cause");
        let by_cause = match cause {
            Why::Exit(id, ended) => self.kind_of(id, ended).map(|kind| (kind, Some(id))),
            Why::Request(false) => Some((seen::Kind::Failed, None)),
            _ => None,
        };
        let fault = self.fault.map(|(kind, id)| (kind, Some(id)));
        let stragglers = (!self.stragglers.is_empty()).then_some((seen::Kind::Stragglers, None));
        let inside = self
            .straggling_group
            .map(|id| (seen::Kind::Stragglers, Some(id)));
        let error = by_cause.or(fault).or(stragglers).or(inside);
        let all = self.settings.keeps_exits;
        let kept = self
            .exits
            .iter()
            .filter(|exit| all || exit.1 != Ended::Returned);
        let report = Told {
            cause,
            exits: kept.copied().collect(),
            stragglers: self.stragglers.clone(),
            never_started: self.never_started.clone(),
        };
        self.end = Some(End {
            error,
            report: (all || error.is_some()).then_some(report),
        });
        self.gone = true;
    }

    /// What kind of error an exit is. A group counts as its own run did.
    fn kind_of(&self, id: Id, ended: Ended) -> Option<seen::Kind> {
        let inner = self.actors[&id].inner.as_ref();
        let inner_error = inner.and_then(|inner| inner.end.as_ref()?.error);
        match ended {
            Ended::Returned | Ended::Aborted => None,
            Ended::Panicked => Some(seen::Kind::Panicked),
            Ended::Lost => Some(seen::Kind::Lost),
            Ended::Failed => Some(inner_error.map_or(seen::Kind::Failed, |(kind, _)| kind)),
        }
    }
}

// ---- starts and readiness

impl Group {
    /// Starts those that may, in the order of adding (laws 4 and 26).
    fn start(&mut self) {
        self.actors
            .values_mut()
            .for_each(|actor| actor.known = true);
        while let Some(id) = self.next_to_start() {
            let actor = self.actor(id);
            actor.life = Life::Running;
            let doomed = actor.doomed;
            // What was accepted before `run` is dropped is interrupted, but never runs.
            if !self.dropped {
                self.record.note(|seen| seen.started.push(id));
                if doomed {
                    self.lose(id);
                }
            }
        }
    }

    /// The first that all below have announced to, or left.
    fn next_to_start(&self) -> Option<Id> {
        let is_open = |stage: u32| !self.any(|one| one.stage() < stage && one.holds_back());
        let may_start = |actor: &Actor| actor.life == Life::Waiting && is_open(actor.stage());
        self.ids(may_start).first().copied()
    }

    fn note_readiness(&mut self) {
        let waits = |actor: &Actor| actor.life == Life::Waiting || actor.holds_back();
        self.was_ready |= self.cause.is_none() && !self.gone && !self.any(waits);
    }

    fn name_never_started(&mut self, id: Id) {
        self.never_started.push(id);
        self.never_start(id);
    }

    fn never_start(&mut self, id: Id) {
        self.actor(id).life = Life::NeverStarted;
        self.drop_interrupt(id);
        self.drop_execute(id);
    }

    fn drop_interrupt(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.interrupt = Due::DroppedUncalled;
        if actor.spec.kind == Kind::Pair {
            self.record.note(|seen| seen.uncalled.insert(id));
        }
    }

    fn drop_execute(&mut self, id: Id) {
        match &mut self.actor(id).inner {
            Some(inner) => inner.drop_run(),
            None => self.record.note(|seen| {
                seen.dropped.insert(id);
            }),
        }
    }
}

// ---- from outside

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
            dropped: false,
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
        if actor.spec.announces && !actor.announced && actor.life == Life::Running {
            actor.announced = true;
            self.tell(Event::Announced(id));
        }
    }

    /// What a poll of the actor's task does.
    pub fn poll(&mut self, id: Id) {
        let actor = self.actor(id);
        actor.polled = true;
        let ended = match &mut actor.inner {
            None => actor.wish().map(Ended::from),
            Some(inner) => {
                inner.run();
                let is_ready = inner.was_ready;
                let ended = inner
                    .end
                    .as_ref()
                    .map(|end| end.error.map_or(Ended::Returned, |_| Ended::Failed));
                if is_ready {
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
        let time = is_over(self.grace_ends) || is_over(self.drain_ends);
        let actors = self.any(|actor| !actor.known) || self.next_over_its_grace().is_some();
        !self.gone && (!self.began || !self.inbox.is_empty() || time || actors)
    }

    /// Laws 26, 29 and 30.
    pub fn face(&mut self) -> Face {
        let cause = self.cause.clone().or(self.is_asked());
        let stopping = cause.is_some() || self.gone;
        let is_ready = self.was_ready && !stopping;
        if self.told_ready.is_none() && (is_ready || stopping) {
            self.told_ready = Some(is_ready);
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
            _ => false,
        };
        let awaited = self.ids(|actor| actor.known && awaited(actor)).into_iter();
        awaited.map(|id| (id, self.actors[&id].stage())).collect()
    }

    /// A force is asked for, or due.
    fn is_forced(&self) -> bool {
        let asked = |event: &Event| matches!(event, Event::Force);
        self.inbox.iter().any(asked) || self.record.is_over(self.grace_ends)
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

// ---- actors

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

impl Actor {
    fn new(spec: Spec) -> Actor {
        Actor {
            spec,
            known: false,
            turn: Turn::of(&spec),
            life: Life::Waiting,
            interrupt: Due::Due,
            forced: false,
            grace_ends: None,
            announced: false,
            left: false,
            ready: false,
            polled: false,
            wants: None,
            doomed: false,
            inner: None,
        }
    }

    pub fn life(&self) -> Life {
        self.life
    }

    /// Whether its context tells of an interrupt, once it has one and as long as it is a member.
    pub fn is_told(&self) -> Option<bool> {
        let is_member = self.interrupt != Due::DroppedUncalled;
        (self.has_context() && is_member).then_some(self.interrupt == Due::Called)
    }

    /// Its execute has been called.
    pub fn has_context(&self) -> bool {
        self.polled && self.spec.kind == Kind::With
    }

    /// What an actor is that it adds: of its stage, unless it is given its own.
    pub fn heir(&self, spec: Spec) -> Spec {
        match self.turn {
            _ if spec.stage.is_some() => spec,
            Turn::Stage(stage) => spec.stage(stage),
            Turn::Background => spec.stage(self.stage()).background(),
        }
    }

    /// How it exits when it is polled now.
    fn wish(&self) -> Option<How> {
        let obeys = self.spec.obeys.filter(|_| self.interrupt == Due::Called);
        self.wants.or(obeys)
    }

    /// Whether the group goes on without it (law 13).
    fn leaves(&self, ended: Ended) -> bool {
        match self.spec.ends {
            Ends::OnExit => false,
            Ends::OnError => ended == Ended::Returned,
            Ends::Never => true,
        }
    }

    /// Whether the stages above wait for it (law 26).
    fn holds_back(&self) -> bool {
        let is_there = !self.left && self.life != Life::NeverStarted;
        self.spec.announces && !self.ready && is_there
    }

    fn is_alive(&self) -> bool {
        matches!(self.life, Life::Waiting | Life::Running | Life::Finished)
    }

    fn stage(&self) -> u32 {
        self.spec.stage.unwrap_or(0)
    }
}

impl Turn {
    fn of(spec: &Spec) -> Turn {
        match spec.background {
            true => Turn::Background,
            false => Turn::Stage(spec.stage.unwrap_or(0)),
        }
    }
}

impl From<How> for Ended {
    fn from(how: How) -> Ended {
        match how {
            How::Ok => Ended::Returned,
            How::Err => Ended::Failed,
            How::Panic => Ended::Panicked,
        }
    }
}
