//! What the group sends to `tracing`: nothing without the feature. Every event and span has the
//! target `rungroup`. The panic of a subscriber is contained here.

#[cfg(feature = "tracing")]
mod live;
#[cfg(not(feature = "tracing"))]
mod silent;

#[cfg(feature = "tracing")]
pub(crate) use live::*;
#[cfg(not(feature = "tracing"))]
pub(crate) use silent::*;
