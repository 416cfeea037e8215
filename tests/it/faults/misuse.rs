//! Handles used where they should not be, and panics in every callback at every position.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Ends, ErrorKind, Group, Handle, Result};

use crate::runtime::Runtime;
use crate::support::{Event, Log, OnDrop, logged, parking, waiter, waiting};

on_every_runtime! {
    a_handle_is_of_use_before_the_run,
    a_handle_does_nothing_after_the_run,
    a_handle_does_nothing_after_an_unrun_group,
    a_handle_is_used_inside_an_interrupt,
    a_handle_is_used_inside_the_drop_of_an_execute,
    a_handle_is_used_inside_the_drop_of_an_interrupt,
    a_handle_is_used_inside_the_drop_of_an_unrun_group,
    a_handle_is_used_inside_the_drop_of_a_run,
    a_panic_anywhere_stops_all_the_others,
    a_panic_in_the_interrupt_of_who_left_ends_the_group,
    a_panic_in_the_drop_of_what_never_started_is_contained,
    a_panic_in_the_drop_of_a_forced_future_is_contained,
    a_panic_in_the_drop_after_a_panic_is_contained,
    a_payload_that_panics_in_its_drop_is_contained,
}

async fn a_handle_is_of_use_before_the_run<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let handle = group.handle();
    handle.add_actor(logged("first", &log)).unwrap();
    group.add_actor(logged("second", &log));
    assert!(!handle.is_ready());
    handle.stop(Err("before".into()));
    handle.stop(Ok(()));
    handle.add_actor(logged("third", &log)).unwrap();
    let error = group.run(rt.spawner()).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "before");
    let mut interrupts = log.entries();
    interrupts.retain(|entry| entry.ends_with("interrupted"));
    assert_eq!(
        interrupts,
        [
            "first interrupted",
            "second interrupted",
            "third interrupted"
        ]
    );
}

/// Uses all of it, of a group that is stopping or gone.
fn use_in_vain(handle: &Handle) {
    handle.stop(Err("too late".into()));
    handle.stop(Ok(()));
    assert!(!handle.is_ready());
    let ready = block_on(poll_once(handle.ready()));
    assert!(matches!(ready, Some(Err(_))));
    assert!(block_on(poll_once(handle.stopping())).is_some());
    handle.skip_drain();
    let _ = handle.status().to_string();
    let actor = waiter().name("comes back whole").stage(7);
    let back = handle.add_actor(actor).unwrap_err();
    assert!(format!("{back:?}").contains("comes back whole"));
}

async fn a_handle_does_nothing_after_the_run<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Ok(()) }, |_| {});
    let handle = group.handle();
    group.run(rt.spawner()).await.unwrap();
    use_in_vain(&handle);
    handle.force();
}

async fn a_handle_does_nothing_after_an_unrun_group<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { panic!("polled") }, |_| panic!("called"));
    let handle = group.handle();
    drop(group.run(rt.spawner()));
    use_in_vain(&handle);
    handle.force();
}

/// The cause stays; it may even force.
async fn a_handle_is_used_inside_an_interrupt<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let handle = group.handle();
    let (execute, stop) = waiting();
    group.add(execute, move |cause| {
        use_in_vain(&handle);
        stop(cause);
    });
    let handle = group.handle();
    let deaf = Actor::new(pending(), move |_| {
        handle.force();
        use_in_vain(&handle);
    });
    group.add_actor(deaf.name("deaf"));
    group.handle().stop(Ok(()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    assert!(error.report().cause().unwrap().error().is_none());
}

async fn a_handle_is_used_inside_the_drop_of_an_execute<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(logged("other", &log));
    for exits in [true, false] {
        let handle = group.handle();
        let held = OnDrop(Some(move || {
            // The first to be dropped is the cause, and the second is forced.
            handle.stop(Err("from a drop".into()));
            handle.force();
        }));
        let execute = async move {
            let _held = held;
            if exits { Ok(()) } else { pending().await }
        };
        group.add_actor(Actor::new(execute, |_| {}).ends_group(Ends::OnError));
    }
    let error = group.run(rt.spawner()).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "from a drop");
    assert_eq!(log.count("other interrupted"), 1);
}

async fn a_handle_is_used_inside_the_drop_of_an_interrupt<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let (handle, late) = (group.handle(), logged("late", &log));
    let held = OnDrop(Some(move || {
        handle.add_actor(late).expect("a running group");
        handle.stop(Ok(()));
    }));
    let leaves = Actor::new(async { Ok(()) }, move |_| drop(held));
    group.add_actor(leaves.ends_group(Ends::OnError));
    group.add_actor(logged("other", &log));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.count("late interrupted"), 1);
    assert_eq!(log.count("late exited"), 1);
    assert_eq!(log.count("other exited"), 1);
}

/// Law 24: what the group does not run any more is given back.
async fn a_handle_is_used_inside_the_drop_of_an_unrun_group<R: Runtime>(rt: R) {
    for runs in [false, true] {
        let log = Log::new();
        let mut group = Group::new();
        let (handle, seen) = (group.handle(), log.clone());
        let held = OnDrop(Some(move || {
            let given_back = handle.add_actor(waiter()).is_err();
            seen.add(format!("given back: {given_back}"));
        }));
        group.add(pending(), move |_| drop(held));
        if runs {
            drop(group.run(rt.spawner()));
        } else {
            drop(group);
        }
        assert_eq!(log.entries(), ["given back: true"]);
    }
}

async fn a_handle_is_used_inside_the_drop_of_a_run<R: Runtime>(rt: R) {
    let dropped = Event::new();
    let mut group = Group::new();
    let (handle, told) = (group.handle(), dropped.clone());
    let held = OnDrop(Some(move || {
        handle.force();
        use_in_vain(&handle);
        told.set();
    }));
    group.add(
        async move {
            let _held = held;
            pending().await
        },
        |_| {},
    );
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    drop(run);
    dropped.wait().await;
}

/// Where an actor may panic.
#[derive(Clone, Copy, Debug)]
enum Callback {
    FirstPoll,
    PollAfterInterrupt,
    ClosureOfWith,
    ClosureOfBlocking,
    Interrupt,
    DropOfExecute,
    DropOfInterrupt,
}

const CALLBACKS: [Callback; 7] = [
    Callback::FirstPoll,
    Callback::PollAfterInterrupt,
    Callback::ClosureOfWith,
    Callback::ClosureOfBlocking,
    Callback::Interrupt,
    Callback::DropOfExecute,
    Callback::DropOfInterrupt,
];

impl Callback {
    /// An actor that waits for its interrupt, but for the panic.
    fn actor(self) -> Actor {
        let (execute, interrupt) = waiting();
        match self {
            Callback::FirstPoll => Actor::new(bomb(), |_| {}),
            Callback::PollAfterInterrupt => Actor::with(|ctx| async move {
                ctx.interrupted().await;
                bomb().await
            }),
            Callback::ClosureOfWith => {
                Actor::with(|_| -> std::future::Ready<Result> { panic!("kaboom") })
            }
            Callback::ClosureOfBlocking => Actor::blocking(|| panic!("kaboom"), |_| {}),
            Callback::Interrupt => Actor::new(execute, move |cause| {
                interrupt(cause);
                panic!("kaboom")
            }),
            Callback::DropOfExecute => Actor::new(Cursed(Box::pin(execute)), interrupt),
            Callback::DropOfInterrupt => {
                let held = OnDrop(Some(|| panic!("kaboom")));
                Actor::new(execute, move |cause| {
                    let _held = held;
                    interrupt(cause);
                })
            }
        }
    }
}

async fn bomb() -> Result {
    panic!("kaboom")
}

/// A future that panics when it is dropped.
struct Cursed(Pin<Box<dyn Future<Output = Result> + Send>>);

impl Future for Cursed {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        self.0.as_mut().poll(cx)
    }
}

impl Drop for Cursed {
    fn drop(&mut self) {
        panic!("kaboom");
    }
}

/// "A panic in any callback at any position": all others are interrupted and awaited, and the run
/// fails with it.
async fn a_panic_anywhere_stops_all_the_others<R: Runtime>(rt: R) {
    for callback in CALLBACKS {
        for position in 0..3 {
            let log = Log::new();
            let mut group = Group::new();
            for nth in 0..3 {
                if nth == position {
                    group.add_actor(callback.actor().name("bomb"));
                }
                group.add_actor(logged("other", &log));
            }
            group.handle().stop(Ok(()));
            let error = group.run(rt.spawner()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Panicked, "{callback:?}");
            let line = error.to_string();
            assert!(line.ends_with("actor `bomb` panicked: kaboom"), "{line}");
            assert!(error.into_panic().is_some());
            assert_eq!(log.count("other interrupted"), 3, "{callback:?}");
            assert_eq!(log.count("other exited"), 3, "{callback:?}");
        }
    }
}

/// Its drop is the last thing of an exit that was Ok.
async fn a_panic_in_the_interrupt_of_who_left_ends_the_group<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let held = OnDrop(Some(|| panic!("kaboom")));
    let leaves = Actor::new(async { Ok(()) }, move |_| drop(held));
    group.add_actor(leaves.name("bomb").ends_group(Ends::OnError));
    group.add_actor(logged("other", &log));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `bomb` panicked: kaboom");
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}

async fn a_panic_in_the_drop_of_what_never_started_is_contained<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(waiter().announces_ready());
    for _ in 0..3 {
        group.add_actor(Actor::new(Cursed(Box::pin(pending())), |_| {}).stage(1));
    }
    group.add_actor(logged("other", &log));
    group.handle().stop(Ok(()));
    let _ = group.run(rt.spawner()).await;
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}

async fn a_panic_in_the_drop_of_a_forced_future_is_contained<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.grace(Duration::ZERO);
    for _ in 0..3 {
        group.add_actor(Actor::new(Cursed(Box::pin(pending())), |_| {}).name("bomb"));
        group.add_actor(crate::support::deaf("deaf", &log));
    }
    group.handle().stop(Ok(()));
    let error = group.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `bomb` panicked: kaboom");
    assert_eq!(error.report().stragglers().len(), 6);
    assert_eq!(log.count("deaf dropped"), 3);
}

/// One actor, two panics: the first is told.
async fn a_panic_in_the_drop_after_a_panic_is_contained<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let first = async { panic!("the first") };
    group.add_actor(Actor::new(Cursed(Box::pin(first)), |_| {}).name("bomb"));
    group.add_actor(logged("other", &log));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `bomb` panicked: the first");
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}

async fn a_payload_that_panics_in_its_drop_is_contained<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    let payload = OnDrop(Some(|| panic!("from the payload")));
    let execute = async { std::panic::panic_any(payload) };
    group.add_actor(Actor::new(execute, |_| {}).name("bomb"));
    group.add_actor(logged("other", &log));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    drop(error);
    assert_eq!(log.entries(), ["other interrupted", "other exited"]);
}
