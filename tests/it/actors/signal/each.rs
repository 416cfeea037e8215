//! `signal::each`.

use std::future::pending;
use std::sync::mpsc::channel;
use std::time::Duration;

use futures_lite::future::block_on;
use rungroup::signal::{self, Signal};
use rungroup::{Actor, ActorState, ErrorKind as Kind, Group, Status, Straggler};
use rustix::process::Signal as Number;
use signal_hook::consts::SIGHUP;
use signal_hook::low_level::raise;

use super::child::{Child, hear, is_parent, live_on, say};
use crate::runtime::Runtime;
use crate::support::{Count, Event, kaboom, parking, waiter};

on_every_runtime! {
    it_calls_f_for_each_on_its_own_thread,
    it_calls_f_before_the_run_too,
    a_slow_f_loses_no_kind_of_signal,
    a_signal_that_keeps_arriving_hides_no_other,
    a_panic_of_f_is_its_exit,
    a_panic_before_the_run_is_its_exit,
    it_does_not_keep_the_group_alive,
    interrupted_it_waits_for_f_and_for_what_arrived_before,
    forced_it_calls_f_no_more,
    without_signals_it_waits_for_its_interrupt,
    a_signal_that_the_parent_blocked_is_heard,
    after_its_exit_the_signal_kills_again,
}

async fn it_calls_f_for_each_on_its_own_thread<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        for (number, name) in [(Number::HUP, "SIGHUP"), (Number::USR1, "SIGUSR1")] {
            for _ in 0..2 {
                child.send(number);
                child.wait_for(name);
            }
        }
        child.send(Number::TERM);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle()).unwrap());
    let mut seen_on = None;
    let f = move |signal: Signal| {
        let thread = std::thread::current();
        assert_eq!(*seen_on.get_or_insert(thread.id()), thread.id());
        assert_eq!(thread.name(), Some("rungroup-signal"));
        say(&signal.to_string());
    };
    group.add_actor(signal::each([Signal::Hup, Signal::Usr1], f).unwrap());
    group.add_actor(super::says_when_up());
    group.run(rt.spawner()).await.unwrap();
}

async fn it_calls_f_before_the_run_too<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("made");
        child.send(Number::HUP);
        return child.ends_well();
    }
    let mut group = Group::new();
    let (called, calls) = channel();
    let each = signal::each([Signal::Hup], move |signal| called.send(signal).unwrap());
    group.add_actor(each.unwrap());
    say("made");
    assert_eq!(calls.recv().unwrap(), Signal::Hup);
    group.run(rt.spawner()).await.unwrap();
}

async fn a_slow_f_loses_no_kind_of_signal<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::HUP);
        child.wait_for("slow");
        for _ in 0..3 {
            for number in [Number::USR2, Number::USR1, Number::HUP] {
                child.send(number);
            }
        }
        child.tell("sent");
        return child.ends_well();
    }
    let mut group = Group::new();
    let handle = group.handle();
    let mut left = vec![Signal::Hup, Signal::Usr1, Signal::Usr2];
    let mut is_first = true;
    let f = move |signal| {
        if std::mem::take(&mut is_first) {
            say("slow");
            return hear("sent");
        }
        left.retain(|it| *it != signal);
        if left.is_empty() {
            handle.stop(Ok(()));
        }
    };
    let all = [Signal::Hup, Signal::Usr1, Signal::Usr2];
    group.add_actor(signal::each(all, f).unwrap());
    group.add_actor(super::says_when_up());
    group.run(rt.spawner()).await.unwrap();
}

async fn a_signal_that_keeps_arriving_hides_no_other<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::HUP);
        child.wait_for("again and again");
        child.send(Number::USR1);
        return child.ends_well();
    }
    let mut group = Group::new();
    let handle = group.handle();
    let mut is_first = true;
    let f = move |signal| match signal {
        Signal::Hup => {
            raise(SIGHUP).unwrap();
            if std::mem::take(&mut is_first) {
                say("again and again");
            }
        }
        _ => handle.stop(Ok(())),
    };
    group.add_actor(signal::each([Signal::Hup, Signal::Usr1], f).unwrap());
    group.add_actor(super::says_when_up());
    group.run(rt.spawner()).await.unwrap();
}

async fn a_signal_that_the_parent_blocked_is_heard<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = Child::start_blocked(module_path!());
        child.wait_for("up");
        child.send(Number::HUP);
        return child.ends_well();
    }
    let mut group = Group::new();
    let handle = group.handle();
    let f = move |_| handle.stop(Ok(()));
    group.add_actor(signal::each([Signal::Hup], f).unwrap());
    group.add_actor(super::says_when_up());
    group.run(rt.spawner()).await.unwrap();
}

async fn a_panic_of_f_is_its_exit<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("up");
        child.send(Number::HUP);
        return child.ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::each([Signal::Hup], |_| kaboom(7)).unwrap());
    group.add_actor(super::says_when_up());
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Panicked);
    assert_eq!(error.actor().unwrap().as_str(), Some("each signal"));
    assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&7));
}

async fn a_panic_before_the_run_is_its_exit<R: Runtime>(rt: R) {
    if is_parent() {
        return start().ends_well();
    }
    let mut group = Group::new();
    let is_dropped = Event::new();
    let dropped = is_dropped.on_drop();
    let f = move |_| {
        let _dropped = &dropped;
        kaboom(7)
    };
    group.add_actor(signal::each([Signal::Hup], f).unwrap());
    group.add_actor(waiter());
    raise(SIGHUP).unwrap();
    is_dropped.wait_blocking();
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Panicked);
}

async fn it_does_not_keep_the_group_alive<R: Runtime>(rt: R) {
    if is_parent() {
        return start().ends_well();
    }
    let mut group = Group::new();
    group.add_actor(signal::each([Signal::Hup], |_| {}).unwrap());
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.exits()[0].outcome().to_string(), "returned");
    report.into_result().unwrap();
}

/// A call runs, and a signal is there, when the stop begins.
async fn interrupted_it_waits_for_f_and_for_what_arrived_before<R: Runtime>(rt: R) {
    if is_parent() {
        return start().ends_well();
    }
    let mut group = Group::new();
    let handle = group.handle();
    let calls = Count::new();
    let counted = calls.clone();
    let f = move |_| {
        counted.add();
        if counted.get() == 1 {
            raise(SIGHUP).unwrap();
            handle.stop(Ok(()));
            while !is_waited_for(&handle.status()) {
                std::thread::yield_now();
            }
        }
    };
    group.add_actor(signal::each([Signal::Hup], f).unwrap());
    group.add_actor(waiter());
    raise(SIGHUP).unwrap();
    group.run(rt.spawner()).await.unwrap();
    assert_eq!(calls.get(), 2);
}

/// For longer than it takes to exit.
fn is_waited_for(status: &Status) -> bool {
    let waiting = status.waiting_for();
    let each = waiting
        .iter()
        .find(|it| it.actor().as_str() == Some("each signal"));
    each.is_some_and(|it| it.since() > Duration::from_millis(20))
}

async fn forced_it_calls_f_no_more<R: Runtime>(rt: R) {
    if is_parent() {
        return start().ends_well();
    }
    let mut group = Group::new();
    let handle = group.handle();
    let (calls, go_on, is_gone) = (Count::new(), Event::new(), Event::new());
    let f = {
        let (calls, go_on, gone) = (calls.clone(), go_on.clone(), is_gone.on_drop());
        move |_| {
            let _gone = &gone;
            calls.add();
            raise(SIGHUP).unwrap();
            block_on(handle.ready()).unwrap();
            handle.force();
            go_on.wait_blocking();
        }
    };
    group.add_actor(signal::each([Signal::Hup], f).unwrap());
    group.add_actor(Actor::new(pending(), |_| {}));
    raise(SIGHUP).unwrap();
    let report = group.run_report(parking(rt.spawner())).await;
    let each = |it: &&Straggler| it.actor().as_str() == Some("each signal");
    let straggler = report.stragglers().iter().find(each).unwrap();
    assert_eq!(straggler.state(), ActorState::Blocking);
    go_on.set();
    is_gone.wait().await;
    assert_eq!(calls.get(), 1);
}

async fn without_signals_it_waits_for_its_interrupt<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.add_actor(signal::each([], |_| unreachable!()).unwrap());
    group.add(async { Ok(()) }, |_| {});
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.exits()[0].outcome().to_string(), "returned");
}

async fn after_its_exit_the_signal_kills_again<R: Runtime>(rt: R) {
    if is_parent() {
        let mut child = start();
        child.wait_for("gone");
        child.send(Number::HUP);
        return child.is_killed_by(Number::HUP);
    }
    let mut group = Group::new();
    group.add_actor(signal::each([Signal::Hup], |_| {}).unwrap());
    group.run(rt.spawner()).await.unwrap();
    say("gone");
    live_on();
}

fn start() -> Child {
    Child::start(module_path!())
}
