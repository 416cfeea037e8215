//! What an actor sees of its interrupt, and the actors made for it.

use std::pin::Pin;

use futures_lite::future::{or, pending, poll_once, zip};
use rungroup::{Actor, Context, ErrorKind, Group, Interrupted, Outcome};

use crate::runtime::Runtime;
use crate::support::{Event, Log, waiter};

on_every_runtime! {
    a_context_tells_of_the_interrupt_and_its_cause,
    a_context_knows_of_nothing_before_the_interrupt,
    a_context_outlives_its_actor_and_its_group,
    interrupted_is_awaited_from_several_tasks,
    interrupted_is_cloned_awaited_again_and_dropped_half_way,
    interrupted_is_ready_at_once_after_the_interrupt,
    interrupted_is_handed_to_another_library,
    run_until_interrupted_gives_what_the_future_gave,
    run_until_interrupted_drops_the_future_at_the_interrupt,
    run_until_interrupted_polls_nothing_after_the_interrupt,
    a_cancellable_is_dropped_by_its_interrupt_and_exits_ok,
    a_cancellable_returns_what_it_returns,
    a_cancellable_is_polled_at_least_once,
    a_blocking_actor_has_a_thread_of_its_name,
    a_blocking_actor_of_no_name_goes_by_its_place,
    a_blocking_actor_of_any_name_has_a_thread,
    a_blocking_actor_returns_what_it_returns,
    a_blocking_actor_that_panics_keeps_the_payload,
    a_blocking_actor_is_stopped_by_its_interrupt,
    the_closure_of_with_is_called_on_the_first_poll,
}

/// Runs an actor that waits for its interrupt and is then given to `check`.
async fn after_the_interrupt<R: Runtime, F>(
    rt: R,
    check: impl FnOnce(Context) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        check(ctx).await;
        Ok(())
    }));
    let failing = Actor::new(async { Err("no more disk".into()) }, |_| {});
    group.add_actor(failing.name("writer"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    // The cause's own.
    assert_eq!(error.report().exits().len(), 1, "{error:?}");
}

async fn a_context_tells_of_the_interrupt_and_its_cause<R: Runtime>(rt: R) {
    after_the_interrupt(rt, |ctx| async move {
        assert!(ctx.is_interrupted());
        let cause = ctx.cause().unwrap();
        assert_eq!(cause.actor().unwrap().as_str(), Some("writer"));
        assert!(matches!(cause.outcome(), Some(Outcome::Failed(_))));
        assert_eq!(cause.error().unwrap().to_string(), "no more disk");
        assert_eq!(cause.to_string(), "actor `writer` failed: no more disk");
    })
    .await;
}

async fn a_context_knows_of_nothing_before_the_interrupt<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        assert!(!ctx.is_interrupted());
        assert!(ctx.cause().is_none());
        assert!(poll_once(ctx.interrupted()).await.is_none());
        Ok(())
    }));
    group.run(rt.spawner()).await.unwrap();
}

async fn a_context_outlives_its_actor_and_its_group<R: Runtime>(rt: R) {
    let (give, given) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        let _ = give.try_send(ctx);
        Ok(())
    }));
    group.run(rt.spawner()).await.unwrap();
    let ctx = given.recv().await.unwrap();
    ctx.interrupted().await;
    assert_eq!(ctx.run_until_interrupted(async { 7 }).await, None);
    assert!(ctx.cause().unwrap().actor().is_some());
}

async fn interrupted_is_awaited_from_several_tasks<R: Runtime>(rt: R) {
    const TASKS: usize = 16;
    let (tell, told) = async_channel::unbounded();
    let side = rt.clone();
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        let (waits, waiting) = async_channel::unbounded();
        for _ in 0..TASKS {
            let (ctx, tell, waits) = (ctx.clone(), tell.clone(), waits.clone());
            side.spawn(async move {
                let mut interrupted = ctx.interrupted();
                assert!(poll_once(&mut interrupted).await.is_none());
                let _ = waits.try_send(());
                interrupted.await;
                let _ = tell.try_send(ctx.is_interrupted());
            });
        }
        for _ in 0..TASKS {
            waiting.recv().await?;
        }
        Ok(())
    }));
    group.run(rt.spawner()).await.unwrap();
    for _ in 0..TASKS {
        assert!(told.recv().await.unwrap());
    }
}

async fn interrupted_is_cloned_awaited_again_and_dropped_half_way<R: Runtime>(rt: R) {
    let (stop, is_waiting) = (Event::new(), Event::new());
    let waits = is_waiting.clone();
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        let mut one = ctx.interrupted();
        let mut two = one.clone();
        let mut three = two.clone();
        assert!(poll_once(&mut one).await.is_none());
        assert!(poll_once(&mut two).await.is_none());
        assert!(poll_once(&mut three).await.is_none());
        // Its place among those that wait is free again, and is taken by the next.
        drop(two);
        let mut four = one.clone();
        assert!(poll_once(&mut four).await.is_none());
        drop(one);
        waits.set();
        three.clone().await;
        four.await;
        (&mut three).await;
        three.await;
        Ok(())
    }));
    let stopped = stop.clone();
    group.add(
        async move {
            stopped.wait().await;
            Ok(())
        },
        |_| {},
    );
    let begin = async {
        is_waiting.wait().await;
        stop.set();
    };
    zip(group.run(rt.spawner()), begin).await.0.unwrap();
}

async fn interrupted_is_ready_at_once_after_the_interrupt<R: Runtime>(rt: R) {
    after_the_interrupt(rt, |ctx| async move {
        assert_eq!(poll_once(ctx.interrupted()).await, Some(()));
    })
    .await;
}

/// As `axum::serve(..).with_graceful_shutdown(..)` takes it: owned, `Send` and `'static`.
async fn interrupted_is_handed_to_another_library<R: Runtime>(rt: R) {
    async fn serve(until: impl Future<Output = ()> + Send + 'static) {
        let mut boxed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(until);
        or(&mut boxed, pending()).await;
    }
    fn is_plain<T: Clone + Send + Sync + Unpin + 'static>(value: T) -> T {
        value
    }
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        let interrupted: Interrupted = is_plain(ctx.interrupted());
        serve(interrupted).await;
        assert!(ctx.is_interrupted());
        Ok(())
    }));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
}

async fn run_until_interrupted_gives_what_the_future_gave<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        assert_eq!(ctx.run_until_interrupted(async { 7 }).await, Some(7));
        // A future that borrows, and need not be `Send` or `Unpin`.
        let text = String::from("text");
        assert_eq!(
            ctx.run_until_interrupted(async { text.len() }).await,
            Some(4)
        );
        Ok(())
    }));
    group.run(rt.spawner()).await.unwrap();
}

async fn run_until_interrupted_drops_the_future_at_the_interrupt<R: Runtime>(rt: R) {
    let (log, waits) = (Log::new(), Event::new());
    let (dropped, after, is_waiting) = (log.on_drop("dropped"), log.clone(), waits.clone());
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        let endless = async move {
            let _dropped = dropped;
            is_waiting.set();
            pending::<()>().await;
        };
        assert!(ctx.run_until_interrupted(endless).await.is_none());
        after.add("after it");
        Ok(())
    }));
    let handle = group.handle();
    let stop = async {
        waits.wait().await;
        handle.stop(Ok(()));
    };
    zip(group.run(rt.spawner()), stop).await.0.unwrap();
    assert_eq!(log.entries(), ["dropped", "after it"]);
}

async fn run_until_interrupted_polls_nothing_after_the_interrupt<R: Runtime>(rt: R) {
    after_the_interrupt(rt, |ctx| async move {
        let ran = ctx.run_until_interrupted(async { unreachable!("polled") });
        assert!(ran.await.is_none());
    })
    .await;
}

async fn a_cancellable_is_dropped_by_its_interrupt_and_exits_ok<R: Runtime>(rt: R) {
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(async move {
        let _dropped = dropped;
        pending().await
    }));
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(log.entries(), ["dropped"]);
    assert!(matches!(report.exits()[0].outcome(), Outcome::Returned));
}

async fn a_cancellable_returns_what_it_returns<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(async { Err("by itself".into()) }));
    let error = group.run(rt.spawner()).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "by itself");
}

/// Law 3, also when the interrupt came before.
async fn a_cancellable_is_polled_at_least_once<R: Runtime>(rt: R) {
    let log = Log::new();
    let polled = log.clone();
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(async move {
        polled.add("polled");
        pending().await
    }));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["polled"]);
}

/// The name of the thread that a blocking actor runs on.
async fn thread_of<R: Runtime>(rt: R, name: impl FnOnce(Actor) -> Actor) -> String {
    let log = Log::new();
    let here = log.clone();
    let execute = move || {
        here.add(std::thread::current().name().unwrap_or_default());
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(name(Actor::blocking(execute, |_| {})));
    group.run(rt.spawner()).await.unwrap();
    log.entries().remove(0)
}

async fn a_blocking_actor_has_a_thread_of_its_name<R: Runtime>(rt: R) {
    assert_eq!(
        thread_of(rt, |actor| actor.name("printer")).await,
        "printer"
    );
}

async fn a_blocking_actor_of_no_name_goes_by_its_place<R: Runtime>(rt: R) {
    let name = thread_of(rt, |actor| actor).await;
    assert!(name.contains("context.rs:"), "{name}");
}

/// Empty, long, or with a zero byte, which no thread can have in its name.
async fn a_blocking_actor_of_any_name_has_a_thread<R: Runtime>(rt: R) {
    let place = thread_of(rt.clone(), |actor| actor.name("")).await;
    assert!(place.contains("context.rs:"), "{place}");
    let long = "long".repeat(100);
    let named = long.clone();
    assert_eq!(thread_of(rt.clone(), |actor| actor.name(named)).await, long);
    assert_eq!(thread_of(rt, |actor| actor.name("a\0b")).await, "ab");
}

async fn a_blocking_actor_returns_what_it_returns<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::blocking(|| Err("out of paper".into()), |_| {}).name("printer"));
    group.add_actor(waiter());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `printer` failed");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "out of paper");
}

async fn a_blocking_actor_that_panics_keeps_the_payload<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(Actor::blocking(|| std::panic::panic_any(42_u8), |_| {}));
    group.add_actor(waiter());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let payload = error.into_panic().unwrap();
    assert_eq!(*payload.downcast::<u8>().unwrap(), 42);
}

async fn a_blocking_actor_is_stopped_by_its_interrupt<R: Runtime>(rt: R) {
    let log = Log::new();
    let ended = log.on_drop("ended");
    let (stop, jobs) = std::sync::mpsc::channel::<()>();
    let execute = move || {
        let _ended = ended;
        jobs.into_iter().for_each(drop);
        Ok(())
    };
    let mut group = Group::new();
    group.add_actor(Actor::blocking(execute, move |_| drop(stop)));
    group.handle().stop(Ok(()));
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(log.entries(), ["ended"]);
}

/// On its task, not where it is made: it may block there, or need the runtime.
async fn the_closure_of_with_is_called_on_the_first_poll<R: Runtime>(rt: R) {
    let log = Log::new();
    let called = log.clone();
    let mut group = Group::new();
    group.add_actor(Actor::with(move |_| {
        called.add("called");
        async { Ok(()) }
    }));
    let run = group.run(rt.spawner());
    assert_eq!(log.entries().len(), 0);
    run.await.unwrap();
    assert_eq!(log.entries(), ["called"]);
}
