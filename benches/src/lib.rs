//! What the benches and the comparison program measure: the life of a group, ours and each peer's,
//! on the same work.

mod ours;
mod peers;

pub mod churn;
pub mod contestant;
pub mod late;
pub mod nested;
pub mod process;
pub mod runtime;
pub mod work;

pub use contestant::Contestant;
pub use runtime::Runtime;
pub use work::{AllParked, AtOnce, LookAround, Work};
