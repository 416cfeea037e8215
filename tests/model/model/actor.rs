//! An actor, with what is settled about it and what has become of it.

use super::Group;
use crate::program::{Ends, How, Kind, Spec};
use crate::seen::Ended;

pub struct Actor {
    pub spec: Spec,
    /// `run` has seen that it was added.
    pub known: bool,
    pub turn: Turn,
    pub life: Life,
    pub interrupt: Interrupted,
    /// Whether only the force interrupted it.
    pub forced: bool,
    /// When its own grace ends.
    pub grace_ends: Option<u32>,
    pub announced: bool,
    /// It has taken its announcement back.
    pub revoked: bool,
    /// It exited, and its policy ignores that.
    pub left: bool,
    /// It was forced.
    pub straggled: bool,
    /// The group has seen that it announced.
    pub ready: bool,
    pub polled: bool,
    /// How the script wants it to exit.
    pub wants: Option<How>,
    /// Its spawner drops its task as soon as it has it.
    pub doomed: bool,
    pub inner: Option<Group>,
}

/// When an actor is interrupted: the highest first (laws 11 and 14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
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
pub enum Interrupted {
    NotYet,
    Called,
    /// Its interrupt was dropped uncalled.
    Never,
}

impl Actor {
    pub fn new(spec: Spec) -> Actor {
        Actor {
            spec,
            known: false,
            turn: Turn::of(&spec),
            life: Life::Waiting,
            interrupt: Interrupted::NotYet,
            forced: false,
            grace_ends: None,
            announced: false,
            revoked: false,
            left: false,
            straggled: false,
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
        let is_member = self.interrupt != Interrupted::Never;
        (self.has_context() && is_member).then_some(self.interrupt == Interrupted::Called)
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
    pub fn wish(&self) -> Option<How> {
        let obeys = self
            .spec
            .obeys
            .filter(|_| self.interrupt == Interrupted::Called);
        self.wants.or(obeys)
    }

    /// Whether the group goes on without it (law 13).
    pub fn leaves(&self, ended: Ended) -> bool {
        match self.spec.ends {
            Ends::OnExit => false,
            Ends::OnError => ended == Ended::Returned,
            Ends::Never => true,
        }
    }

    /// Whether the stages above wait for it (law 26). Nobody waits for one that was forced (law 28).
    pub fn holds_back(&self) -> bool {
        let is_there = !self.left && !self.straggled && self.life != Life::NeverStarted;
        self.spec.announces && !self.ready && is_there
    }

    /// Whether the group is not ready because of it, although it was (law 26). Its exit counts once
    /// the group has seen it.
    pub fn has_revoked(&self) -> bool {
        self.revoked && matches!(self.life, Life::Running | Life::Finished)
    }

    pub fn is_alive(&self) -> bool {
        matches!(self.life, Life::Waiting | Life::Running | Life::Finished)
    }

    pub fn stage(&self) -> u32 {
        self.spec.stage.unwrap_or(0)
    }
}

impl Turn {
    pub fn of(spec: &Spec) -> Turn {
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
