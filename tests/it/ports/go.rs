//! Go's own tests and examples of `run.Group`, under their names.

use std::error::Error as _;

use futures_lite::future::{block_on, poll_once};
use rungroup::{Actor, Group};

use crate::runtime::Runtime;
use crate::support::{Log, waiter, waiting};

on_every_runtime! {
    test_zero,
    test_one,
    test_many,
    test_context_handler,
    example_group_add_basic,
    example_group_add_context,
    example_group_add_listener,
}

/// Also law 1: with zero actors `run` is Ok on its first poll.
async fn test_zero<R: Runtime>(rt: R) {
    let result = poll_once(Group::new().run(rt.spawner())).await;
    assert!(matches!(result, Some(Ok(()))));
}

async fn test_one<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Err("foobar".into()) }, |_| {});
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "foobar");
}

async fn test_many<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Err("interrupt".into()) }, |_| {});
    let (execute, interrupt) = waiting();
    group.add(execute, interrupt);
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "interrupt");
}

/// Go's context is cancelled from outside; here, it is the handle that is told the error.
async fn test_context_handler<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(waiter());
    let handle = group.handle();
    rt.spawn(async move { handle.stop(Err("context canceled".into())) });
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "context canceled");
}

async fn example_group_add_basic<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    {
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let (one, two) = (log.clone(), log.clone());
        group.add(
            async move {
                let _ = stopped.recv().await;
                one.add("The first actor was canceled");
                Ok(())
            },
            move |cause| {
                let error = cause.error().unwrap();
                two.add(format!("The first actor was interrupted with: {error}"));
                drop(stop);
            },
        );
    }
    {
        let (one, two) = (log.clone(), log.clone());
        group.add(
            async move {
                one.add("The second actor is returning immediately");
                Err("immediate teardown".into())
            },
            move |cause| {
                let error = cause.error().unwrap();
                two.add(format!("The second actor was interrupted with: {error}"));
            },
        );
    }
    let error = group.run(rt.spawner()).await.unwrap_err();
    log.add(format!(
        "The group was terminated with: {}",
        error.source().unwrap()
    ));

    // The first actor ends on its own task, at any time after its interrupt.
    let mut entries = log.entries();
    let canceled = entries
        .iter()
        .position(|entry| entry == "The first actor was canceled");
    assert!(canceled.unwrap() > 1);
    entries.remove(canceled.unwrap());
    assert_eq!(
        entries,
        [
            "The second actor is returning immediately",
            "The first actor was interrupted with: immediate teardown",
            "The second actor was interrupted with: immediate teardown",
            "The group was terminated with: immediate teardown",
        ]
    );
}

async fn example_group_add_context<R: Runtime>(rt: R) {
    let (cancel, canceled) = async_channel::bounded::<()>(1);
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        match ctx.run_until_interrupted(canceled.recv()).await {
            Some(_) => Err("context canceled".into()),
            None => Ok(()),
        }
    }));
    rt.spawn(async move { drop(cancel) });
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "context canceled");
}

async fn example_group_add_listener<R: Runtime>(rt: R) {
    let listener = async_io::Async::<std::net::TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let log = Log::new();
    let mut group = Group::new();
    {
        let log = log.clone();
        group.add_actor(Actor::with(|ctx| async move {
            while ctx
                .run_until_interrupted(listener.accept())
                .await
                .transpose()?
                .is_some()
            {}
            drop(listener);
            log.add("serve returned");
            Ok(())
        }));
    }
    group.add(async { Err("immediate teardown".into()) }, |_| {});
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "immediate teardown");
    assert_eq!(log.entries(), ["serve returned"]);
    // The system may close what was dropped a moment later: wine does, once a poll of it has ended.
    while block_on(async_io::Async::<std::net::TcpStream>::connect(address)).is_ok() {}
}
