//! What a reader sees of an actor at one moment.

use std::time::Duration;

use crate::name::Name;
use crate::phase::ActorState;
use crate::settings::StopOrder;

/// All times are since the birth of the group.
pub(crate) struct MemberSnapshot {
    pub(crate) name: Name,
    pub(crate) stage: u32,
    pub(crate) order: StopOrder,
    pub(crate) state: ActorState,
    pub(crate) started: Option<Duration>,
    /// When its stage was interrupted.
    pub(crate) interrupted: Option<Duration>,
    /// Whether the group waits for it to announce that it is ready.
    pub(crate) has_yet_to_announce: bool,
    /// Whether it has taken back that it is ready.
    pub(crate) has_revoked: bool,
    /// Whether `run` is inside its interrupt or one of its destructors.
    pub(crate) is_in_a_callback: bool,
}
