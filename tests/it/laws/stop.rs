//! Laws 5 to 10: how a group stops.

use std::error::Error as _;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on, or, poll_once, yield_now};
use rungroup::{Actor, Cause, Ends, ErrorKind, Group, Outcome, Result, Spawner, spawner};

use crate::runtime::Runtime;
use crate::support::{
    Count, Held, Log, during, ending, holding, kaboom, on_drop, poll_with, waiter,
};

on_every_runtime! {
    law_05_first_exit_is_the_cause,
    law_05_first_request_is_the_cause,
    law_05_nothing_changes_the_cause,
    law_06_every_interrupt_receives_the_same_cause,
    law_07_all_are_interrupted_exactly_once,
    law_07_an_actor_that_left_has_its_interrupt_dropped_uncalled,
    law_08_interrupts_are_called_in_the_order_of_adding,
    law_09_run_returns_after_every_exit,
    law_09_run_waits_for_the_last,
    law_10_a_later_error_never_replaces_an_ok_cause,
    law_10_the_cause_s_own_fault_comes_first,
    law_10_a_later_fault_fails_an_ok_cause,
    law_10_the_first_of_later_faults_is_the_error,
    law_10_a_straggler_is_an_error_if_nothing_else_is,
}

/// The spawner of the runtime, but it loses the actor named "lost" once `lose` is dropped.
fn losing<R: Runtime>(rt: &R, lose: &async_channel::Receiver<()>) -> impl Spawner + use<R> {
    let (rt, lose) = (rt.clone(), lose.clone());
    spawner::from_fn(move |task| {
        if task.name().as_str() == Some("lost") {
            let lose = lose.clone();
            let lost = async move {
                let _ = lose.recv().await;
            };
            rt.spawn(or(task, lost));
        } else {
            rt.spawner().spawn_task(task);
        }
    })
}

/// "The cause is the first exit that ends the group …"
async fn law_05_first_exit_is_the_cause<R: Runtime>(rt: R) {
    let mut group = Group::new();
    for nth in 0..5 {
        group.add_actor(ending(move || Err(format!("late {nth}").into())));
    }
    group.add_actor(Actor::new(async { Err("first".into()) }, |_| {}).name("culprit"));
    let report = group.run_report(rt.spawner()).await;
    let cause = report.cause().unwrap();
    assert_eq!(cause.actor().unwrap().as_str(), Some("culprit"));
    assert_eq!(cause.to_string(), "actor `culprit` failed: first");
    assert_eq!(report.exits().len(), 6);
    let error = report.into_result().unwrap_err();
    assert_eq!(error.to_string(), "actor `culprit` failed");
    assert_eq!(error.source().unwrap().to_string(), "first");
}

/// "… (or request) …": the later ones, and all exits, come too late.
async fn law_05_first_request_is_the_cause<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add(async { Err("exit".into()) }, |_| {});
    let handle = group.handle();
    handle.stop(Err("one".into()));
    handle.stop(Err("two".into()));
    handle.stop(Ok(()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert!(error.actor().is_none());
    assert_eq!(error.source().unwrap().to_string(), "one");
}

/// "… in the one order in which the group sees them": not in the order of adding.
#[test]
fn law_05_the_order_is_that_of_the_exits() {
    let held = Held::new();
    let mut group = Group::new();
    for nth in 0..3 {
        group.add(async move { Err(nth.to_string().into()) }, |_| {});
    }
    let handle = group.handle();
    let mut run = Box::pin(group.run(&held));
    assert!(poll_with(Waker::noop(), &mut run).is_pending());
    let mut tasks = held.take();
    for nth in [2, 0] {
        assert!(poll_with(Waker::noop(), &mut tasks[nth]).is_ready());
    }
    handle.stop(Err("request".into()));
    assert!(poll_with(Waker::noop(), &mut tasks[1]).is_ready());
    let error = block_on(run).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "2");
}

/// "… it never changes": not by requests, failures, panics, or a force during the stop.
async fn law_05_nothing_changes_the_cause<R: Runtime>(rt: R) {
    let mut group = Group::new();
    let handle = group.handle();
    let causes = Causes::default();
    group.add_actor(causes.keeper());
    let again = handle.clone();
    group.add(async { Err("first".into()) }, move |_| {
        again.stop(Err("request".into()));
    });
    group.add_actor(causes.keeper());
    group.add_actor(ending(|| kaboom("panic")));
    let forces = ending(move || {
        handle.force();
        Err("late".into())
    });
    group.add_actor(forces);
    group.add_actor(causes.keeper().background());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "first");
    assert_eq!(causes.get().len(), 3);
    for cause in causes.get() {
        assert_eq!(cause.error().unwrap().to_string(), "first");
    }
}

/// What the interrupts got.
#[derive(Clone, Default)]
struct Causes(Arc<Mutex<Vec<Cause>>>);

impl Causes {
    /// Waits for its interrupt, and keeps the cause.
    fn keeper(&self) -> Actor {
        let causes = self.clone();
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let execute = async move {
            let _ = stopped.recv().await;
            Ok(())
        };
        Actor::new(execute, move |cause| {
            causes.0.lock().unwrap().push(cause.clone());
            drop(stop);
        })
    }

    fn get(&self) -> Vec<Cause> {
        self.0.lock().unwrap().clone()
    }
}

/// "Every interrupt receives the same cause": the very same, of whichever kind.
async fn law_06_every_interrupt_receives_the_same_cause<R: Runtime>(rt: R) {
    type Setup = fn(&mut Group);
    let kinds: [(&str, Setup); 6] = [
        ("actor `x` returned", |group| {
            group.add_actor(Actor::new(async { Ok(()) }, |_| {}).name("x"));
        }),
        ("actor `x` failed: no", |group| {
            group.add_actor(Actor::new(async { Err("no".into()) }, |_| {}).name("x"));
        }),
        ("actor `x` panicked: no", |group| {
            group.add_actor(Actor::new(async { kaboom("no") }, |_| {}).name("x"));
        }),
        (
            "actor `lost` was lost by its spawner (was its runtime shut down?)",
            |group| {
                group.add_actor(waiter().name("lost"));
            },
        ),
        ("stop requested", |group| group.handle().stop(Ok(()))),
        ("stop requested: no", |group| {
            group.handle().stop(Err("no".into()));
        }),
    ];
    let (lose, lost) = async_channel::bounded::<()>(1);
    drop(lose);
    for (text, setup) in kinds {
        let causes = Causes::default();
        let mut group = Group::new();
        for stage in [0, 2, 1, 0] {
            group.add_actor(causes.keeper().stage(stage));
        }
        group.add_actor(causes.keeper().background());
        setup(&mut group);
        let _ = group.run(losing(&rt, &lost)).await;
        assert_same(&causes.get(), 5, text);
    }

    let causes = Causes::default();
    let mut group = Group::new();
    group.add_actor(causes.keeper().background());
    group.add_actor(causes.keeper().background());
    group.run(rt.spawner()).await.unwrap();
    assert_same(&causes.get(), 2, "no actor left");
}

fn assert_same(causes: &[Cause], count: usize, text: &str) {
    let error = |cause: &Cause| {
        cause
            .error()
            .map(|error| std::ptr::from_ref(error).cast::<()>())
    };
    let outcome = |cause: &Cause| cause.outcome().map(std::ptr::from_ref::<Outcome>);
    assert_eq!(causes.len(), count);
    for cause in causes {
        assert_eq!(cause.to_string(), text);
        assert_eq!(error(cause), error(&causes[0]));
        assert_eq!(outcome(cause), outcome(&causes[0]));
    }
}

/// "Every actor that did not leave is interrupted exactly once, in its stage's turn, whether or not it
/// has exited by then; the one that caused the stop too." Also when all exit at once.
async fn law_07_all_are_interrupted_exactly_once<R: Runtime>(rt: R) {
    let log = Log::new();
    let interrupts: Vec<_> = (0..64).map(|_| Count::new()).collect();
    let mut group = Group::new();
    for (nth, count) in interrupts.iter().enumerate() {
        let (exits, interrupted, count) = (log.clone(), log.clone(), count.clone());
        let execute = async move {
            exits.add("exits");
            if nth % 2 == 0 {
                Ok(())
            } else {
                Err("no".into())
            }
        };
        group.add(execute, move |_| {
            interrupted.add("interrupted");
            count.add();
        });
    }
    let _ = group.run(rt.spawner()).await;
    assert_eq!(log.entries()[0], "exits");
    for count in interrupts {
        assert_eq!(count.get(), 1);
    }
}

/// "An actor that left earlier (`Ends::OnError` with Ok, `Ends::Never`) has its interrupt dropped
/// uncalled at its exit": while the group still runs.
async fn law_07_an_actor_that_left_has_its_interrupt_dropped_uncalled<R: Runtime>(rt: R) {
    let calls = Count::new();
    let (drops, dropped) = async_channel::unbounded();
    let leaving = |end: fn() -> Result, ends: Ends| {
        let (calls, drops) = (calls.clone(), drops.clone());
        let kept = on_drop(move || drops.try_send(()).unwrap());
        let interrupt = move |_: &Cause| {
            calls.add();
            drop(kept);
        };
        Actor::new(async move { end() }, interrupt).ends_group(ends)
    };
    let mut group = Group::new();
    group.add_actor(waiter());
    group.add_actor(leaving(|| Ok(()), Ends::OnError));
    group.add_actor(leaving(|| Ok(()), Ends::Never));
    group.add_actor(leaving(|| Err("no".into()), Ends::Never));
    group.add_actor(leaving(|| kaboom("no"), Ends::Never));
    let handle = group.handle();
    let late = leaving(|| Ok(()), Ends::OnError);
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        for _ in 0..4 {
            dropped.recv().await.unwrap();
        }
        handle.add_actor(late).unwrap();
        dropped.recv().await.unwrap();
    })
    .await;
    handle.stop(Ok(()));
    run.await.unwrap();
    assert_eq!(calls.get(), 0);
}

/// "Within a stage, interrupts are called in the order of adding, on the task that polls `run`."
async fn law_08_interrupts_are_called_in_the_order_of_adding<R: Runtime>(rt: R) {
    let log = Log::new();
    let here = thread::current().id();
    let ordered = |nth: usize| {
        let log = log.clone();
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let execute = async move {
            let _ = stopped.recv().await;
            Ok(())
        };
        Actor::new(execute, move |_| {
            assert_eq!(thread::current().id(), here);
            log.add(nth.to_string());
            drop(stop);
        })
    };
    let (leave, left) = async_channel::bounded::<()>(1);
    let (drops, dropped) = async_channel::unbounded();
    let kept = on_drop(move || drops.try_send(()).unwrap());
    let leaves = async move {
        let _ = left.recv().await;
        Ok(())
    };
    let mut group = Group::new();
    let handle = group.handle();
    group.add_actor(ordered(0));
    // Its place becomes free, and is used again by one that comes after the others.
    let leaver = Actor::new(leaves, move |_| drop(kept));
    group.add_actor(leaver.ends_group(Ends::OnError));
    handle.add_actor(ordered(1)).unwrap();
    group.add_actor(ordered(2));
    let mut run = pin!(group.run(rt.spawner()));
    assert!(poll_once(&mut run).await.is_none());
    drop(leave);
    during(&mut run, dropped.recv()).await.unwrap();
    for nth in 3..10 {
        handle.add_actor(ordered(nth)).unwrap();
    }
    handle.stop(Ok(()));
    run.await.unwrap();
    let expected: Vec<_> = (0..10).map(|nth| nth.to_string()).collect();
    assert_eq!(log.entries(), expected);
}

/// "`run` never returns before every actor has exited": nothing of an actor is left then.
async fn law_09_run_returns_after_every_exit<R: Runtime>(rt: R) {
    for outcome in [Ok(()), Err("no".into())] {
        let gone = Count::new();
        let mut group = Group::new();
        for nth in 0..50 {
            let gone = gone.clone();
            group.add_actor(Actor::with(move |ctx| {
                let winding_up = async move {
                    ctx.interrupted().await;
                    for _ in 0..nth {
                        yield_now().await;
                    }
                    if nth % 5 == 0 {
                        Err("late".into())
                    } else {
                        Ok(())
                    }
                };
                holding(winding_up, on_drop(move || gone.add()))
            }));
        }
        group.add(async { outcome }, |_| {});
        let _ = group.run(rt.spawner()).await;
        assert_eq!(gone.get(), 50);
    }
}

/// The same, for one actor that takes its time: no interrupt, exit or request lets `run` go.
async fn law_09_run_waits_for_the_last<R: Runtime>(rt: R) {
    let (interrupted, was_interrupted) = async_channel::unbounded();
    let (finish, finished) = async_channel::bounded::<()>(1);
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        interrupted.send(()).await?;
        let _ = finished.recv().await;
        Ok(())
    }));
    for _ in 0..10 {
        group.add_actor(waiter());
    }
    group.add(async { Err("first".into()) }, |_| {});
    let handle = group.handle();
    let mut run = pin!(group.run(rt.spawner()));
    during(&mut run, was_interrupted.recv()).await.unwrap();
    handle.stop(Ok(()));
    for _ in 0..100 {
        assert!(poll_once(&mut run).await.is_none());
        yield_now().await;
    }
    drop(finish);
    let error = run.await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "first");
}

/// "A later actor's mere `Err` never replaces an Ok cause (Go's rule), but is kept in the report."
async fn law_10_a_later_error_never_replaces_an_ok_cause<R: Runtime>(rt: R) {
    let group = || {
        let mut group = Group::new();
        group.add_actor(ending(|| Err("late".into())).name("late"));
        group.add_actor(ending(|| Ok(())).name("fine"));
        group.add(async { Ok(()) }, |_| {});
        group
    };
    group().run(rt.spawner()).await.unwrap();

    let report = group().run_report(rt.spawner()).await;
    let exit = report
        .exits()
        .iter()
        .find(|exit| exit.actor().as_str() == Some("late"));
    let Outcome::Failed(error) = exit.unwrap().outcome() else {
        panic!("{exit:?}");
    };
    assert_eq!(error.to_string(), "late");
    report.into_result().unwrap();
}

/// "The cause's own failure, panic or loss is the error", whatever comes later.
async fn law_10_the_cause_s_own_fault_comes_first<R: Runtime>(rt: R) {
    let (lose, lost) = async_channel::bounded::<()>(1);
    drop(lose);
    let causes = [
        (
            Actor::new(async { Err("no".into()) }, |_| {}),
            ErrorKind::Failed,
        ),
        (
            Actor::new(async { kaboom("no") }, |_| {}),
            ErrorKind::Panicked,
        ),
        (waiter().name("lost"), ErrorKind::Lost),
    ];
    for (actor, kind) in causes {
        let mut group = Group::new();
        group.add_actor(actor);
        group.add_actor(ending(|| kaboom("late")).name("late"));
        let error = group.run(losing(&rt, &lost)).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_ne!(error.actor().unwrap().as_str(), Some("late"));
        assert_eq!(error.report().exits().len(), 2);
    }
}

/// "Else a panic or a loss during the stop … is": under each kind of Ok cause.
async fn law_10_a_later_fault_fails_an_ok_cause<R: Runtime>(rt: R) {
    for by_request in [false, true] {
        for (name, kind) in [("late", ErrorKind::Panicked), ("lost", ErrorKind::Lost)] {
            let (lose, lost) = async_channel::bounded::<()>(1);
            let mut group = Group::new();
            let late = Actor::with(move |ctx| async move {
                ctx.interrupted().await;
                if name == "late" {
                    kaboom("late")
                }
                drop(lose);
                pending().await
            });
            group.add_actor(late.name(name));
            if by_request {
                group.add_actor(waiter());
                group.handle().stop(Ok(()));
            } else {
                group.add(async { Ok(()) }, |_| {});
            }
            let error = group.run(losing(&rt, &lost)).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert_eq!(error.actor().unwrap().as_str(), Some(name));
            assert!(error.report().cause().unwrap().error().is_none());
        }
    }
}

/// The first in the order of the exits; the later ones, and mere errors, are in the report.
async fn law_10_the_first_of_later_faults_is_the_error<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(ending(|| kaboom("second")).name("second").stage(0));
    group.add_actor(ending(|| kaboom("first")).name("first").stage(1));
    group.add_actor(ending(|| Err("mere".into())).name("mere").stage(2));
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}).stage(3));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.to_string(), "actor `first` panicked: first");
    let names = error.report().exits().iter().map(|exit| exit.actor());
    let names: Vec<_> = names.map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["mere", "first", "second"]);
}

/// "… or a straggler, is. Else Ok."
async fn law_10_a_straggler_is_an_error_if_nothing_else_is<R: Runtime>(rt: R) {
    let group = |outcome: Result| {
        let mut group = Group::new();
        group.grace(Duration::ZERO);
        group.add_actor(Actor::new(pending(), |_| {}).name("deaf"));
        group.handle().stop(outcome);
        group
    };
    let error = group(Ok(())).run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stragglers);

    let error = group(Err("no".into())).run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.report().stragglers().len(), 1);

    let mut bombed = group(Ok(()));
    bombed.add(pending(), |_| kaboom("interrupt"));
    let error = bombed.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.report().stragglers().len(), 2);
}
