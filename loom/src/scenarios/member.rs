//! A member ends once: by its exit, or by a force.

use std::task::Poll;

use loom::thread;

use super::{Scene, counted, poll};
use crate::outcome::Outcome;
use crate::phase::ActorState;
use crate::shared::mailbox::Event;
use crate::shared::readiness::Settled;

fn exits(scene: &mut Scene) -> usize {
    let mut exits = 0;
    while let Some(event) = scene.receiver.next_event() {
        exits += usize::from(matches!(event, Event::Exited(_)));
    }
    exits
}

/// Whoever is second drops the future: the force, or the task when its poll returns.
#[test]
fn a_force_against_a_park_leaves_no_future_behind() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        let task = member.clone();
        let (count, waker) = counted();
        let polls = thread::spawn(move || poll(&task, &waker));
        scene.meet_a_poll();
        let forced = member.force().expect("it has not exited");
        let polled = polls.join().unwrap();
        assert_eq!(scene.drops(), 1);
        // A task that parked is woken, to find out; one that did not finds out in its own poll.
        assert!(polled == Poll::Ready(()) || count.wakes() == 1);
        assert!(matches!(
            forced.state,
            ActorState::Parked | ActorState::Polling
        ));
        assert_eq!(exits(&mut scene), 0);
    });
}

/// It exits, and its exit is sent; or it is forced, and none is sent.
#[test]
fn a_force_against_an_exit_is_one_end() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, 0);
        let task = member.clone();
        let (_, waker) = counted();
        let polls = thread::spawn(move || poll(&task, &waker));
        scene.meet_a_poll();
        let forced = member.force().is_some();
        // The force found the exit claimed, so the exit is in the mail already.
        let told = exits(&mut scene);
        assert_eq!(told, usize::from(!forced));
        assert_eq!(polls.join().unwrap(), Poll::Ready(()));
        assert_eq!(exits(&mut scene), 0);
        assert_eq!(scene.drops(), 1);
    });
}

#[test]
fn a_force_against_a_loss_is_one_end() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        let task = member.clone();
        let drops = thread::spawn(move || task.end(Outcome::Lost(None)));
        let forced = member.force().is_some();
        let told = exits(&mut scene);
        assert_eq!(told, usize::from(!forced));
        drops.join().unwrap();
        assert_eq!(scene.drops(), 1);
    });
}

/// Looking changes nothing: a parked member is parked for a force, whoever looks.
#[test]
fn a_look_disturbs_no_force() {
    loom::model(|| {
        let scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        let (_, waker) = counted();
        assert!(poll(&member, &waker).is_pending());
        let looks = member.clone();
        let look = thread::spawn(move || looks.snapshot().is_some());
        let forced = member.force().expect("it has not exited");
        assert_eq!(forced.state, ActorState::Parked);
        look.join().unwrap();
    });
}

/// Readiness is settled once: by the announcement, or by the exit.
#[test]
fn an_announcement_against_an_exit_settles_once() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        let announces = member.clone();
        let announcer = thread::spawn(move || announces.announce());
        let by_exit = member.settle_readiness();
        announcer.join().unwrap();
        let event = scene.receiver.next_event();
        let announced = matches!(event, Some(Event::Announced(0)));
        assert_eq!(by_exit == Settled::NeverAnnounced, !announced);
    });
}

/// Law 26: what an actor announces after its exit was told is not told, because the group takes the
/// exit for one of an actor that did not announce.
#[test]
fn an_announcement_is_told_before_the_exit_or_not_at_all() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, 0);
        let announces = member.clone();
        let announcer = thread::spawn(move || announces.announce());
        let (_, waker) = counted();
        assert!(poll(&member, &waker).is_ready());
        announcer.join().unwrap();
        let mut events = Vec::new();
        while let Some(event) = scene.receiver.next_event() {
            events.push(matches!(event, Event::Announced(0)));
        }
        assert!(matches!(&events[..], [true, false] | [false]));
    });
}

/// The count of revoked actors ends at zero, although the exit may overtake the revocation between
/// its two steps: an actor that is gone keeps no group from being ready.
#[test]
fn a_revocation_against_an_exit_leaves_none_revoked() {
    loom::model(|| {
        let scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        member.announce();
        scene.receiver.state().ready.set(true);
        let revokes = member.clone();
        let revoker = thread::spawn(move || revokes.revoke());
        let settled = member.settle_readiness();
        assert!(matches!(settled, Settled::Nothing | Settled::WasRevoked));
        revoker.join().unwrap();
        assert!(scene.receiver.state().is_ready());
    });
}

/// An announcement that takes a revocation back races with the exit: one of the two counts it out.
#[test]
fn a_second_announcement_against_an_exit_leaves_none_revoked() {
    loom::model(|| {
        let scene = Scene::new();
        let member = scene.member(0, usize::MAX);
        member.announce();
        member.revoke();
        scene.receiver.state().ready.set(true);
        assert!(!scene.receiver.state().is_ready());
        let announces = member.clone();
        let announcer = thread::spawn(move || announces.announce());
        let _ = member.settle_readiness();
        announcer.join().unwrap();
        assert!(scene.receiver.state().is_ready());
    });
}
