//! Errors that are as bad as an error can be.

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};

use rungroup::BoxError;

use crate::support::kaboom;

/// Panics when it is dropped.
#[derive(Debug)]
pub struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        kaboom("drop of an error");
    }
}

impl Display for Fragile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("fragile")
    }
}

impl Error for Fragile {}

/// Cannot be formatted.
#[derive(Clone, Copy)]
pub enum Unspeakable {
    Panics,
    Fails,
}

impl Unspeakable {
    pub const ALL: [Unspeakable; 2] = [Unspeakable::Panics, Unspeakable::Fails];

    fn speak(self) -> fmt::Result {
        match self {
            Unspeakable::Panics => kaboom("unspeakable"),
            Unspeakable::Fails => Err(fmt::Error),
        }
    }
}

impl Debug for Unspeakable {
    fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
        self.speak()
    }
}

impl Display for Unspeakable {
    fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
        self.speak()
    }
}

impl Error for Unspeakable {}

/// An error with a source.
#[derive(Debug)]
pub struct Because {
    what: &'static str,
    why: BoxError,
}

/// "`what`", because of `why`.
pub fn because(what: &'static str, why: impl Into<BoxError>) -> BoxError {
    let why = why.into();
    Box::new(Because { what, why })
}

impl Display for Because {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl Error for Because {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.why)
    }
}
