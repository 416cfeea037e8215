//! Reports and states as data, with the feature `serde`.
//!
//! A value that may be missing is there as null, so every value of a type has the same fields. Errors
//! are their text with their sources. Durations are whole milliseconds in fields that end in `_ms`.

use std::error::Error;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::cause::{Cause, Exit, Trigger};
use crate::error::{ErrorKind, failure};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::phase::{ActorState, Phase};
use crate::reason::Signal;
use crate::report::{ForcedBy, Report, Straggler};
use crate::settings::Ends;
use crate::status::{ActorStatus, Status};
use crate::text::{Chained, millis};

/// Implements `Serialize` for a type as a struct with these fields.
macro_rules! structs {
    ($($type:ident $(<$life:lifetime>)? as $value:ident { $($field:ident: $get:expr,)* })*) => {$(
        impl Serialize for $type $(<$life>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $value = self;
                let length = [$(stringify!($field)),*].len();
                let mut fields = serializer.serialize_struct(stringify!($type), length)?;
                $(fields.serialize_field(stringify!($field), &$get)?;)*
                fields.end()
            }
        }
    )*};
}

structs! {
    Report as report {
        error: failure(report).map(|failure| failure.to_string()),
        cause: report.cause(),
        took_ms: millis(report.took()),
        exits: report.exits(),
        omitted: report.omitted(),
        stragglers: report.stragglers(),
        never_started: report.never_started(),
        interrupt_panics: interrupt_panics(report),
    }
    Cause as cause {
        text: cause.to_string(),
        kind: kind_of(cause.trigger()),
        actor: cause.actor(),
        outcome: cause.outcome(),
        error: cause.error().map(text),
        signal: cause.by_signal(),
    }
    Exit as exit {
        actor: exit.actor(),
        outcome: exit.outcome(),
        ran_for_ms: millis(exit.ran_for()),
        stopped_in_ms: exit.stopped_in().map(millis),
    }
    Outcome as outcome {
        kind: outcome.word(),
        error: outcome.detail(),
    }
    Straggler as straggler {
        actor: straggler.actor(),
        state: straggler.state(),
        waited_for_ms: straggler.waited_for().map(millis),
        reason: straggler.reason(),
    }
    Status as status {
        phase: status.phase(),
        since_ms: millis(status.since()),
        remaining_ms: status.remaining().map(millis),
        cause: status.cause(),
        requested_ms: status.requested().map(millis),
        forcing: status.forcing(),
        force_requested_ms: status.force_requested().map(millis),
        waiting_for: status.waiting_for(),
        actors: status.actors(),
    }
    ActorStatus as status {
        actor: status.actor(),
        stage: status.stage(),
        background: status.is_background(),
        state: status.state(),
        since_ms: millis(status.since()),
    }
    InterruptPanic<'_> as panicked {
        actor: panicked.actor,
        message: panicked.message,
    }
}

/// By its system's name: "SIGTERM".
impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Implements `Serialize` for a type as one string.
macro_rules! strings {
    ($($type:ident { $($variant:ident = $text:literal,)* })*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self {
                    $($type::$variant => $text,)*
                })
            }
        }
    )*};
}

strings! {
    Phase {
        NotStarted = "not_started",
        Starting = "starting",
        Running = "running",
        Draining = "draining",
        Stopping = "stopping",
        Ended = "ended",
    }
    ActorState {
        Parked = "parked",
        Polling = "polling",
        Blocking = "blocking",
        Interrupting = "interrupting",
    }
    ForcedBy {
        Request = "request",
        Grace = "grace",
        OwnGrace = "own_grace",
        Drop = "drop",
    }
    ErrorKind {
        Failed = "failed",
        Panicked = "panicked",
        Lost = "lost",
        Stragglers = "stragglers",
    }
    Ends {
        OnExit = "on_exit",
        OnError = "on_error",
        Never = "never",
    }
}

/// The name, or the place where the actor was made.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct InterruptPanic<'a> {
    actor: &'a Name,
    message: String,
}

fn interrupt_panics(report: &Report) -> Vec<InterruptPanic<'_>> {
    let panics = report.interrupt_panics().iter();
    panics
        .map(|(actor, panic)| InterruptPanic {
            actor,
            message: panic.to_string(),
        })
        .collect()
}

fn kind_of(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::Exit(_) => "exit",
        Trigger::Request { .. } => "request",
        Trigger::NoActorLeft => "no_actor_left",
        Trigger::Dropped => "dropped",
    }
}

fn text(error: &(dyn Error + 'static)) -> String {
    Chained(error).to_string()
}
