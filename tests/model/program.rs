//! What is run on both: the actors of a group, perhaps with a group inside, and a script.

use std::fmt;

/// An actor, by its place in the order in which the program mentions it.
pub type Id = usize;

/// The outer group and the one inside, if an actor is [`Kind::Group`].
pub const OUTER: usize = 0;
pub const INNER: usize = 1;

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub outer: Settings,
    pub inner: Settings,
    pub actors: Vec<Spec>,
    pub steps: Vec<Step>,
}

/// Limits are in ticks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    pub grace: Option<u8>,
    pub drain: u8,
    /// By `run_report`, not by `run`.
    pub keeps_exits: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub kind: Kind,
    /// In the group inside, if there is one.
    pub inside: bool,
    pub stage: Option<u32>,
    pub ends: Ends,
    pub background: bool,
    pub announces: bool,
    pub must_succeed: bool,
    pub grace: Option<u8>,
    /// How it exits once it is interrupted; a deaf one does not.
    pub obeys: Option<How>,
    /// What its interrupt does besides: only a [`Kind::Pair`] has one of its own.
    pub interrupt: Interrupt,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Pair,
    With,
    /// The group inside: at most one actor is.
    Group,
}

/// `rungroup::Ends`, which is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ends {
    OnExit,
    OnError,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    Ok,
    Err,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interrupt {
    Signals,
    /// Signals, then panics.
    Panics,
    /// Signals, then forces its group.
    Forces,
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub act: Act,
    pub then: Then,
}

/// What happens to the group. An actor that is not there makes it nothing.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The actor is told to exit when it is next polled.
    Exit(Id, How),
    /// The spawner drops its task, now or when it gets it.
    Lose(Id),
    Announce(Id),
    Revoke(Id),
    Request(usize, bool),
    SkipDrain(usize),
    Force(usize),
    /// Adds an actor, from outside or by an actor's context.
    Add(usize, Spec),
    AddBy(Id, Spec),
    Tick,
    DropRun,
    Nothing,
}

/// What is polled after that, if woken.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    Nobody,
    Run,
    Tasks,
    /// All, until nobody is woken: `run` first, then one task.
    All,
}

impl Spec {
    /// A pair that obeys, with all settings left alone.
    pub fn pair() -> Spec {
        Spec {
            kind: Kind::Pair,
            inside: false,
            stage: None,
            ends: Ends::OnExit,
            background: false,
            announces: false,
            must_succeed: false,
            grace: None,
            obeys: Some(How::Ok),
            interrupt: Interrupt::Signals,
        }
    }

    pub fn with() -> Spec {
        Spec {
            kind: Kind::With,
            ..Spec::pair()
        }
    }

    pub fn group() -> Spec {
        Spec {
            kind: Kind::Group,
            ..Spec::pair()
        }
    }

    pub fn stage(self, stage: u32) -> Spec {
        Spec {
            stage: Some(stage),
            ..self
        }
    }

    pub fn ends(self, ends: Ends) -> Spec {
        Spec { ends, ..self }
    }

    pub fn background(self) -> Spec {
        Spec {
            background: true,
            ..self
        }
    }

    pub fn inside(self) -> Spec {
        Spec {
            inside: true,
            ..self
        }
    }

    pub fn announces(self) -> Spec {
        Spec {
            announces: true,
            ..self
        }
    }

    pub fn must_succeed(self) -> Spec {
        Spec {
            must_succeed: true,
            ..self
        }
    }

    pub fn grace(self, ticks: u8) -> Spec {
        Spec {
            grace: Some(ticks),
            ..self
        }
    }

    pub fn deaf(self) -> Spec {
        Spec {
            obeys: None,
            ..self
        }
    }

    pub fn obeys(self, how: How) -> Spec {
        Spec {
            obeys: Some(how),
            ..self
        }
    }

    pub fn interrupt(self, interrupt: Interrupt) -> Spec {
        Spec { interrupt, ..self }
    }
}

impl Program {
    /// Makes one actor the group of those that are inside.
    pub fn nest(&mut self) {
        if let Some(spec) = self.actors.iter_mut().find(|spec| !spec.inside) {
            spec.kind = Kind::Group;
        }
    }

    /// The actor that is the group inside.
    pub fn group(&self) -> Option<Id> {
        self.actors.iter().position(|spec| spec.kind == Kind::Group)
    }

    /// The group of an actor.
    pub fn home(&self, spec: &Spec) -> usize {
        if spec.inside && self.group().is_some() {
            INNER
        } else {
            OUTER
        }
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        1 + usize::from(self.group().is_some())
    }
}

/// Only the settings that were touched.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        let flags = [
            (self.inside, "inside"),
            (self.background, "background"),
            (self.announces, "announces"),
            (self.must_succeed, "must succeed"),
            (self.obeys.is_none(), "deaf"),
        ];
        for (_, word) in flags.iter().filter(|(is_set, _)| *is_set) {
            write!(f, ", {word}")?;
        }
        self.stage
            .map_or(Ok(()), |stage| write!(f, ", stage {stage}"))?;
        self.grace
            .map_or(Ok(()), |ticks| write!(f, ", grace {ticks}"))?;
        if self.ends != Ends::OnExit {
            write!(f, ", ends {:?}", self.ends)?;
        }
        if let Some(how @ (How::Err | How::Panic)) = self.obeys {
            write!(f, ", obeys with {how:?}")?;
        }
        if self.interrupt != Interrupt::Signals {
            write!(f, ", interrupt {:?}", self.interrupt)?;
        }
        Ok(())
    }
}
