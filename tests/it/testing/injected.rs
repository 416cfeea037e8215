//! Each fault is really done, once before each poll, and each trial is counted.

use std::collections::BTreeMap;

use futures_lite::future::yield_now;
use rungroup::testing::{Fault, every_stop};
use rungroup::{Actor, Group, Outcome};

use super::{Fresh, LONG};
use crate::runtime::Runtime;
use crate::support::{Count, Log, waiter};

on_every_runtime!(
    each_fault_is_done_once_before_each_poll,
    a_stop_comes_before_the_poll_or_with_it,
    a_drop_drops_the_run,
    trials_are_limited,
    equal_names_are_told_apart,
    children_are_watched,
);

/// Is polled three times, and then rests.
fn three_polls(rests: crate::support::Event) -> Actor {
    Actor::with(|ctx| async move {
        yield_now().await;
        yield_now().await;
        rests.set();
        ctx.interrupted().await;
        Ok(())
    })
}

async fn each_fault_is_done_once_before_each_poll<R: Runtime>(rt: R) {
    let rests = Fresh::default();
    let build = async || {
        let mut group = Group::new();
        group.add_actor(three_polls(rests.renew()).name("three"));
        group
    };
    // Every run that returns is a finding, so that all are seen.
    let findings = every_stop(build)
        .meanwhile(async |_| rests.wait().await)
        .accept(|_| false)
        .limit(LONG)
        .run(rt.spawner())
        .await;
    let mut done = BTreeMap::new();
    // The interrupt wakes the fourth poll, which is not sure: on several threads, it may come while the
    // third one runs.
    let sure = findings.iter().skip(1).filter(|one| one.poll() <= 3);
    for finding in sure {
        let report = finding.report();
        let outcome = report.cause().and_then(|cause| cause.outcome());
        let outcome = outcome.or_else(|| Some(report.exits().first()?.outcome()));
        let fits = match finding.fault() {
            Fault::Stop => outcome.is_some_and(Outcome::is_ok),
            Fault::Lost => matches!(outcome, Some(Outcome::Lost(None))),
            Fault::Force => report.stragglers().len() == 1,
            _ => false,
        };
        assert!(fits, "{finding}");
        *done
            .entry((finding.poll(), finding.fault().to_string()))
            .or_insert(0) += 1;
    }
    let undisturbed = findings.iter().next().unwrap();
    assert_eq!((undisturbed.poll(), undisturbed.fault()), (0, Fault::Stop));
    for poll in 1..=3 {
        for (fault, times) in [("stop", 2), ("lost", 1), ("force", 1)] {
            assert_eq!(
                done[&(poll, fault.into())],
                times,
                "{poll} {fault}: {findings}"
            );
        }
    }
    assert!(findings.trials() > 3 * 5, "{findings}");
}

async fn a_stop_comes_before_the_poll_or_with_it<R: Runtime>(rt: R) {
    let log = Log::new();
    let rests = Fresh::default();
    let build = async || {
        let rests = rests.renew();
        let log = log.clone();
        log.add("built");
        let mut group = Group::new();
        group.add_actor(Actor::with(|ctx| async move {
            yield_now().await;
            log.add(format!("interrupted: {}", ctx.is_interrupted()));
            rests.set();
            ctx.interrupted().await;
            Ok(())
        }));
        group
    };
    let findings = every_stop(build)
        .meanwhile(async |_| rests.wait().await)
        .limit(LONG)
        .run(rt.spawner())
        .await;
    assert!(findings.is_empty(), "{findings}");
    let entries = log.entries();
    let trials: Vec<_> = entries.split(|entry| entry == "built").skip(1).collect();
    assert_eq!(trials.len(), findings.trials());
    // The polls are sorted, so the first five disturb poll 1, the next five poll 2.
    assert_eq!(trials[0], ["interrupted: false"]);
    assert_eq!(trials[6 + 1], ["interrupted: true"], "{entries:?}");
    // A task that was lost, forced or dropped before its poll is not polled.
    for undone in &trials[6 + 2..6 + 5] {
        assert!(undone.is_empty(), "{entries:?}");
    }
}

async fn a_drop_drops_the_run<R: Runtime>(rt: R) {
    let (interrupts, drops) = (Count::new(), Count::new());
    let returned = Count::new();
    let build = async || {
        let interrupts = interrupts.clone();
        let drops = drops.clone();
        let mut group = Group::new();
        let (execute, interrupt) = crate::support::waiting();
        let kept = crate::support::on_drop(move || drops.add());
        let execute = async move {
            let _kept = kept;
            execute.await
        };
        group.add(execute, move |cause| {
            interrupts.add();
            interrupt(cause);
        });
        group
    };
    let findings = every_stop(build)
        .accept(|_| {
            returned.add();
            true
        })
        .limit(LONG)
        .run(rt.spawner())
        .await;
    assert!(findings.is_empty(), "{findings}");
    let trials = findings.trials();
    // Of five faults, the drop is the only one after which the run does not return.
    assert_eq!(returned.get(), trials - (trials - 1) / 5);
    assert_eq!((interrupts.get(), drops.get()), (trials, trials));
}

async fn trials_are_limited<R: Runtime>(rt: R) {
    for most in [0, 1, 2, 7] {
        let built = Count::new();
        let build = async || {
            built.add();
            let mut group = Group::new();
            for _ in 0..3 {
                group.add_actor(waiter());
            }
            group
        };
        let every_stop = every_stop(build).limit(LONG).trials(most);
        let findings = every_stop.run(rt.spawner()).await;
        assert!(findings.is_empty(), "{findings}");
        assert_eq!(findings.trials(), most.max(1));
        assert_eq!(built.get(), most.max(1));
    }
}

async fn equal_names_are_told_apart<R: Runtime>(rt: R) {
    let build = async || {
        let mut group = Group::new();
        for _ in 0..3 {
            group.add_actor(waiter().name("worker"));
        }
        group
    };
    let findings = every_stop(build)
        .accept(|_| false)
        .limit(LONG)
        .run(rt.spawner())
        .await;
    let lost = findings
        .iter()
        .filter(|finding| finding.fault() == Fault::Lost && finding.poll() == 1);
    let trials: Vec<_> = lost
        .map(|finding| {
            let text = finding.to_string();
            text.lines().last().unwrap().trim().to_owned()
        })
        .collect();
    let alone = "to run this trial alone: RUNGROUP_TRIAL=";
    let expected = [
        format!("{alone}'lost:1:worker'"),
        format!("{alone}'lost:1:worker#2'"),
        format!("{alone}'lost:1:worker#3'"),
    ];
    assert_eq!(trials, expected);
}

async fn children_are_watched<R: Runtime>(rt: R) {
    let runs = Fresh::default();
    let build = async || {
        let runs = runs.renew();
        let mut group = Group::new();
        group.add_actor(Actor::with(|ctx| async move {
            let child = Actor::with(|ctx| async move {
                runs.set();
                ctx.interrupted().await;
                Ok(())
            });
            let _ = ctx.handle().add_actor(child.name("child"));
            ctx.interrupted().await;
            Ok(())
        }));
        group
    };
    let lost = Count::new();
    let findings = every_stop(build)
        .meanwhile(async |_| runs.wait().await)
        .accept(|report| {
            let cause = report.cause().and_then(|cause| cause.actor());
            if cause.is_some_and(|actor| actor.as_str() == Some("child")) {
                lost.add();
            }
            true
        })
        .limit(LONG)
        .run(rt.spawner())
        .await;
    assert!(findings.is_empty(), "{findings}");
    assert!(lost.get() > 0, "{findings}");
}
