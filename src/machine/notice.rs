//! What the machine must act on.

use std::time::Duration;

use crate::cause::Exit;
use crate::report::{ForcedBy, Severity};

/// What a wait ended with.
pub(super) enum Notice {
    /// An actor exited whose policy says that it ends the group. Only before the first interrupt.
    Exit {
        exit: Exit,
        /// Since the birth of the group.
        at: Duration,
        /// What the exit means for the result if it counts as one during the stop.
        severity: Severity,
    },
    Requested,
    SkipDrain,
    /// No actor is left that keeps the group alive. Only before the first interrupt.
    NoActorLeft,
    /// A force was requested, or the grace is over.
    MustForce(ForcedBy),
    /// The drain is over, or all actors whose turn it is have exited.
    StepOver,
    /// An actor's own grace is over.
    OwnGraceOver,
    /// A turn lasts long, and somebody listens.
    TurnIsLong,
}
