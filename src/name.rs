//! The name of an actor.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::text::OneLine;

/// The name of an actor, or the place in the source where it was made.
///
/// Its `Display` is the name as it was given, or `file:line:column`. Errors, reports and events
/// show it on one line.
///
/// # Examples
///
/// ```
/// use rungroup::{Group, Threads};
///
/// let mut group = Group::new();
/// group.add(async { Err("down".into()) }, |_| {});
/// let error = group.run_blocking(Threads).unwrap_err();
///
/// let name = error.actor().unwrap();
/// assert_eq!(name.as_str(), None);
/// assert_eq!(name.to_string(), name.location().to_string());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Shared, because reports, errors and logs all have it.
    text: Option<Arc<Cow<'static, str>>>,
    location: &'static Location<'static>,
}

impl Name {
    /// The name of an actor that has not been given one.
    #[track_caller]
    pub(crate) fn of_caller() -> Name {
        Name {
            text: None,
            location: Location::caller(),
        }
    }

    pub(crate) fn set(&mut self, text: Cow<'static, str>) {
        self.text = Some(Arc::new(text));
    }

    /// Returns the name that the actor was given, if any.
    pub fn as_str(&self) -> Option<&str> {
        self.text.as_ref().map(|text| &***text)
    }

    /// Returns where the actor's constructor was called.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The name, or the end of the path to where the actor was made, for a column of a table.
    pub(crate) fn short(&self) -> String {
        let full = self.to_string();
        match self.as_str() {
            Some(_) => full,
            None => full.rsplit(['/', '\\']).next().unwrap_or_default().into(),
        }
    }

    /// The name as a sentence quotes it, on one line: `` `http` ``, or `at src/main.rs:10:5`.
    pub(crate) fn quoted(&self) -> Quoted<'_> {
        Quoted(self)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.pad(text),
            None => f.pad(&self.location.to_string()),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// The name on one line, for a log.
pub(crate) struct Line<'a>(pub(crate) &'a Name);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            Some(text) => OneLine(text).fmt(f),
            None => self.0.location.fmt(f),
        }
    }
}

pub(crate) struct Quoted<'a>(&'a Name);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            Some(_) => write!(f, "`{}`", Line(self.0)),
            None => write!(f, "at {}", Line(self.0)),
        }
    }
}
