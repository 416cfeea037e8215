//! What the public API shows, in the words of `seen.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rungroup::{ActorState, Cause, Error, ErrorKind, Handle, Name, Outcome, Report};

use crate::executor::Wakes;
use crate::program::Id;
use crate::seen::{End, Ended, Face, Kind, Phase, Told, Why};

/// A handle, and those who await its futures from the beginning.
pub struct Watcher {
    handle: Handle,
    ready: Awaited<bool>,
    stopping: Awaited<()>,
}

impl Watcher {
    pub fn new(handle: &Handle) -> Watcher {
        let (ready, stopping) = (handle.ready(), handle.stopping());
        Watcher {
            handle: handle.clone(),
            ready: Awaited::new(async { ready.await.is_ok() }),
            stopping: Awaited::new(stopping),
        }
    }

    pub fn face(&mut self) -> Face {
        let status = self.handle.status();
        let waiting_for = status.waiting_for().iter().map(|one| {
            assert!(matches!(one.state(), ActorState::Parked), "{status}");
            (id_of(one.actor()), one.stage())
        });
        Face {
            phase: Phase::of(status.phase()),
            is_ready: self.handle.is_ready(),
            ready: self.ready.output(),
            stopping: self.stopping.output().is_some(),
            cause: status.cause().map(Why::of),
            waiting_for: waiting_for.collect(),
        }
    }
}

/// A future that is polled only when it was woken.
struct Awaited<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    wakes: Arc<Wakes>,
    output: Option<T>,
}

impl<T: Copy> Awaited<T> {
    fn new(future: impl Future<Output = T> + 'static) -> Awaited<T> {
        Awaited {
            future: Box::pin(future),
            wakes: Wakes::woken(),
            output: None,
        }
    }

    fn output(&mut self) -> Option<T> {
        if self.output.is_none() {
            self.output = self.wakes.poll(self.future.as_mut());
        }
        self.output
    }
}

pub fn id_of(name: &Name) -> Id {
    name.as_str()
        .and_then(|name| name.parse().ok())
        .expect("a number")
}

impl Phase {
    fn of(phase: rungroup::Phase) -> Phase {
        match phase {
            rungroup::Phase::NotStarted => Phase::NotStarted,
            rungroup::Phase::Starting => Phase::Starting,
            rungroup::Phase::Running => Phase::Running,
            rungroup::Phase::Draining => Phase::Draining,
            rungroup::Phase::Stopping => Phase::Stopping,
            rungroup::Phase::Ended => Phase::Ended,
            phase => panic!("a new phase: {phase}"),
        }
    }
}

impl Why {
    pub fn of(cause: &Cause) -> Why {
        if let (Some(actor), Some(outcome)) = (cause.actor(), cause.outcome()) {
            return Why::Exit(id_of(actor), Ended::of(outcome));
        }
        match cause.to_string().as_str() {
            "no actor left" => Why::NobodyLeft,
            "run future dropped" => Why::RunDropped,
            "stop requested" => Why::Request(true),
            _ if cause.error().is_some() => Why::Request(false),
            _ => Why::Outer,
        }
    }
}

impl Ended {
    fn of(outcome: &Outcome) -> Ended {
        match outcome {
            Outcome::Returned => Ended::Returned,
            Outcome::Failed(_) => Ended::Failed,
            Outcome::Panicked(_) => Ended::Panicked,
            Outcome::Lost(_) => Ended::Lost,
            Outcome::Forced => Ended::Forced,
            outcome => panic!("a new outcome: {outcome:?}"),
        }
    }
}

impl Kind {
    fn of(kind: ErrorKind) -> Kind {
        match kind {
            ErrorKind::Failed => Kind::Failed,
            ErrorKind::Panicked => Kind::Panicked,
            ErrorKind::Lost => Kind::Lost,
            ErrorKind::Stragglers => Kind::Stragglers,
            kind => panic!("a new kind: {kind:?}"),
        }
    }
}

impl End {
    pub fn of_report(report: Report) -> End {
        let told = Some(Told::of(&report));
        End {
            report: told,
            ..End::of_result(report.into_result())
        }
    }

    pub fn of_result(result: Result<(), Error>) -> End {
        match result {
            Ok(()) => End {
                error: None,
                report: None,
            },
            Err(error) => End {
                error: Some((Kind::of(error.kind()), error.actor().map(id_of))),
                report: Some(Told::of(error.report())),
            },
        }
    }
}

impl Told {
    fn of(report: &Report) -> Told {
        let exits = report.exits().iter().map(|exit| {
            (
                id_of(exit.actor()),
                Ended::of(exit.outcome()),
                exit.stopped_in().is_some(),
            )
        });
        let stragglers = report.stragglers().iter().map(|one| {
            assert!(matches!(one.state(), ActorState::Parked), "{one}");
            (id_of(one.actor()), one.waited_for().is_some())
        });
        Told {
            cause: Why::of(report.cause().expect("a cause")),
            exits: exits.collect(),
            stragglers: stragglers.collect(),
            never_started: report.never_started().iter().map(id_of).collect(),
        }
    }
}
