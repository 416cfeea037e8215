//! What threads share: the group, its handles and its tasks.

pub(crate) mod door;
pub(crate) mod interrupt;
pub(crate) mod latch;
pub(crate) mod link;
pub(crate) mod member;
pub(crate) mod members;
pub(crate) mod readiness;
pub(crate) mod seat;
pub(crate) mod stage;
