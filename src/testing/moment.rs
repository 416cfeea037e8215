//! One trial, as a value and as text.

use std::env;
use std::fmt;

use super::fault::Injection;
use crate::name::{Line, Name};

/// The environment variable that selects one trial.
pub(super) const VARIABLE: &str = "RUNGROUP_TRIAL";

/// What is done to which actor, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) injection: Injection,
    /// It is done before this poll of the actor. The first one is 1.
    pub(super) poll: usize,
    /// The [`label`] of the actor.
    pub(super) actor: String,
}

/// The trial that a person has asked for.
pub(super) enum Alone {
    Undisturbed,
    At(Moment),
}

/// The text for an actor in `RUNGROUP_TRIAL`: its name or place of construction, and its number if
/// there are several with that name, in the order of spawning.
pub(super) fn label(actor: &Name, nth: usize) -> String {
    match nth {
        0 => Line(actor).to_string(),
        _ => format!("{}#{}", Line(actor), nth + 1),
    }
}

/// The trial that the environment asks for, if it does.
///
/// # Panics
///
/// Panics if it asks for something that is no trial.
pub(super) fn asked_for() -> Option<Alone> {
    let text = env::var(VARIABLE).ok().filter(|text| !text.is_empty())?;
    let parsed = parse(&text);
    assert!(
        parsed.is_some(),
        "{VARIABLE} is `{text}`, but must be `<fault>:<poll>:<actor>`"
    );
    parsed
}

fn parse(text: &str) -> Option<Alone> {
    // The place of an unnamed actor has colons too.
    let mut parts = text.splitn(3, ':');
    let injection = Injection::from_word(parts.next()?)?;
    let poll = parts.next()?.parse().ok()?;
    let actor = parts.next()?.to_owned();
    Some(match poll {
        0 => Alone::Undisturbed,
        _ => Alone::At(Moment {
            injection,
            poll,
            actor,
        }),
    })
}

/// The value of `RUNGROUP_TRIAL`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.injection.word(), self.poll, self.actor)
    }
}

/// The value of `RUNGROUP_TRIAL`, quoted for a shell.
pub(super) fn quoted(moment: Option<&Moment>) -> String {
    let value = match moment {
        Some(moment) => moment.to_string(),
        None => "stop:0:".into(),
    };
    format!("{VARIABLE}='{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_read_as_it_is_written() {
        for injection in Injection::ALL {
            let moment = Moment {
                injection,
                poll: 7,
                actor: "src/main.rs:10:5#2".into(),
            };
            let read = parse(&moment.to_string());
            assert!(matches!(read, Some(Alone::At(read)) if read == moment));
        }
        assert!(matches!(parse("stop:0:"), Some(Alone::Undisturbed)));
    }

    #[test]
    fn what_is_no_trial_is_not_read() {
        for text in [
            "stop",
            "stop:1",
            "stop:x:http",
            "explode:1:http",
            "stop:-1:http",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_shell_reads_what_is_quoted() {
        let moment = Moment {
            injection: Injection::StopFirst,
            poll: 1,
            actor: "the cat's".into(),
        };
        let expected = r"RUNGROUP_TRIAL='stop-first:1:the cat'\''s'";
        assert_eq!(quoted(Some(&moment)), expected);
    }

    #[test]
    fn actors_of_one_name_are_numbered() {
        let mut name = Name::of_caller();
        name.set("a\nb".into());
        assert_eq!(label(&name, 0), "a b");
        assert_eq!(label(&name, 1), "a b#2");
    }
}
