//! Laws 24 and 26: what the last mail before a turn sets free.

use std::pin::pin;
use std::task::{Poll, Waker};

use rungroup::{Actor, Context, Ends, Group, Handle};

use crate::support::{Event, Log, Tasks, holding, logged, on_drop, poll_with};

/// All by hand, because the mail must come between the close of a stage and its turn: from inside the
/// destructor of an actor that is given up there.
#[test]
fn law_24_one_that_the_last_mail_sets_free_starts_before_its_turn() {
    let log = Log::new();
    let tasks = Tasks::default();
    let (give, given) = async_channel::bounded::<Context>(1);
    let leave = Event::new();

    let mut group = Group::new();
    group.add_actor(logged("high", &log).stage(3));
    let left = leave.clone();
    let leaves = Actor::new(
        async move {
            left.wait().await;
            Ok(())
        },
        |_| {},
    );
    group.add_actor(leaves.name("leaves").stage(2).ends_group(Ends::OnError));
    let handle = group.handle();
    let mut run = pin!(group.run_report(tasks.spawner()));
    let mut poll_run = || poll_with(Waker::noop(), &mut run);

    assert!(poll_run().is_pending());
    tasks.poll();
    let announces = Actor::with(async move |ctx| {
        give.send(ctx.clone()).await?;
        ctx.interrupted().await;
        Ok(())
    });
    add(&handle, announces.name("announces").announces_ready());
    assert!(poll_run().is_pending());
    tasks.poll();
    let context = given.try_recv().unwrap();

    handle.stop(Ok(()));
    assert!(poll_run().is_pending());
    assert_eq!(log.entries(), ["high interrupted"]);
    // Both are held back. The drop of the first one sets the second one free.
    let others = tasks.clone();
    let sets_free = on_drop(move || {
        context.announce_ready();
        leave.set();
        others.poll();
    });
    let given_up = Actor::new(holding(std::future::pending(), sets_free), |_| {});
    add(&handle, given_up.name("given up").stage(2));
    add(&handle, logged("set free", &log).stage(1));
    assert!(poll_run().is_pending());

    tasks.poll();
    let report = loop {
        if let Poll::Ready(report) = poll_run() {
            break report;
        }
        tasks.poll();
    };
    assert_eq!(report.never_started().len(), 1);
    assert!(report.stragglers().is_empty());
    assert!(report.exit("set free").unwrap().outcome().is_ok());
    let entries = [
        "high interrupted",
        "high exited",
        "set free interrupted",
        "set free exited",
    ];
    assert_eq!(log.entries(), entries);
}

fn add(handle: &Handle, actor: Actor) {
    assert!(handle.add_actor(actor).is_ok());
}
