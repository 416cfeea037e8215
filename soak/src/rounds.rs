//! The kinds of rounds. Each runs its groups to their end.

mod burst;
mod churn;
mod nest;
mod signal;
mod stop;

pub use burst::burst;
pub use churn::churn;
pub use nest::nest;
pub use signal::signal;
pub use stop::stop;
