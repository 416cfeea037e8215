//! Law 26: an actor that announced may take it back.

use rungroup::{Actor, Ends, Group, Phase};

use crate::runtime::Runtime;
use crate::support::during;

on_every_runtime! {
    law_26_a_revocation_is_seen_and_taken_back,
    law_26_an_exit_ends_a_revocation,
    law_26_a_revocation_before_the_announcement_has_no_effect,
}

/// What the test tells an actor to do, one after the other; it says when that is done.
struct Steps {
    next: async_channel::Sender<&'static str>,
    done: async_channel::Receiver<()>,
}

impl Steps {
    async fn step(&self, what: &'static str) {
        self.next.send(what).await.unwrap();
        self.done.recv().await.unwrap();
    }
}

fn told() -> (Actor, Steps) {
    let (next, steps) = async_channel::bounded(1);
    let (says, done) = async_channel::bounded(1);
    let actor = Actor::with(async move |ctx| {
        while let Some(Ok(step)) = ctx.run_until_interrupted(steps.recv()).await {
            match step {
                "announce" => ctx.announce_ready(),
                "revoke" => ctx.revoke_ready(),
                _ => break,
            }
            says.send(()).await?;
        }
        Ok(())
    });
    (actor.name("told").announces_ready(), Steps { next, done })
}

async fn law_26_a_revocation_is_seen_and_taken_back<R: Runtime>(rt: R) {
    let (actor, steps) = told();
    let mut group = Group::new();
    group.add_actor(actor);
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        steps.step("announce").await;
        handle.ready().await.unwrap();
        for _ in 0..2 {
            assert!(handle.is_ready());
            steps.step("revoke").await;
            assert!(!handle.is_ready());
            // Twice is once.
            steps.step("revoke").await;
            let status = handle.status();
            assert_eq!(status.phase(), Phase::Running);
            assert_eq!(*status.waiting_for()[0].actor(), *"told");
            // `ready` is about the start.
            handle.ready().await.unwrap();
            steps.step("announce").await;
            steps.step("announce").await;
            assert!(handle.status().waiting_for().is_empty());
        }
        assert!(handle.is_ready());
    })
    .await;
    handle.stop(Ok(()));
    assert!(!handle.is_ready());
    run.await.unwrap();
}

async fn law_26_an_exit_ends_a_revocation<R: Runtime>(rt: R) {
    let (actor, steps) = told();
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(std::future::pending()));
    group.add_actor(actor.ends_group(Ends::OnError));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        steps.step("announce").await;
        handle.ready().await.unwrap();
        steps.step("revoke").await;
        assert!(!handle.is_ready());
        steps.next.send("exit").await.unwrap();
        // The group takes the exit when it is polled next.
        while !handle.is_ready() {
            futures_lite::future::yield_now().await;
        }
    })
    .await;
    handle.stop(Ok(()));
    run.await.unwrap();
}

async fn law_26_a_revocation_before_the_announcement_has_no_effect<R: Runtime>(rt: R) {
    let (actor, steps) = told();
    let mut group = Group::new();
    group.add_actor(actor);
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    during(&mut run, async {
        steps.step("revoke").await;
        steps.step("announce").await;
        handle.ready().await.unwrap();
        assert!(handle.is_ready());
    })
    .await;
    handle.stop(Ok(()));
    run.await.unwrap();
}
