//! What the group tells `tracing`; nothing without the feature, which is looked at here only.

#[cfg(feature = "tracing")]
mod live;
#[cfg(not(feature = "tracing"))]
mod silent;

#[cfg(feature = "tracing")]
pub(crate) use live::*;
#[cfg(not(feature = "tracing"))]
pub(crate) use silent::*;
