//! Laws 30 and 32: a subscriber of `tracing` is foreign code. It may panic in each of its methods,
//! and ask the group for its status.

#![allow(clippy::pedantic)] // nobody's API

use std::fmt;
use std::future::{Future, pending};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rungroup::{Actor, Ends, Group, Handle, Report, Task, spawner};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, with_default};
use tracing::{Event, Metadata, Subscriber};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    RegisterCallsite,
    Enabled,
    NewSpan,
    Event,
    Enter,
    Exit,
    TryClose,
}

const METHODS: [Method; 7] = [
    Method::RegisterCallsite,
    Method::Enabled,
    Method::NewSpan,
    Method::Event,
    Method::Enter,
    Method::Exit,
    Method::TryClose,
];

/// Calls its function in each method, for what the group tells.
struct Calling<F>(F);

impl<F: Fn(Method, &str) + Send + Sync + 'static> Calling<F> {
    fn about(&self, method: Method, metadata: &Metadata<'_>) {
        if metadata.target() == "rungroup" {
            (self.0)(method, metadata.name());
        }
    }

    fn of_a_span(&self, method: Method) {
        (self.0)(method, "");
    }
}

impl<F: Fn(Method, &str) + Send + Sync + 'static> Subscriber for Calling<F> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.about(Method::RegisterCallsite, metadata);
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.about(Method::Enabled, metadata);
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.about(Method::NewSpan, span.metadata());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // As a subscriber that formats would do.
        event.record(&mut Formats);
        self.about(Method::Event, event.metadata());
    }

    fn enter(&self, _: &Id) {
        self.of_a_span(Method::Enter);
    }

    fn exit(&self, _: &Id) {
        self.of_a_span(Method::Exit);
    }

    fn try_close(&self, _: Id) -> bool {
        self.of_a_span(Method::TryClose);
        true
    }
}

struct Formats;

impl tracing::field::Visit for Formats {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn fmt::Debug) {
        let _ = format!("{value:?}");
    }
}

/// A group of which one actor leaves, one hangs, and each other one fails in its own way.
fn group() -> Group {
    let mut group = Group::new();
    let leaves = Actor::new(async { Ok(()) }, |_| {});
    group.add_actor(leaves.name("leaves").ends_group(Ends::OnError));
    let announces = Actor::with(|ctx| async move {
        ctx.announce_ready();
        ctx.interrupted().await;
        Ok(())
    });
    group.add_actor(announces.name("announces").announces_ready());
    let late = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Err("late".into())
    });
    group.add_actor(late.name("late"));
    let bomb = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        resume_unwind(Box::new("kaboom"))
    });
    group.add_actor(bomb.name("bomb"));
    let interrupt = |_: &rungroup::Cause| resume_unwind(Box::new("interrupt"));
    group.add_actor(
        Actor::new(async { Ok(()) }, interrupt)
            .name("interrupt")
            .stage(1)
            .ends_group(Ends::Never),
    );
    let deaf = Actor::new(pending(), |_| {}).name("deaf");
    group.add_actor(deaf.stage(1).grace(Duration::ZERO));
    let fails = Actor::with(|ctx| async move {
        let _ = ctx.handle().ready().await;
        Err("the cause".into())
    });
    group.add_actor(fails.name("fails").stage(2));
    group
}

/// Runs the group on this thread, where its subscriber is.
fn run(group: Group) -> Report {
    let tasks = Mutex::new(Vec::<Task>::new());
    let keeping = spawner::from_fn(|task| tasks.lock().unwrap().push(task));
    let mut run = Box::pin(group.run_report(keeping));
    loop {
        if let Poll::Ready(report) = poll(&mut run) {
            return report;
        }
        let mut current = std::mem::take(&mut *tasks.lock().unwrap());
        current.retain_mut(|task| poll(task).is_pending());
        tasks.lock().unwrap().extend(current);
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What must be the same whoever listens.
fn summary(report: Report) -> (usize, usize, String) {
    let (exits, stragglers) = (report.exits().len(), report.stragglers().len());
    let error = report.into_result().unwrap_err();
    (exits, stragglers, format!("{error:#}"))
}

/// "A tracing subscriber that panics is contained wherever it is met: no run hangs, aborts or panics
/// for it." Each in a process of its own, where no other subscriber has registered anything.
#[test]
fn law_32_a_subscriber_that_panics() {
    for method in METHODS {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "panics_in_one_method"])
            .env(PANICS_IN, format!("{method:?}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{method:?}: {output:?}");
    }
}

const PANICS_IN: &str = "SUBSCRIBER_PANICS_IN";

#[test]
#[ignore = "may abort the process: run by the test above"]
fn panics_in_one_method() {
    let named = std::env::var(PANICS_IN).unwrap();
    let silent = summary(run(group()));
    assert_eq!(silent.2, "actor `fails` failed: the cause");
    let met = Arc::new(AtomicUsize::new(0));
    let meets = Arc::clone(&met);
    let panicking = Calling(move |method, _: &str| {
        if format!("{method:?}") == named {
            meets.fetch_add(1, Ordering::Relaxed);
            resume_unwind(Box::new("subscriber"));
        }
    });
    let told = with_default(panicking, || summary(run(group())));
    assert_eq!(told, silent);
    assert_ne!(met.load(Ordering::Relaxed), 0, "it is never called");
}

/// The same at each single call, whatever the group is doing.
#[test]
fn law_32_a_subscriber_that_panics_at_any_call() {
    let silent = summary(run(group()));
    for kth in 0.. {
        let calls = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&calls);
        let panicking = Calling(move |method, _: &str| {
            // A callsite registers once for the whole process.
            let counted = method != Method::RegisterCallsite;
            if counted && counts.fetch_add(1, Ordering::Relaxed) == kth {
                resume_unwind(Box::new("subscriber"));
            }
        });
        let told = with_default(panicking, || summary(run(group())));
        assert_eq!(told, silent, "call {kth}");
        if calls.load(Ordering::Relaxed) <= kth {
            assert!(kth > 20, "only {kth} calls");
            return;
        }
    }
}

/// Law 30: "status from inside … a tracing subscriber."
#[test]
fn law_30_status_from_inside_a_subscriber() {
    let group = group();
    let handle: Handle = group.handle();
    let phases = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&phases);
    let looking = Calling(move |_, _: &str| {
        let status = handle.status();
        let _ = format!("{status} {status:#}");
        let phase = status.phase();
        let mut seen = seen.lock().unwrap();
        if seen.last() != Some(&phase) {
            seen.push(phase);
        }
    });
    let report = with_default(looking, || run(group));
    assert_eq!(report.stragglers().len(), 1);
    let phases = phases.lock().unwrap();
    use rungroup::Phase::{Running, Starting, Stopping};
    for phase in [Starting, Running, Stopping] {
        assert!(phases.contains(&phase), "{phases:?}");
    }
}

/// Law 24: it may stop the group, and add to it; but not without end, as each start is an event.
#[test]
fn law_24_from_inside_a_subscriber() {
    let group = group();
    let handle: Handle = group.handle();
    let left = AtomicUsize::new(5);
    let calling = Calling(move |_, _: &str| {
        handle.stop(Err("from the subscriber".into()));
        handle.skip_drain();
        let _ = handle.is_ready();
        let is_left = |left: usize| left.checked_sub(1);
        if left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_left)
            .is_ok()
        {
            let adds = Actor::new(async { Ok(()) }, |_| {}).name("added");
            let _ = handle.add_actor(adds.ends_group(Ends::Never));
        }
    });
    let report = with_default(calling, || run(group));
    let added = report
        .exits()
        .iter()
        .filter(|exit| exit.actor().as_str() == Some("added"));
    assert_eq!(added.count(), 5);
    let error = report.into_result().unwrap_err();
    assert!(format!("{error:#}").ends_with("from the subscriber"));
}

/// Law 24: it may run another group while an actor is about to get its context. Each gets its own.
#[test]
fn law_24_a_group_runs_inside_a_subscriber() {
    let requesting = |error: &'static str| {
        let mut group = Group::new();
        group.add_actor(Actor::with(move |ctx| async move {
            ctx.handle().stop(Err(error.into()));
            ctx.interrupted().await;
            Ok(())
        }));
        group
    };
    let error = |report: Report| format!("{:#}", report.into_result().unwrap_err());
    let inner = Arc::new(Mutex::new(Vec::new()));
    let (runs, is_inside) = (Arc::clone(&inner), AtomicBool::new(false));
    let nesting = Calling(move |method, _: &str| {
        if method == Method::Enter && !is_inside.swap(true, Ordering::Relaxed) {
            runs.lock().unwrap().push(error(run(requesting("inner"))));
            is_inside.store(false, Ordering::Relaxed);
        }
    });
    let outer = with_default(nesting, || run(requesting("outer")));
    assert!(error(outer).ends_with(": outer"));
    let inner = inner.lock().unwrap();
    assert!(!inner.is_empty());
    assert!(inner.iter().all(|it| it.ends_with(": inner")), "{inner:?}");
}

/// "An actor's tracing span stays open while any clone of its context lives": it does not.
#[test]
fn a_span_is_closed_at_the_exit_of_its_actor() {
    let closed = Arc::new(Mutex::new(0));
    let closes = Arc::clone(&closed);
    let counting = Calling(move |method, _: &str| {
        if method == Method::TryClose {
            *closes.lock().unwrap() += 1;
        }
    });
    let (give, given) = std::sync::mpsc::channel();
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        give.send(ctx)?;
        Ok(())
    }));
    with_default(counting, || {
        run(group).into_result().unwrap();
        let context = given.recv().unwrap();
        assert_eq!(*closed.lock().unwrap(), 1);
        drop(context);
        assert_eq!(*closed.lock().unwrap(), 1);
    });
}
