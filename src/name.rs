//! The name of an actor.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::Arc;

use crate::text::OneLine;

/// The name of an actor, or the place in the source where it was made.
///
/// Its `Display` is the name on one line, without control characters, or `file:line:column`. A name
/// with nothing to show, such as an empty one, counts as none. A name can be compared with a string.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads};
///
/// let mut group = Group::new();
/// group.add(async { Err("down".into()) }, |_| {});
/// let error = group.run_blocking(Threads).unwrap_err();
///
/// let name = error.actor().unwrap();
/// assert_eq!(name.as_str(), None);
/// assert_eq!(name.to_string(), name.location().to_string());
///
/// let mut group = Group::new();
/// group.add_actor(Actor::new(async { Err("down".into()) }, |_| {}).name("http"));
/// let error = group.run_blocking(Threads).unwrap_err();
/// assert!(*error.actor().unwrap() == "http");
/// ```
#[derive(Clone)]
pub struct Name {
    text: Text,
    location: &'static Location<'static>,
}

/// Reports, errors and logs all have the name, so it is cheap to clone.
#[derive(Clone)]
enum Text {
    /// Not given: the place is the name.
    Place,
    /// Needs no allocation.
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// The name of an actor that has not been given one.
    #[track_caller]
    pub(crate) fn of_caller() -> Name {
        Name {
            text: Text::Place,
            location: Location::caller(),
        }
    }

    pub(crate) fn set(&mut self, text: Cow<'static, str>) {
        self.text = match text {
            text if OneLine(&text).is_empty() => Text::Place,
            Cow::Borrowed(text) => Text::Static(text),
            Cow::Owned(text) => Text::Shared(text.into()),
        };
    }

    /// Returns the name as the actor was given it, if any.
    pub fn as_str(&self) -> Option<&str> {
        match &self.text {
            Text::Place => None,
            Text::Static(text) => Some(text),
            Text::Shared(text) => Some(text),
        }
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

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.as_str() == other.as_str() && self.location == other.location
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
        self.location.hash(state);
    }
}

/// Compares the name that the actor was given. An actor that has none equals no string.
impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

/// Compares the name that the actor was given. An actor that has none equals no string.
impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Line(self).to_string())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", Line(self))
    }
}

/// The name on one line, without padding.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: impl Into<Cow<'static, str>>) -> Name {
        let mut name = Name::of_caller();
        name.set(text.into());
        name
    }

    fn hash(name: &Name) -> u64 {
        use std::collections::hash_map::DefaultHasher;
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn a_static_and_an_owned_text_are_one_name() {
        let [one, other] = [Cow::Borrowed("db"), Cow::Owned("db".into())].map(name);
        assert_eq!(one, other);
        assert_eq!(hash(&one), hash(&other));
        assert!(one == *"db" && other == "db" && one != "cache");
        let mut elsewhere = Name::of_caller();
        elsewhere.set("db".into());
        assert_ne!(one, elsewhere);
    }

    #[test]
    fn a_name_with_nothing_to_show_is_the_place() {
        for nothing in ["", " ", "\n", "\u{202e}", "\0 \u{2028}"] {
            let name = name(nothing);
            assert_eq!(name.as_str(), None, "{nothing:?}");
            assert_eq!(name.to_string(), name.location().to_string());
            assert!(name != "" && name != nothing);
        }
    }

    #[test]
    fn a_name_is_shown_on_one_line() {
        let name = name("a\u{202e}b\nc");
        assert_eq!(name.as_str(), Some("a\u{202e}b\nc"));
        assert_eq!(format!("{name:6}|"), "ab c  |");
        assert_eq!(format!("{name:?}"), "Name(ab c)");
    }
}
