//! What can be seen of a run after each step: through the public API, by its actors and by its
//! spawner.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::Id;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Tasks handed to the spawner, in order.
    pub started: Vec<Id>,
    /// Interrupts of pairs, in the order of their calls, with the cause that they got.
    pub interrupts: Vec<(Id, Why)>,
    /// Interrupts of pairs that were dropped uncalled.
    pub uncalled: BTreeSet<Id>,
    /// Executes that were dropped: at their end, or by force.
    pub dropped: BTreeSet<Id>,
    /// Actors that the group did not take.
    pub given_back: BTreeSet<Id>,
    /// Whether the context of each that has one tells of an interrupt.
    pub told: BTreeMap<Id, bool>,
    /// Each group as its handle shows it.
    pub groups: Vec<Face>,
    /// What `run` returned.
    pub end: Option<End>,
}

/// The reason of a stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Exit(Id, Ended),
    /// By a handle, with `Ok` or with an error.
    Request(bool),
    NobodyLeft,
    RunDropped,
    /// The outer group interrupts the inner one.
    Outer,
}

/// An outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ended {
    Returned,
    Failed,
    Panicked,
    Lost,
    Forced,
}

/// What a handle shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    pub phase: Phase,
    pub is_ready: bool,
    /// What a `ready` that is awaited from the beginning resolved to.
    pub ready: Option<bool>,
    /// Whether a `stopping` that is awaited from the beginning resolved.
    pub stopping: bool,
    pub cause: Option<Why>,
    /// Those that are waited for, with their stages.
    pub waiting_for: BTreeMap<Id, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    NotStarted,
    Starting,
    Running,
    Draining,
    Stopping,
    Ended,
}

#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The kind of the error and the actor that it names.
    pub error: Option<(Kind, Option<Id>)>,
    /// Absent if `run` returned `Ok`.
    pub report: Option<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Failed,
    Panicked,
    Lost,
    Stragglers,
}

/// What a report tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub cause: Why,
    /// In order, and whether it was during the stop.
    pub exits: Vec<(Id, Ended, bool)>,
    /// In order, and whether it was waited for. Here all are parked.
    pub stragglers: Vec<(Id, bool)>,
    pub never_started: Vec<Id>,
}
