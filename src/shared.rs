//! What threads share: the group, its handles and its tasks.
//!
//! | file | what it holds | who changes it |
//! | --- | --- | --- |
//! | `latch` | a value that is set once, and its waiting tasks | anyone |
//! | `mailbox` | what was sent to the group, and the group's waker | tasks and handles; the group takes |
//! | `group_state` | the phase, the request, the cause | handles and the group |
//! | `receiver` | the group's end of the two | the group |
//! | `intake` | the actors that were added, and for whom it is closed | handles; the group takes |
//! | `members`, `chunk_map`, `chunk`, `member_ref` | where the members are stored | the group |
//! | `member` | one actor: its future, its end | its task; the group forces it |
//! | `stage` | how many actors of a stage have yet to exit | tasks, from its turn on |

pub(crate) mod chunk;
pub(crate) mod chunk_map;
pub(crate) mod group_state;
pub(crate) mod intake;
pub(crate) mod interrupt;
pub(crate) mod latch;
pub(crate) mod mailbox;
pub(crate) mod member;
pub(crate) mod member_ref;
pub(crate) mod members;
pub(crate) mod readiness;
pub(crate) mod receiver;
pub(crate) mod short_queue;
pub(crate) mod snapshot;
pub(crate) mod stage;
pub(crate) mod timestamp;
