//! The settings of an actor, which are fixed before it starts.

use std::fmt;

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
pub(crate) enum StopOrder {
    Background,
    Stage(u32),
}

/// One actor's settings. They take eight bytes, because each member keeps them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings {
    /// Background actors have one too: it decides when they start.
    pub(crate) stage: u32,
    pub(crate) ends: Ends,
    /// A bit for each of the constants below.
    flags: u8,
}

/// The stage was given, rather than left at the default.
const HAS_STAGE: u8 = 1;
const IS_BACKGROUND: u8 = 1 << 1;
const MUST_SUCCEED: u8 = 1 << 2;
const ANNOUNCES: u8 = 1 << 3;
/// The actor has a context to announce with.
const HAS_CONTEXT: u8 = 1 << 4;

impl Settings {
    pub(crate) fn set_stage(&mut self, stage: u32) {
        self.stage = stage;
        self.flags |= HAS_STAGE;
    }

    pub(crate) fn set_background(&mut self) {
        self.flags |= IS_BACKGROUND;
    }

    pub(crate) fn set_must_succeed(&mut self) {
        self.flags |= MUST_SUCCEED;
    }

    pub(crate) fn set_announces(&mut self) {
        self.flags |= ANNOUNCES;
    }

    pub(crate) fn set_has_context(&mut self) {
        self.flags |= HAS_CONTEXT;
    }

    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn is_background(self) -> bool {
        self.has(IS_BACKGROUND)
    }

    pub(crate) fn must_succeed(self) -> bool {
        self.has(MUST_SUCCEED)
    }

    pub(crate) fn announces(self) -> bool {
        self.has(ANNOUNCES)
    }

    /// Whether the group waits for an announcement that the actor cannot make.
    pub(crate) fn cannot_announce(self) -> bool {
        self.has(ANNOUNCES) && !self.has(HAS_CONTEXT)
    }

    pub(crate) fn order(self) -> StopOrder {
        if self.is_background() {
            StopOrder::Background
        } else {
            StopOrder::Stage(self.stage)
        }
    }

    /// The settings of an actor that `parent` adds. It stops with its parent, unless it was given a
    /// stage of its own.
    pub(crate) fn with_parent(mut self, parent: Parent) -> Settings {
        if !self.has(HAS_STAGE) {
            self.stage = parent.stage;
            if parent.background {
                self.set_background();
            }
        }
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("stage", &self.stage)
            .field("background", &self.is_background())
            .field("ends", &self.ends)
            .field("must_succeed", &self.must_succeed())
            .field("announces", &self.announces())
            .finish_non_exhaustive()
    }
}

/// The place in the stop of an actor that adds others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    pub(crate) stage: u32,
    pub(crate) background: bool,
}
