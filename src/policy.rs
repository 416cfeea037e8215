//! What is settled about an actor before it starts.

use crate::exit::Outcome;

/// Which exits of an actor end its group. An "error" is every exit but `Ok`: a failure, a panic, a
/// loss.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Ends};
///
/// let one_shot = Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError);
/// # drop(one_shot);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ends {
    /// Every exit ends the group, as in Go.
    #[default]
    OnExit,
    /// An error ends the group. An `Ok` exit removes the actor; the group goes on.
    OnError,
    /// No exit ends the group. Exits that are not `Ok` are in the report. Before the first interrupt
    /// not even a panic fails the run; during the stop, a panic or a loss does.
    ///
    /// The report keeps these exits for as long as the group runs, so actors that come by the
    /// thousand should log their errors and return `Ok`.
    Never,
}

impl Ends {
    pub(crate) fn on(self, outcome: &Outcome) -> bool {
        match self {
            Ends::OnExit => true,
            Ends::OnError => !outcome.is_ok(),
            Ends::Never => false,
        }
    }
}

/// When an actor's turn in the stop comes: the highest first, the background last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Background,
    Stage(u32),
}

/// One actor's settings, as they are given to it.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Settings {
    pub(crate) stage: u32,
    /// Whether the stage was given, rather than the default.
    pub(crate) has_stage: bool,
    pub(crate) ends: Ends,
    pub(crate) background: bool,
    pub(crate) must_succeed: bool,
    /// It is not ready until it says so.
    pub(crate) announces: bool,
    /// It has a context to say so with.
    pub(crate) has_context: bool,
}

impl Settings {
    pub(crate) fn rank(&self) -> Rank {
        if self.background {
            Rank::Background
        } else {
            Rank::Stage(self.stage)
        }
    }

    /// The settings of one that `adder` adds: it stops with its adder, unless it was given a stage
    /// of its own.
    pub(crate) fn added_by(mut self, adder: Adder) -> Settings {
        if !self.has_stage {
            self.stage = adder.stage;
            self.background |= adder.background;
        }
        self
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            stage: self.stage,
            ends: self.ends,
            must_succeed: self.must_succeed,
            announces: self.announces,
            has_context: self.has_context,
        }
    }
}

/// Where the actor stops that adds others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adder {
    pub(crate) stage: u32,
    pub(crate) background: bool,
}

/// What a member keeps of its settings, beside its rank. Small, for there is one for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Of those in the background too, which start by it.
    pub(crate) stage: u32,
    pub(crate) ends: Ends,
    pub(crate) must_succeed: bool,
    pub(crate) announces: bool,
    pub(crate) has_context: bool,
}
