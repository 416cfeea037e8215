//! The spawners of each runtime, and the test kit for those who write one.

#[cfg(feature = "conformance")]
mod conformance;
mod spawners;
