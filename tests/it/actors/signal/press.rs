//! Presses of Ctrl-C, which are `SIGINT`, under `signal::termination`.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_lite::future::{poll_once, yield_now, zip};
use rungroup::signal::{self, Signal};
use rungroup::{Actor, ErrorKind as Kind, Group};
use rustix::process::Signal as Number;

use super::child::{Child, hear, is_parent, live_on, say, spin};
use super::{HOUR, says_when_ready, says_when_up};
use crate::runtime::Runtime;
use crate::support::{Event, holding, poll_with, waiter, waker_fn};

on_every_runtime! {
    law_31_a_sigint_skips_the_drain,
    law_31_a_sigint_after_sigterm_skips_the_drain,
    law_31_a_sigint_after_another_request_skips_the_drain,
    law_31_a_second_sigint_forces,
    law_31_a_second_sigint_forces_whoever_began,
    law_31_a_sigterm_after_the_force_changes_nothing,
    law_31_one_press_is_one_for_all_groups,
    law_31_a_termination_made_after_a_press_joins_the_count,
    law_31_presses_before_the_run_count,
    law_31_the_count_starts_anew_when_the_last_is_gone,
    law_31_a_third_sigint_kills_when_an_interrupt_does_not_return,
    law_31_a_third_sigint_kills_when_run_is_not_polled,
    law_31_a_third_sigint_kills_when_a_waker_does_not_return,
    law_31_a_third_sigint_kills_although_a_new_termination_was_made,
    law_31_a_third_sigint_kills_although_the_parent_blocked_it,
    law_31_a_third_sigint_goes_to_watchers_of_other_kinds,
}

async fn law_31_a_sigint_skips_the_drain<R: Runtime>(rt: R) {
    if is_parent() {
        return ends_well_after_a_press();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    rt.spawn(says_when_ready([group.handle()]));
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(
        report.cause().unwrap().to_string(),
        "stop requested: SIGINT"
    );
    report.into_result().unwrap();
}

async fn law_31_a_sigint_after_sigterm_skips_the_drain<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::TERM);
        child.wait_for("draining");
        child.send(Number::INT);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    let handle = group.handle();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_when_up());
    rt.spawn(async move {
        while handle.ready().await.is_ok() {
            yield_now().await;
        }
        say("draining");
    });
    group.run(rt.spawner()).await.unwrap();
}

async fn law_31_a_sigint_after_another_request_skips_the_drain<R: Runtime>(rt: R) {
    if is_parent() {
        return ends_well_after_a_press();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    let handle = group.handle();
    rt.spawn(async move {
        handle.ready().await.unwrap();
        handle.stop(Ok(()));
        say("ready");
    });
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.cause().unwrap().to_string(), "stop requested");
    report.into_result().unwrap();
}

async fn law_31_a_second_sigint_forces<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.press_again();
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let deaf = async {
        say("up");
        pending().await
    };
    group.add_actor(Actor::new(deaf, |_| say("interrupted")).name("deaf"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
    assert_eq!(
        error.report().stragglers()[0].actor().as_str(),
        Some("deaf")
    );
}

/// The force gives `SIGINT` its effect back, and no other signal.
async fn law_31_a_sigterm_after_the_force_changes_nothing<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.press_again();
        child.wait_for("forced");
        child.send(Number::TERM);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    // Registered last, so once it is set, the signal has had all its effects.
    let arrived = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(Number::TERM.as_raw(), Arc::clone(&arrived)).unwrap();
    let (deaf, _) = deaf();
    group.add_actor(deaf.stage(1));
    // Due at the force alone, because the deaf one does not leave its stage.
    group.add(pending(), move |_| {
        say("forced");
        while !arrived.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

/// The first press is not a second one because the stop had begun.
async fn law_31_a_second_sigint_forces_whoever_began<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("ready");
        child.send(Number::TERM);
        child.wait_for("SIGTERM");
        child.send(Number::INT);
        child.wait_for("interrupted");
        is_not_forced(&mut child);
        child.press_again();
        return child.ends_well();
    }
    let mut group = Group::new();
    group.drain(HOUR);
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(says_what_arrives(Signal::Term));
    let (actor, is_dropped) = deaf();
    group.add_actor(actor);
    answers_whether_forced([is_dropped]);
    rt.spawn(says_when_ready([group.handle()]));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
}

async fn law_31_one_press_is_one_for_all_groups<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        (0..3).for_each(|_| child.wait_for("up"));
        child.send(Number::INT);
        (0..3).for_each(|_| child.wait_for("interrupted"));
        is_not_forced(&mut child);
        child.press_again();
        return child.ends_well();
    }
    let (outer, inner, other) = (deaf(), deaf(), deaf());
    answers_whether_forced([outer.1, inner.1, other.1]);
    let [mut outer, inner, other] = [outer.0, inner.0, other.0].map(|actor| {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        group.add_actor(actor);
        group
    });
    outer.add_actor(inner.into_actor(rt.spawner()));
    let (outer, other) = zip(outer.run(rt.spawner()), other.run(rt.spawner())).await;
    assert_eq!(outer.unwrap_err().kind(), Kind::Stragglers);
    assert_eq!(other.unwrap_err().kind(), Kind::Stragglers);
}

async fn law_31_a_termination_made_after_a_press_joins_the_count<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.wait_for("up");
        child.press_again();
        return child.ends_well();
    }
    let pressed = Event::new();
    let early = async {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        let pressed = pressed.clone();
        group.add_actor(Actor::new(says_up_and_waits(), move |_| {
            say("interrupted");
            pressed.set();
        }));
        group.run(rt.spawner()).await
    };
    let late = async {
        pressed.wait().await;
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        group.add_actor(deaf().0);
        group.run_report(rt.spawner()).await
    };
    let (early, late) = zip(early, late).await;
    assert_eq!(early.unwrap_err().kind(), Kind::Stragglers);
    assert_eq!(late.cause().unwrap().to_string(), "stop requested: SIGINT");
    assert_eq!(late.into_result().unwrap_err().kind(), Kind::Stragglers);
}

async fn law_31_presses_before_the_run_count<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("made");
        child.press_until_it_ends();
        return child.is_killed_by(Number::INT);
    }
    let group = Group::new();
    let _termination = signal::termination(group.handle()).unwrap();
    say("made");
    live_on();
    drop((group, rt));
}

async fn law_31_the_count_starts_anew_when_the_last_is_gone<R: Runtime>(rt: R) {
    const ROUNDS: u32 = 3;
    if is_parent() {
        let mut child = start();
        for _ in 0..ROUNDS {
            child.wait_for("up");
            child.send(Number::INT);
            child.wait_for("interrupted");
            is_not_forced(&mut child);
            child.press_again();
        }
        return child.ends_well();
    }
    for _ in 0..ROUNDS {
        let mut group = Group::new();
        group.add_actor(signal::termination(group.handle()).unwrap());
        let (actor, is_dropped) = deaf();
        group.add_actor(actor);
        answers_whether_forced([is_dropped]);
        group.run(rt.spawner()).await.unwrap_err();
    }
}

async fn law_31_a_third_sigint_kills_when_an_interrupt_does_not_return<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("stuck");
        return is_killed_by_presses(child);
    }
    run_until_stuck(rt).await;
}

async fn law_31_a_third_sigint_kills_when_run_is_not_polled<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("stuck");
        return is_killed_by_presses(child);
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    let mut run = pin!(group.run(rt.spawner()));
    assert!(poll_once(run.as_mut()).await.is_none());
    say("stuck");
    spin();
}

/// As on an executor that polls `run` where it is woken: then a wake may call interrupts.
async fn law_31_a_third_sigint_kills_when_a_waker_does_not_return<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        // One group is told by the waker that does not return, the other one nevertheless.
        child.wait_for("told");
        child.wait_for("told");
        return is_killed_by_presses(child);
    }
    let mut stuck = Group::new();
    stuck.add_actor(signal::termination(stuck.handle()).unwrap());
    stuck.add_actor(waiter());
    let waker = waker_fn(|| {
        say("told");
        live_on();
    });
    let mut stuck = Box::pin(stuck.run(rt.spawner()));
    assert!(poll_with(&waker, &mut stuck).is_pending());

    let mut other = Group::new();
    other.add_actor(signal::termination(other.handle()).unwrap());
    other.add_actor(says_when_up());
    other.run(rt.spawner()).await.unwrap();
    say("told");
    live_on();
}

async fn law_31_a_third_sigint_kills_although_a_new_termination_was_made<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.press_again();
        child.wait_for("forced");
        return is_killed_by_presses(child);
    }
    let mut group = Group::new();
    let _before = signal::termination(group.handle()).unwrap();
    group.add_actor(deaf().0);
    group.run(rt.spawner()).await.unwrap_err();
    let _after = signal::termination(Group::new().handle()).unwrap();
    say("forced");
    live_on();
}

async fn law_31_a_third_sigint_kills_although_the_parent_blocked_it<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start_blocked(module_path!());
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("stuck");
        return is_killed_by_presses(child);
    }
    run_until_stuck(rt).await;
}

/// After the force, no termination holds the signal back. Others do.
async fn law_31_a_third_sigint_goes_to_watchers_of_other_kinds<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::INT);
        child.wait_for("interrupted");
        child.press_again();
        child.wait_for("forced");
        for _ in 0..2 {
            child.send(Number::INT);
            child.wait_for("SIGINT");
        }
        child.tell("enough");
        return child.ends_well();
    }
    let mut group = Group::new();
    let _termination = signal::termination(group.handle()).unwrap();
    group.add_actor(deaf().0);
    group.run(rt.spawner()).await.unwrap_err();
    let _each = says_what_arrives(Signal::Int);
    say("forced");
    hear("enough");
}

/// Only there: on the other runtimes, `run` has a thread on which it can act.
#[cfg(feature = "tokio")]
mod current_thread {
    use crate::runtime::{TokioCurrentThread, hold};

    #[test]
    fn law_31_a_third_sigint_kills_when_an_actor_spins() {
        hold(
            "law_31_a_third_sigint_kills_when_an_actor_spins on current_thread",
            super::law_31_a_third_sigint_kills_when_an_actor_spins::<TokioCurrentThread>,
        );
    }
}

#[cfg(feature = "tokio")]
async fn law_31_a_third_sigint_kills_when_an_actor_spins<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        return is_killed_by_presses(child);
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(Actor::cancellable(async {
        say("up");
        spin();
        Ok(())
    }));
    let _ = group.run(rt.spawner()).await;
}

/// In the child: an interrupt does not return.
async fn run_until_stuck<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(Actor::new(says_up_and_waits(), |_| {
        say("stuck");
        live_on();
    }));
    let _ = group.run(rt.spawner()).await;
}

fn start() -> Child {
    Child::start(module_path!())
}

fn ends_well_after_a_press() {
    let mut child = start();
    child.wait_for("ready");
    child.send(Number::INT);
    child.ends_well();
}

fn is_killed_by_presses(mut child: Child) {
    child.press_until_it_ends();
    child.is_killed_by(Number::INT);
}

fn is_not_forced(child: &mut Child) {
    child.tell("forced?");
    child.wait_for("not forced");
}

/// In the child: answers the parent's question.
fn answers_whether_forced<const N: usize>(dropped: [Event; N]) {
    std::thread::spawn(move || {
        hear("forced?");
        if dropped.iter().any(Event::is_set) {
            std::process::exit(1);
        }
        say("not forced");
    });
}

fn says_what_arrives(signal: Signal) -> Actor {
    signal::each([signal], |signal| say(&signal.to_string())).unwrap()
}

async fn says_up_and_waits() -> rungroup::Result {
    say("up");
    pending().await
}

/// An actor that only a force ends, and what happens when it is dropped.
fn deaf() -> (Actor, Event) {
    let is_dropped = Event::new();
    let execute = holding(says_up_and_waits(), is_dropped.on_drop());
    let actor = Actor::new(execute, |_| say("interrupted"));
    (actor.name("deaf"), is_dropped)
}
