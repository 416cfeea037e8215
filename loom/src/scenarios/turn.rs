//! In a stage's turn, each exit is counted once, and the last one wakes the group.

use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Scene, counted, poll};
use crate::shared::mailbox::Event;

/// Both exit while their turn begins: they count themselves, or send their exits and the group
/// counts.
#[test]
fn the_last_exit_wakes_the_group() {
    loom::model(|| {
        let mut scene = Scene::new();
        let members = [scene.member(0, 0), scene.member(1, 0)];
        let (count, waker) = counted();
        let tasks = members.map(|member| {
            thread::spawn(move || {
                let _ = member.settle_readiness();
                let (_, waker) = counted();
                assert!(poll(&member, &waker).is_ready());
            })
        });
        scene.stage.begin_turn(Duration::ZERO, 2, true);
        scene
            .receiver
            .state()
            .mailbox
            .keep_waker(&Context::from_waker(&waker));
        while let Some(event) = scene.receiver.next_event() {
            assert!(matches!(event, Event::Exited(_)));
            scene.stage.leave();
        }
        let is_over = scene.stage.is_empty();
        for task in tasks {
            task.join().unwrap();
        }
        assert!(is_over || count.wakes() == 1);
        while scene.receiver.next_event().is_some() {
            scene.stage.leave();
        }
        assert!(scene.stage.is_empty());
    });
}

/// Law 11: what an actor did happens before the next stage is interrupted.
#[test]
fn an_empty_stage_has_done_its_work() {
    loom::model(|| {
        let scene = Scene::new();
        scene.stage.begin_turn(Duration::ZERO, 2, true);
        let work = Arc::new(AtomicUsize::new(0));
        let tasks = [0, 1].map(|_| {
            let (stage, work) = (Arc::clone(&scene.stage), Arc::clone(&work));
            thread::spawn(move || {
                work.fetch_add(1, Ordering::Relaxed);
                stage.leave();
            })
        });
        if scene.stage.is_empty() {
            assert_eq!(work.load(Ordering::Relaxed), 2);
        }
        for task in tasks {
            task.join().unwrap();
        }
    });
}

/// Law 28: a member's own grace races with its exit, and the member is counted out once.
#[test]
fn a_limit_against_an_exit_counts_once() {
    loom::model(|| {
        let mut scene = Scene::new();
        let member = scene.member(0, 0);
        let _ = member.settle_readiness();
        scene.stage.begin_turn(Duration::ZERO, 1, true);
        let task = member.clone();
        let polls = thread::spawn(move || {
            let (_, waker) = counted();
            poll(&task, &waker)
        });
        if member.force().is_some() {
            scene.stage.leave();
        }
        assert!(polls.join().unwrap().is_ready());
        assert!(scene.stage.is_empty());
        assert!(scene.receiver.next_event().is_none());
        assert_eq!(scene.drops(), 1);
    });
}
