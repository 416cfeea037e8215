//! Ctrl-C on Windows: each test runs itself once more as a child process with a console of its own,
//! because Ctrl-C reaches every process of a console.

mod child;

use std::future::pending;
use std::io;

use rungroup::signal::{self, Signal};
use rungroup::{Actor, Cause, ErrorKind as Kind, Group, Handle};

use crate::runtime::Runtime;
use crate::support::waiter;
use child::{CONTROL_C_EXIT, Child, HOUR, is_parent, say, takes_presses, waits_for_ever};

on_every_runtime! {
    law_31_ctrl_c_stops_the_group_and_skips_the_drain,
    law_31_a_ctrl_c_before_the_run_is_not_lost,
    law_31_a_second_ctrl_c_forces,
    law_31_a_third_ctrl_c_ends_the_process,
    each_is_called_for_each_ctrl_c,
    after_the_actors_are_gone_ctrl_c_has_no_effect,
    no_other_signal_can_be_watched,
}

async fn law_31_ctrl_c_stops_the_group_and_skips_the_drain<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("ready");
        child.press();
        return child.ends_well();
    }
    takes_presses();
    let mut group = Group::new();
    group.drain(HOUR);
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    rt.spawn(says_when_ready(group.handle()));
    let report = group.run_report(rt.spawner()).await;
    let cause = report.cause().unwrap();
    assert_eq!(cause.to_string(), "stop requested: SIGINT");
    assert_eq!(cause.signal(), Some(Signal::Int));
    report.into_result().unwrap();
}

async fn law_31_a_ctrl_c_before_the_run_is_not_lost<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("made");
        child.press();
        child.wait_for("heard");
        return child.ends_well();
    }
    takes_presses();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    let mut watched = Group::new();
    watched.add_actor(signal::handler([Signal::Int]).unwrap());
    say("made");
    watched.run(rt.spawner()).await.unwrap_err();
    say("heard");
    group.run(rt.spawner()).await.unwrap();
}

async fn law_31_a_second_ctrl_c_forces<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.press();
        child.wait_for("interrupted");
        child.press_again();
        return child.ends_well();
    }
    takes_presses();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(up_until(|_| say("interrupted")).name("deaf"));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Stragglers);
    let straggler = &error.report().stragglers()[0];
    assert_eq!(straggler.actor().as_str(), Some("deaf"));
}

async fn law_31_a_third_ctrl_c_ends_the_process<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.press();
        child.wait_for("stuck");
        child.press_until_it_ends();
        return child.ends_with(CONTROL_C_EXIT);
    }
    takes_presses();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(up_until(|_| {
        say("stuck");
        waits_for_ever();
    }));
    let _ = group.run(rt.spawner()).await;
}

async fn each_is_called_for_each_ctrl_c<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        for press in ["SIGINT 1", "SIGINT 2", "SIGINT 3"] {
            child.press();
            child.wait_for(press);
        }
        return child.ends_well();
    }
    takes_presses();
    let mut group = Group::new();
    let handle = group.handle();
    let mut count = 0;
    let f = move |signal: Signal| {
        count += 1;
        say(&format!("{signal} {count}"));
        if count == 3 {
            handle.stop(Ok(()));
        }
    };
    group.add_actor(signal::each([Signal::Int], f).unwrap());
    let (execute, interrupt) = crate::support::waiting();
    let execute = async {
        say("up");
        execute.await
    };
    group.add_actor(Actor::new(execute, interrupt));
    group.run(rt.spawner()).await.unwrap();
}

/// Nothing tells when a press has had no effect. One that arrives late stops the group that watches
/// next, which is why the second press may find nobody.
async fn after_the_actors_are_gone_ctrl_c_has_no_effect<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("gone");
        child.press();
        child.wait_for("pressed");
        child.wait_for("watched again");
        child.press_if_it_lives();
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add(async { Ok(()) }, |_| {});
    group.run(rt.spawner()).await.unwrap();
    let pressed = takes_presses();
    say("gone");
    pressed.recv().unwrap();
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    group.add_actor(waiter());
    say("watched again");
    group.run(rt.spawner()).await.unwrap();
}

async fn no_other_signal_can_be_watched<R: Runtime>(_: R) {
    for signal in [Signal::Term, Signal::Hup] {
        let error = signal::each([signal], |_| {}).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let expected = format!("the signal {signal} cannot be handled on Windows");
        assert_eq!(error.to_string(), expected);
    }
}

async fn says_when_ready(group: Handle) {
    group.ready().await.unwrap();
    say("ready");
}

/// An actor that only a force ends.
fn up_until(interrupt: impl FnOnce(&Cause) + Send + 'static) -> Actor {
    let execute = async {
        say("up");
        pending().await
    };
    Actor::new(execute, interrupt)
}

fn start() -> Child {
    Child::start(module_path!())
}
