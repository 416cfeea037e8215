//! `docs/laws.md`, law by law. The first line of each file says which of them it holds.

mod actor_grace;
mod adding;
mod announcing;
mod batches;
mod drain;
mod edge_cases;
mod entered;
mod faults;
mod freed;
mod grace;
mod handle;
mod last_mail;
mod leaving;
mod must_succeed;
mod policies;
mod readiness;
mod revoking;
mod stages;
mod start;
mod status;
mod status_stuck;
mod stop;
mod stopping;
mod stragglers;
mod wakers;
