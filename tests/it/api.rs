//! The public API, name by name: what other crates are compiled against.
//!
//! Compiling it proves most of it. Like `runtime.rs`, it names runtimes.

#![deny(unfulfilled_lint_expectations, unreachable_patterns)]

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rungroup::{
    Actor, ActorState, ActorStatus, BoxError, Cause, Context, Ends, Error, ErrorKind, Exit,
    ForcedBy, Group, Handle, Interrupted, Name, NotReady, Outcome, Panic, Phase, Report, Result,
    Spawner, Status, Straggler, Task, Threads, spawner,
};

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

fn is_debug<T: Debug + ?Sized>() {}
fn is_display<T: Display>() {}
fn is_plain<T: Copy + Eq + Debug>() {}
fn is_unit<T: Copy + Clone + Default + Debug + Spawner>() {}
fn is_shared<T: Clone + Send + Sync + 'static>() {}
fn is_send_and_sync<T: Send + Sync + 'static>() {}
fn is_spawner<S: Spawner + ?Sized>() {}
fn is_error<T: StdError + Send + Sync + 'static>() {}
fn is_future<T: Future<Output = ()> + Send + 'static>() {}

#[test]
fn types_have_their_traits() {
    is_debug::<(Group, Actor, Context, Interrupted, Handle, Task)>();
    is_debug::<(Name, Outcome, Panic, Cause, Exit, Straggler, Report, Error)>();
    is_debug::<(
        Ends,
        Phase,
        ActorState,
        Status,
        ActorStatus,
        ErrorKind,
        ForcedBy,
        NotReady,
        Threads,
    )>();
    is_debug::<spawner::FromFn<fn(Task)>>();

    is_display::<Name>();
    is_display::<Cause>();
    is_display::<Report>();
    is_display::<Error>();
    is_display::<Status>();
    is_display::<Phase>();
    is_display::<ErrorKind>();
    is_display::<ForcedBy>();

    is_plain::<Ends>();
    is_plain::<Phase>();
    is_plain::<ActorState>();
    is_plain::<ErrorKind>();
    is_plain::<ForcedBy>();

    is_shared::<Context>();
    is_shared::<Interrupted>();
    is_shared::<Handle>();
    is_shared::<Cause>();
    is_shared::<Status>();
    is_shared::<ActorStatus>();
    is_shared::<Report>();
    is_shared::<Exit>();
    is_shared::<Straggler>();
    is_shared::<Name>();

    fn is_send<T: Send + 'static>() {}
    is_send::<(Group, Actor, Task)>();
    is_send_and_sync::<(Name, Outcome, Panic, Exit, Straggler, Report)>();
    is_error::<Error>();
    is_error::<NotReady>();

    is_future::<Interrupted>();
    is_future::<Task>();
    fn is_unpin<T: Unpin>() {}
    is_unpin::<Task>();

    fn is_default<T: Default>() {}
    is_default::<Group>();
    fn collects<T: Extend<Actor> + FromIterator<Actor>>() {}
    collects::<Group>();
    fn is_compared<T: PartialEq<str> + for<'a> PartialEq<&'a str> + Eq + std::hash::Hash>() {}
    is_compared::<Name>();
    fn is_hashed<T: std::hash::Hash>() {}
    is_hashed::<(Ends, Phase, ActorState, ErrorKind, ForcedBy)>();
}

#[test]
fn aliases_have_their_defaults() {
    let _: fn(BoxError) -> Box<dyn StdError + Send + Sync + 'static> = |error| error;
    let _: fn(Result) -> std::result::Result<(), BoxError> = |result| result;
    let _: fn(Result<u8>) -> std::result::Result<u8, BoxError> = |result| result;
    let _: fn(Result<u8, Error>) -> std::result::Result<u8, Error> = |result| result;
}

/// The bounds of the generic ones are enough for their bodies, and no more is asked for.
#[allow(dead_code)] // to be compiled is all
mod bounds {
    use super::*;

    pub fn add(
        group: &mut Group,
        execute: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> &mut Group {
        group.add(execute, interrupt)
    }

    pub fn run<'a>(
        group: Group,
        spawner: impl Spawner + 'a,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'a {
        group.run(spawner)
    }

    pub fn run_report<'a>(
        group: Group,
        spawner: impl Spawner + 'a,
    ) -> impl Future<Output = Report> + Send + 'a {
        group.run_report(spawner)
    }

    pub fn run_blocking(group: Group, spawner: impl Spawner) -> Result<(), Error> {
        group.run_blocking(spawner)
    }

    pub fn into_actor(group: Group, spawner: impl Spawner + 'static) -> Actor {
        group.into_actor(spawner)
    }

    pub fn new(
        execute: impl Future<Output = Result> + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        Actor::new(execute, interrupt)
    }

    pub fn with<F: Future<Output = Result> + Send + 'static>(
        execute: impl FnOnce(Context) -> F + Send + 'static,
    ) -> Actor {
        Actor::with::<F>(execute)
    }

    pub fn cancellable(execute: impl Future<Output = Result> + Send + 'static) -> Actor {
        Actor::cancellable(execute)
    }

    pub fn blocking(
        execute: impl FnOnce() -> Result + Send + 'static,
        interrupt: impl FnOnce(&Cause) + Send + 'static,
    ) -> Actor {
        Actor::blocking(execute, interrupt)
    }

    pub fn blocking_with(execute: impl FnOnce(Context) -> Result + Send + 'static) -> Actor {
        Actor::blocking_with(execute)
    }

    pub fn name(actor: Actor, name: impl Into<Cow<'static, str>>) -> Actor {
        actor.name(name)
    }

    pub async fn run_until_interrupted<F: Future>(context: &Context, f: F) -> Option<F::Output> {
        context.run_until_interrupted(f).await
    }

    /// Borrows nothing of the handle.
    pub fn ready(
        handle: Handle,
    ) -> impl Future<Output = std::result::Result<(), NotReady>> + Send + 'static {
        let ready = handle.ready();
        drop(handle);
        ready
    }

    /// Borrows nothing of the handle either.
    pub fn stopping(handle: Handle) -> impl Future<Output = ()> + Send + 'static {
        let stopping = handle.stopping();
        drop(handle);
        stopping
    }

    pub fn refuse(task: Task, why: impl Into<BoxError>) {
        task.refuse(why);
    }

    /// The function need not be `'static`.
    pub fn from_fn(f: impl Fn(Task) + Send + Sync) -> impl Spawner {
        spawner::from_fn(f)
    }
}

#[test]
fn functions_have_their_signatures() {
    let _: fn() -> Group = Group::new;
    let _: fn(&mut Group, Actor) -> &mut Group = Group::add_actor;
    let _: fn(&mut Group, Duration) -> &mut Group = Group::grace;
    let _: fn(&mut Group, Duration) -> &mut Group = Group::drain;
    let _: fn(&Group) -> Handle = Group::handle;

    let _: fn(Actor, u32) -> Actor = Actor::stage;
    let _: fn(Actor, Ends) -> Actor = Actor::ends_group;
    let _: fn(Actor) -> Actor = Actor::background;
    let _: fn(Actor) -> Actor = Actor::announces_ready;
    let _: fn(Actor, Duration) -> Actor = Actor::grace;
    let _: fn(Actor) -> Actor = Actor::must_succeed;

    let _: fn(&Context) -> Interrupted = Context::interrupted;
    let _: fn(&Context) -> bool = Context::is_interrupted;
    let _: fn(&Context) -> Option<Cause> = Context::cause;
    let _: fn(&Context) = Context::announce_ready;
    let _: fn(&Context) -> Handle = Context::handle;

    let _: fn(&Handle, Result) = Handle::stop;
    let _: fn(&Handle) = Handle::skip_drain;
    let _: fn(&Handle) = Handle::force;
    let _: fn(&Handle, Actor) -> std::result::Result<(), Actor> = Handle::add_actor;
    let _: fn(&Handle) -> bool = Handle::is_ready;
    let _: fn(&Handle) -> Status = Handle::status;

    let _: fn(&Status) -> Phase = Status::phase;
    let _: fn(&Status) -> Duration = Status::since;
    let _: fn(&Status) -> Option<Duration> = Status::remaining;
    let _: fn(&Status) -> Option<&Cause> = Status::cause;
    let _: fn(&Status) -> &[ActorStatus] = Status::waiting_for;
    let _: fn(&Status) -> &[ActorStatus] = Status::actors;
    let _: fn(&Status) -> bool = Status::forcing;
    let _: fn(&ActorStatus) -> &Name = ActorStatus::actor;
    let _: fn(&ActorStatus) -> u32 = ActorStatus::stage;
    let _: fn(&ActorStatus) -> ActorState = ActorStatus::state;
    let _: fn(&ActorStatus) -> Duration = ActorStatus::since;

    let _: fn(&Name) -> Option<&str> = Name::as_str;
    let _: fn(&Name) -> &'static Location<'static> = Name::location;
    let _: fn(&Outcome) -> bool = Outcome::is_ok;
    let _: fn(&Outcome) -> Option<&(dyn StdError + 'static)> = Outcome::error;
    let _: fn(&Panic) -> &str = Panic::message;
    let _: fn(&Cause) -> Option<&Name> = Cause::actor;
    let _: fn(&Cause) -> Option<&Outcome> = Cause::outcome;
    let _: fn(&Cause) -> Option<&(dyn StdError + 'static)> = Cause::error;
    let _: fn(&Exit) -> &Name = Exit::actor;
    let _: fn(&Exit) -> &Outcome = Exit::outcome;
    let _: fn(&Exit) -> Duration = Exit::ran_for;
    let _: fn(&Exit) -> Option<Duration> = Exit::stopped_in;
    let _: fn(&Straggler) -> &Name = Straggler::actor;
    let _: fn(&Straggler) -> ActorState = Straggler::state;
    let _: fn(&Straggler) -> Option<Duration> = Straggler::waited_for;
    let _: fn(&Straggler) -> ForcedBy = Straggler::reason;
    let _: fn(&Report) -> Option<&Cause> = Report::cause;
    let _: fn(&Report) -> &[Exit] = Report::exits;
    let _: fn(&Report) -> Duration = Report::took;
    let _: for<'a> fn(&'a Report, &str) -> Option<&'a Exit> = Report::exit;
    let _: fn(&Report) -> u64 = Report::omitted;
    let _: fn(&Report) -> &[Straggler] = Report::stragglers;
    let _: fn(&Report) -> &[Name] = Report::never_started;
    let _: fn(Report) -> Result<(), Error> = Report::into_result;
    let _: fn(&Error) -> ErrorKind = Error::kind;
    let _: fn(&Error) -> Option<&Name> = Error::actor;
    let _: fn(&Error) -> &Report = Error::report;
    let _: fn(Error) -> Report = Error::into_report;
    let _: fn(Error) -> Option<Box<dyn Any + Send>> = Error::into_panic;

    let _: fn(Result) -> ExitCode = rungroup::exit_code::<BoxError>;
    let _: fn(Result<(), Error>) -> ExitCode = rungroup::exit_code::<Error>;
    let _: fn(Result<(), &'static str>) -> ExitCode = rungroup::exit_code;

    let _: fn(&Task) -> &Name = Task::name;
    let _: fn(&Threads, Task) = Spawner::spawn_task;
    let _: fn(&Threads, Duration) -> Sleep = Spawner::sleep;
    // The same, by the names in their module.
    let _: fn(&spawner::Threads, Task) = <Threads as spawner::Spawner>::spawn_task;
}

#[test]
fn spawners_are_there() {
    is_unit::<Threads>();
    is_unit::<spawner::Threads>();
    is_spawner::<&dyn Spawner>();
    is_spawner::<Arc<dyn Spawner>>();
    is_spawner::<Box<dyn Spawner>>();
    is_spawner::<spawner::FromFn<fn(Task)>>();
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_is_there() {
    is_unit::<rungroup::Tokio>();
    is_spawner::<tokio::runtime::Handle>();
    fn main(runtime: tokio::runtime::Runtime, program: impl Future<Output = Result>) -> ExitCode {
        rungroup::Tokio::main(runtime, program)
    }
    type Program = Pin<Box<dyn Future<Output = Result>>>;
    let _: fn(tokio::runtime::Runtime, Program) -> ExitCode = main;
}

#[cfg(feature = "smol")]
#[test]
fn smol_is_there() {
    fn of_any_lifetime<'a>(_: &'a ()) {
        is_spawner::<smol::Executor<'a>>();
    }
    is_unit::<rungroup::Smol>();
    of_any_lifetime(&());
}

#[cfg(feature = "async-std")]
#[test]
fn async_std_is_there() {
    is_unit::<rungroup::AsyncStd>();
}

#[cfg(feature = "signal")]
#[test]
fn signals_are_there() {
    use std::io;

    use rungroup::signal::{self, Signal, SignalError};

    fn handler(signals: impl IntoIterator<Item = Signal>) -> io::Result<Actor> {
        signal::handler(signals)
    }

    let _: fn(Handle) -> io::Result<Actor> = signal::termination;
    let _: fn([Signal; 0]) -> io::Result<Actor> = handler;
    fn each(
        signals: impl IntoIterator<Item = Signal>,
        f: impl FnMut(Signal) + Send + 'static,
    ) -> io::Result<Actor> {
        signal::each(signals, f)
    }

    type Each = fn([Signal; 0], fn(Signal)) -> io::Result<Actor>;
    let _: Each = each;
    let _: fn(&Cause) -> Option<Signal> = Cause::signal;
    let _: fn(&SignalError) -> Signal = SignalError::signal;
    is_error::<SignalError>();
    is_debug::<Signal>();
}

#[test]
fn enums_may_grow() {
    // An arm that no variant is left for is denied, unless more variants may come.
    let _: fn(Ends) = |it| match it {
        Ends::OnExit | Ends::OnError | Ends::Never => {}
        _ => {}
    };
    let _: fn(Phase) = |it| match it {
        Phase::NotStarted | Phase::Starting | Phase::Running => {}
        Phase::Draining | Phase::Stopping | Phase::Ended => {}
        _ => {}
    };
    let _: fn(Outcome) = |it| match it {
        Outcome::Returned | Outcome::Forced => {}
        Outcome::Failed(error) => drop::<BoxError>(error),
        Outcome::Panicked(panic) => drop::<Panic>(panic),
        Outcome::Lost(why) => drop::<Option<BoxError>>(why),
        _ => {}
    };
    let _: fn(ActorState) = |it| match it {
        ActorState::Parked
        | ActorState::Polling
        | ActorState::Blocking
        | ActorState::Interrupting => {}
        _ => {}
    };
    let _: fn(ErrorKind) = |it| match it {
        ErrorKind::Failed | ErrorKind::Panicked | ErrorKind::Lost | ErrorKind::Stragglers => {}
        _ => {}
    };
    let _: fn(ForcedBy) = |it| match it {
        ForcedBy::Request | ForcedBy::Grace | ForcedBy::OwnGrace | ForcedBy::Drop => {}
        _ => {}
    };
}

#[test]
#[expect(unused_must_use)]
fn an_actor_must_be_used() {
    Actor::cancellable(async { Ok(()) });
}

#[test]
fn defaults_are_those_of_go() {
    assert_eq!(Ends::default(), Ends::OnExit);
    let actor = format!("{:?}", Actor::cancellable(async { Ok(()) }));
    assert!(actor.contains("stage: 0"), "{actor}");
    assert!(actor.contains("background: false"), "{actor}");
    assert_eq!(Group::new().handle().status().phase(), Phase::NotStarted);
}

#[test]
fn an_unnamed_actor_is_where_its_constructor_was_called() {
    let first = line!() + 2;
    let mut group = Group::new();
    group.add(async { Ok(()) }, |_| {});
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}));
    group.add_actor(Actor::with(|_| async { Ok(()) }));
    group.add_actor(Actor::blocking_with(|_| Ok(())));
    group.add_actor(Actor::cancellable(async { Ok(()) }));
    group.add_actor(Actor::blocking(|| Ok(()), |_| {}));
    group.add_actor(Group::new().into_actor(Threads));

    let lines = Mutex::new(Vec::new());
    let spawner = spawner::from_fn(|task| {
        let name = task.name();
        assert_eq!(name.as_str(), None);
        assert_eq!(name.location().file(), file!());
        assert_eq!(name.to_string(), name.location().to_string());
        lines.lock().unwrap().push(name.location().line());
    });
    group.run_blocking(spawner).unwrap_err(); // all are lost
    assert_eq!(*lines.lock().unwrap(), Vec::from_iter(first..first + 7));
}
