//! What the group tells `tracing`, with the feature; nothing without it. All of it has the target
//! `rungroup`. A subscriber that panics is contained here.

#[cfg(feature = "tracing")]
mod live;
#[cfg(not(feature = "tracing"))]
mod silent;

#[cfg(feature = "tracing")]
pub(crate) use live::*;
#[cfg(not(feature = "tracing"))]
pub(crate) use silent::*;
