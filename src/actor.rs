//! What a group is made of.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;

use crate::cell::Cell;
use crate::exit::{Cause, Outcome, Result};
use crate::interrupt::{Interrupt, Once};
use crate::unwind;

pub(crate) type Execute = Pin<Box<dyn Future<Output = Result> + Send>>;

/// One concurrent part of a program: an *execute* future, an *interrupt* function that makes it
/// end, and a few settings.
///
/// An actor is a value. Nothing of it runs before it was added to a [`Group`](crate::Group) and
/// the group runs; dropped before that, neither its execute is polled nor its interrupt called.
///
/// The contract between the two, as in Go's `run.Group`: after interrupt was called, execute
/// returns soon. Interrupt is called at most once. It may be called before execute was first
/// polled, while it runs, or after it has returned. It must return promptly: it signals, it does
/// not wait.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Ends, Group, Threads};
///
/// let (stop, stopped) = async_channel::bounded::<()>(1);
/// let queue = Actor::new(
///     async move {
///         let _ = stopped.recv().await;
///         Ok(())
///     },
///     move |_cause| drop(stop),
/// )
/// .name("queue")
/// .stage(1)
/// .ends_group(Ends::OnError);
///
/// let mut group = Group::new();
/// group.add_actor(queue);
/// group.add(async { Ok(()) }, |_cause| {});
/// group.run_blocking(Threads).unwrap();
/// ```
#[must_use = "an actor does nothing until it is added to a group"]
pub struct Actor {
    /// Nobody else has it before the actor is added to a group.
    pub(crate) cell: Arc<Cell>,
    /// Of an actor whose execute looks at its cell.
    pub(crate) make: Option<Make>,
}

/// Makes an execute that looks at the cell of its own actor: at its name, or its interrupt. Called
/// when the actor is added to a group, for until then the cell must be nobody else's. The cell and
/// the execute then hold each other, until the cell lets go of the execute: at its end, at a force,
/// or when the group is dropped without a start.
pub(crate) type Make = Box<dyn FnOnce(&Arc<Cell>) -> Execute + Send>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) stage: u32,
    pub(crate) ends: Ends,
    pub(crate) background: bool,
    /// It is not ready until it announces it.
    pub(crate) awaited: bool,
}

impl Actor {
    /// Makes an actor of an execute future and the function that interrupts it.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Actor;
    ///
    /// let (stop, stopped) = async_channel::bounded::<()>(1);
    /// let actor = Actor::new(
    ///     async move {
    ///         let _ = stopped.recv().await; // an error when `stop` is dropped
    ///         Ok(())
    ///     },
    ///     move |_cause| drop(stop),
    /// );
    /// # drop(actor);
    /// ```
    #[track_caller]
    pub fn new(
        execute: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        let execute: Execute = Box::pin(execute);
        Actor {
            cell: Arc::new(Cell::new(
                Name::of_caller(),
                Some(execute),
                Once::new(interrupt),
            )),
            make: None,
        }
    }

    /// Makes an actor whose execute looks at the cell of its own actor.
    #[track_caller]
    pub(crate) fn in_its_cell(
        interrupt: impl Interrupt + 'static,
        make: impl FnOnce(&Arc<Cell>) -> Execute + Send + 'static,
    ) -> Actor {
        Actor {
            cell: Arc::new(Cell::new(Name::of_caller(), None, interrupt)),
            make: Some(Box::new(make)),
        }
    }

    /// Names the actor, for errors, the report, threads and logs. An unnamed one goes by the place
    /// in the source where it was made.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::Actor;
    ///
    /// let actor = Actor::new(async { Ok(()) }, |_| {}).name("http");
    /// let numbered = Actor::new(async { Ok(()) }, |_| {}).name(format!("worker-{}", 7)); // owned
    /// # drop((actor, numbered));
    /// ```
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Actor {
        self.cell_mut().name.text = Some(Arc::new(name.into()));
        self
    }

    /// Puts the actor into a stage; 0 by default.
    ///
    /// A stop goes from the highest stage down: a stage is interrupted when every actor of the
    /// higher ones has exited. A start goes the other way, where
    /// [readiness](Actor::with_ready) asks for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// for (name, stage) in [("database", 0), ("workers", 1), ("http", 2)] {
    ///     let actor = Actor::with(move |ctx| async move {
    ///         ctx.interrupted().await;
    ///         println!("{name} stops"); // http, then workers, then database
    ///         Ok(())
    ///     });
    ///     group.add_actor(actor.name(name).stage(stage));
    /// }
    /// group.handle().interrupt(Ok(()));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn stage(mut self, stage: u32) -> Actor {
        self.settings_mut().stage = stage;
        self
    }

    /// Says which exits of the actor end the group; [`Ends::OnExit`] by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("migrate").ends_group(Ends::OnError));
    /// group.add_actor(Actor::new(async { Err("no mail".into()) }, |_| {}).ends_group(Ends::Never));
    /// // No actor is left, and none of them ended the group with an error.
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn ends_group(mut self, when: Ends) -> Actor {
        self.settings_mut().ends = when;
        self
    }

    /// Makes it a background actor: it does not keep the group alive, and it is interrupted after
    /// all others have exited, whatever its stage.
    ///
    /// For what must watch until the end: signals, metrics, logs.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::{Actor, Ends, Group, Threads};
    ///
    /// let mut group = Group::new();
    /// group.add_actor(Actor::cancellable(std::future::pending()).background());
    /// group.add_actor(Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError));
    /// group.run_blocking(Threads).unwrap();
    /// ```
    pub fn background(mut self) -> Actor {
        self.settings_mut().background = true;
        self
    }

    /// Drops its parts one by one, for two panics at once would abort.
    pub(crate) fn discard(self) {
        let _ = unwind::catch_drop(self.make);
        self.cell.discard();
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.cell_mut().settings
    }

    pub(crate) fn cell_mut(&mut self) -> &mut Cell {
        Arc::get_mut(&mut self.cell).expect("an actor is shared only once it is in a group")
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("name", &self.cell.name)
            .field("settings", &self.cell.settings)
            .finish_non_exhaustive()
    }
}

/// Which exits of an actor end its group. An "error" is every exit but `Ok`: a failure, a panic, a
/// loss.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Ends};
///
/// let one_shot = Actor::new(async { Ok(()) }, |_| {}).ends_group(Ends::OnError);
/// # drop(one_shot);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ends {
    /// Every exit ends the group, as in Go.
    #[default]
    OnExit,
    /// An `Ok` exit is just gone; an error ends the group.
    OnError,
    /// No exit ends the group; one that is not `Ok` is in the report. Before the stop, not even a
    /// panic fails the run; during the stop, a panic or a loss does. The report keeps each of them,
    /// so an actor that comes by the thousand should log its errors and return `Ok`.
    Never,
}

impl Ends {
    pub(crate) fn on(self, outcome: &Outcome) -> bool {
        match self {
            Ends::OnExit => true,
            Ends::OnError => !outcome.is_ok(),
            Ends::Never => false,
        }
    }
}

/// The name of an actor, or the place in the source where it was made.
///
/// Its `Display` is the name as it was given, or `file:line:column`.
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
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Shared, because reports, errors and logs all bear it.
    text: Option<Arc<Cow<'static, str>>>,
    location: &'static Location<'static>,
}

impl Name {
    /// The name of an actor that was given none yet.
    #[track_caller]
    fn of_caller() -> Name {
        Name {
            text: None,
            location: Location::caller(),
        }
    }

    /// Returns the name the actor was given, if it was.
    ///
    /// # Examples
    ///
    /// See [`Name`].
    pub fn as_str(&self) -> Option<&str> {
        self.text.as_ref().map(|text| &***text)
    }

    /// Returns where the actor's constructor was called.
    ///
    /// # Examples
    ///
    /// See [`Name`].
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The name as a sentence quotes it: `` `http` ``, or `at src/main.rs:10:5`.
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

pub(crate) struct Quoted<'a>(&'a Name);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.text {
            Some(text) => write!(f, "`{text}`"),
            None => write!(f, "at {}", self.0.location),
        }
    }
}
