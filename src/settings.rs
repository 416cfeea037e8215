//! The settings of an actor, which are fixed before it starts.

use crate::outcome::Outcome;

/// Which exits of an actor end its group.
///
/// An "error" is every exit other than `Ok`: a failure, a panic or a loss.
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
    /// No exit ends the group. Exits that are not `Ok` are in the report. Before the first
    /// interrupt, not even a panic fails the run. During the stop, a panic or a loss does, and so
    /// does an `Err` if the actor [must succeed](crate::Actor::must_succeed).
    ///
    /// Of the exits before the stop, the report keeps the first 100 and the last 100 that are not
    /// `Ok`, and counts the others. Actors that come by the thousand should log their errors.
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

/// An actor's place in the order of the stop: the highest stage first, the background last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Background,
    Stage(u32),
}

/// One actor's settings, as the user gave them.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Settings {
    pub(crate) stage: u32,
    /// Whether the stage was given, rather than left at the default.
    pub(crate) has_stage: bool,
    pub(crate) ends: Ends,
    pub(crate) background: bool,
    pub(crate) must_succeed: bool,
    /// Whether it announces that it is ready.
    pub(crate) announces: bool,
    /// Whether it has a context to announce through.
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

    /// The settings of an actor that `adder` adds. It stops with its adder, unless it was given a
    /// stage of its own.
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

/// The place in the stop of an actor that adds others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adder {
    pub(crate) stage: u32,
    pub(crate) background: bool,
}

/// What a member keeps of its settings, beside its rank. It is small, because each member has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Background actors have one too: it decides when they start.
    pub(crate) stage: u32,
    pub(crate) ends: Ends,
    pub(crate) must_succeed: bool,
    pub(crate) announces: bool,
    pub(crate) has_context: bool,
}
