//! The ways to make an actor: with a context, on a thread, from a group, for signals.

mod blocking_with;
mod children;
mod context;
mod context_after_exit;
#[cfg(all(windows, feature = "signal"))]
mod ctrl_c;
mod nested;
#[cfg(all(unix, feature = "signal"))]
mod signal;
