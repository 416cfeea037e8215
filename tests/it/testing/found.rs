//! Each kind of finding is reported, and says what a person must know.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on, yield_now};
use rungroup::testing::{Fault, every_stop};
use rungroup::{Actor, Ends, Group, Phase, Threads};

use super::{LONG, SHORT, found};
use crate::runtime::Runtime;
use crate::support::{kaboom, waiter};

on_every_runtime!(
    a_stop_that_outlasts_its_limit,
    a_straggler,
    a_panic,
    another_error_than_was_put_in,
    a_loss_that_the_program_tolerates_is_none,
    a_report_that_is_not_accepted,
    a_script_that_does_not_return,
    a_script_that_panics_after_a_fault_is_none,
    a_script_that_panics_while_a_task_is_lost_is_none,
    the_first_findings_that_take_long_are_enough,
);

fn deaf() -> Actor {
    Actor::new(std::future::pending(), |_| {}).name("deaf")
}

fn of(actor: Actor) -> Group {
    let mut group = Group::new();
    group.add_actor(actor);
    group
}

async fn a_stop_that_outlasts_its_limit<R: Runtime>(rt: R) {
    let findings = every_stop(async || of(deaf()))
        .limit(SHORT)
        .trials(2)
        .run(rt.spawner())
        .await;
    let finding = findings.iter().next().unwrap();
    let status = finding.status().unwrap();
    assert_eq!(status.phase(), Phase::Stopping);
    assert_eq!(finding.actor().as_str(), Some("deaf"));
    assert_eq!(finding.report().stragglers().len(), 1);
    let text = findings.to_string();
    for part in [
        "2 findings in 2 trials\n\n1. undisturbed: the stop outlasted 300ms\n   stopping for ",
        "waiting for                          stage  state",
        "\n     deaf                                     0  parked ",
        "\n   to run this trial alone: RUNGROUP_TRIAL='stop:0:'\n",
        "\n\n2. the stop was requested before poll 1 of `deaf`: the stop outlasted 300ms\n",
        "\n   to run this trial alone: RUNGROUP_TRIAL='stop:1:deaf'",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

async fn a_straggler<R: Runtime>(rt: R) {
    let build = async || {
        let mut group = of(deaf());
        group.grace(SHORT / 10);
        group
    };
    let findings = every_stop(build)
        .limit(LONG)
        .trials(2)
        .run(rt.spawner())
        .await;
    let finding = findings.iter().next().unwrap();
    assert!(finding.status().is_none());
    let text = finding.to_string();
    assert!(
        text.starts_with("undisturbed: `deaf` did not stop\n   stopped by: "),
        "{text}"
    );
}

async fn a_panic<R: Runtime>(rt: R) {
    let bomb = || {
        Actor::with(|ctx| async move {
            ctx.interrupted().await;
            kaboom("late")
        })
    };
    let findings = every_stop(async || of(bomb().name("bomb")))
        .limit(LONG)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        finding.fault() == Fault::Stop && finding.to_string().contains(": `bomb` panicked\n")
    });
    // The cause is a panic, too.
    let bomb = || Actor::new(async { kaboom("early") }, |_| {});
    let findings = every_stop(async || of(bomb().name("bomb")))
        .limit(LONG)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        finding.to_string().contains(": `bomb` panicked\n")
    });
}

async fn another_error_than_was_put_in<R: Runtime>(rt: R) {
    let build = async || {
        let mut group = of(Actor::with(|ctx| async move {
            ctx.interrupted().await;
            Err("not flushed".into())
        })
        .must_succeed()
        .name("database"));
        group.add_actor(waiter().name("http"));
        group
    };
    let findings = every_stop(build).limit(LONG).run(rt.spawner()).await;
    let error = "the run returned an error: actor `database` failed: not flushed";
    found(&findings, |finding| finding.to_string().contains(error));
}

async fn a_loss_that_the_program_tolerates_is_none<R: Runtime>(rt: R) {
    let build = async || {
        let mut group = of(waiter().name("server"));
        group.add_actor(waiter().ends_group(Ends::Never).name("metrics"));
        group
    };
    let findings = every_stop(build).limit(LONG).run(rt.spawner()).await;
    assert!(findings.is_empty(), "{findings}");
}

async fn a_report_that_is_not_accepted<R: Runtime>(rt: R) {
    let findings = every_stop(async || of(waiter().name("server")))
        .accept(|report| report.stragglers().is_empty())
        .limit(LONG)
        .run(rt.spawner())
        .await;
    assert!(!findings.is_empty());
    for finding in findings.iter() {
        assert_eq!(finding.fault(), Fault::Force);
        assert!(finding.to_string().contains("the report was not accepted"));
    }
}

async fn a_script_that_does_not_return<R: Runtime>(rt: R) {
    let findings = every_stop(async || of(waiter().name("server")))
        .meanwhile(async |_| std::future::pending().await)
        .limit(SHORT / 10)
        .trials(1)
        .run(rt.spawner())
        .await;
    let finding = findings.iter().next().unwrap();
    assert!(
        finding
            .to_string()
            .contains("the script did not return within 300ms"),
        "{finding}"
    );
    assert_eq!(finding.status().unwrap().phase(), Phase::Running);
}

async fn a_script_that_panics_after_a_fault_is_none<R: Runtime>(rt: R) {
    let script = async |handle: rungroup::Handle| {
        let is_disturbed = handle.ready().await.is_err();
        let is_disturbed = is_disturbed || handle.status().cause().is_some();
        if is_disturbed {
            kaboom("no answer");
        }
    };
    let findings = every_stop(async || of(waiter().name("server")))
        .meanwhile(script)
        .limit(LONG)
        .run(rt.spawner())
        .await;
    assert!(findings.is_empty(), "{findings}");
}

/// Tells that it is dropped, and then takes its time.
struct Slow(Option<async_channel::Sender<()>>);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0 = None;
        thread::sleep(Duration::from_millis(20));
    }
}

/// The script hears of the loss from what the task held, while that is being dropped.
async fn a_script_that_panics_while_a_task_is_lost_is_none<R: Runtime>(rt: R) {
    let answered = RefCell::new(None);
    let build = async || {
        let (answer, receiver) = async_channel::bounded(1);
        answered.replace(Some(receiver));
        let slow = Slow(Some(answer));
        of(Actor::with(move |ctx| async move {
            yield_now().await;
            if let Some(answer) = &slow.0 {
                let _ = answer.try_send(());
            }
            ctx.interrupted().await;
            Ok(())
        }))
    };
    let script = async |_| {
        let answered = answered.take().expect("built");
        if answered.recv().await.is_err() {
            kaboom("no answer");
        }
    };
    let test = every_stop(build).meanwhile(script).limit(LONG);
    let findings = test.run(rt.spawner()).await;
    assert!(findings.is_empty(), "{findings}");
}

async fn the_first_findings_that_take_long_are_enough<R: Runtime>(rt: R) {
    let build = async || {
        let mut group = Group::new();
        for _ in 0..10 {
            group.add_actor(deaf());
        }
        group
    };
    let findings = every_stop(build).limit(SHORT / 10).run(rt.spawner()).await;
    assert_eq!(findings.iter().count(), 20);
    let text = findings.to_string();
    assert!(
        text.contains("\n\nand 10 more\n\nEnough stops have outlasted their limit"),
        "{text}"
    );
}

#[test]
fn a_panic_of_the_undisturbed_script_goes_through() {
    let test = every_stop(async || of(waiter())).meanwhile(async |_| kaboom("a wrong answer"));
    let run = catch_unwind(AssertUnwindSafe(|| block_on(test.run(Threads)).trials()));
    assert_eq!(
        *run.unwrap_err().downcast::<&str>().unwrap(),
        "a wrong answer"
    );
}

#[test]
fn check_panics_with_the_findings() {
    let check = |actor: fn() -> Actor| {
        let test = every_stop(async || of(actor())).limit(SHORT).trials(1);
        catch_unwind(AssertUnwindSafe(|| block_on(test.check(Threads))))
    };
    let payload = check(deaf).unwrap_err();
    let text = payload.downcast::<String>().unwrap();
    assert!(text.starts_with("the program of "), "{text}");
    assert!(text.contains("found.rs:"), "{text}");
    assert!(
        text.contains("1 finding in 1 trial\n\n1. undisturbed: "),
        "{text}"
    );
}

#[test]
fn a_program_without_actors_has_no_finding() {
    let findings = block_on(every_stop(async || Group::new()).limit(LONG).run(Threads));
    assert!(findings.is_empty());
    assert_eq!(
        (findings.trials(), findings.to_string()),
        (1, "0 findings in 1 trial".into())
    );
}

#[test]
fn all_types_have_debug() {
    let test = every_stop(async || of(deaf())).limit(SHORT).trials(1);
    let text = format!("{test:?}");
    assert_eq!(text, "EveryStop { limit: 300ms, trials: 1, .. }");
    let findings = block_on(test.run(Threads));
    assert!(format!("{findings:?}").contains("Outlasted"));
}
