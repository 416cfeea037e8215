//! What a run leaves behind as data: law 34, and law 10 for groups inside groups.

use std::error::Error as _;
use std::time::Duration;

use rungroup::{Actor, Ends, ErrorKind, Group, Outcome, Report};

use crate::runtime::Runtime;
use crate::support::{Event, Log, deaf, during, ending, parking, waiter};

on_every_runtime! {
    law_34_of_many_failures_before_the_stop_the_first_and_the_last_are_listed,
    law_34_from_the_first_interrupt_on_all_are_listed,
    law_10_an_inner_failure_of_one_that_must_succeed_is_one_outside,
    law_10_an_inner_failure_counts_through_two_groups,
    law_10_an_inner_cause_that_merely_fails_is_a_mere_failure,
    law_10_an_inner_fault_comes_before_an_inner_straggler,
    the_exit_of_the_cause_is_found_by_its_name,
    a_stop_takes_at_least_as_long_as_each_of_its_exits,
    a_clone_of_a_report_shares_its_errors,
    a_status_lists_the_others_after_those_it_waits_for,
    a_group_is_made_of_actors,
}

/// How many exits are listed at the beginning, and again how many of the last.
const KEPT: usize = 100;

/// A group whose actors fail one after the other, and then one that returns.
fn churning(failures: usize) -> Group {
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        for nth in 0..failures {
            let gone = Event::new();
            let leaving = gone.on_drop();
            let peer = Actor::new(async { Err("reset".into()) }, move |_| drop(leaving));
            let peer = peer.name(nth.to_string()).ends_group(Ends::Never);
            ctx.handle().add_actor(peer).expect("the group runs");
            // The interrupt is dropped at the exit, so this is the order of the exits.
            gone.wait().await;
        }
        Ok(())
    }));
    group
}

async fn law_34_of_many_failures_before_the_stop_the_first_and_the_last_are_listed<R: Runtime>(
    rt: R,
) {
    let failures = 3 * KEPT;
    let report = churning(failures).run_report(rt.spawner()).await;
    let listed = report.exits().iter();
    let listed = listed.filter_map(|exit| exit.actor().as_str()?.parse::<usize>().ok());
    let kept = (0..KEPT).chain(failures - KEPT..failures);
    assert!(listed.eq(kept), "{report:?}");
    assert_eq!(report.exits().len(), 2 * KEPT + 1, "with the cause's own");
    assert_eq!(report.omitted(), KEPT as u64);
    report.into_result().unwrap();

    let group = churning(2 * KEPT);
    let report = group.run_report(rt.spawner()).await;
    assert_eq!(report.omitted(), 0);
}

async fn law_34_from_the_first_interrupt_on_all_are_listed<R: Runtime>(rt: R) {
    let count = 3 * KEPT;
    let group = || {
        let failing = (0..count).map(|_| ending(|| Err("late".into())));
        let mut group: Group = failing.collect();
        group.add_actor(waiter());
        group.handle().stop(Err("now".into()));
        group
    };
    let report = group().run_report(rt.spawner()).await;
    assert_eq!((report.exits().len(), report.omitted()), (count + 1, 0));
    let error = group().run(rt.spawner()).await.unwrap_err();
    let report = error.report();
    assert_eq!((report.exits().len(), report.omitted()), (count, 0));
}

/// The report of a group around one of `actor`, which was asked to stop.
async fn stopped_around<R: Runtime>(rt: &R, actor: Actor, depth: usize) -> Report {
    let mut actor = actor;
    for _ in 0..depth {
        let mut inner = Group::new();
        inner.grace(Duration::from_secs(3600));
        inner.add_actor(actor);
        actor = inner.into_actor(rt.spawner()).name("inner");
    }
    let mut outer = Group::new();
    outer.add_actor(actor);
    outer.handle().stop(Ok(()));
    outer.run_report(rt.spawner()).await
}

fn syncing() -> Actor {
    ending(|| Err("fsync".into())).name("db").must_succeed()
}

async fn law_10_an_inner_failure_of_one_that_must_succeed_is_one_outside<R: Runtime>(rt: R) {
    let report = stopped_around(&rt, syncing(), 1).await;
    let error = report.into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.to_string(), "actor `inner` failed");
    assert_eq!(
        format!("{error:#}"),
        "actor `inner` failed: actor `db` failed: fsync"
    );
    let exit = error.report().exit("inner").unwrap();
    assert!(matches!(exit.outcome(), Outcome::Failed(_)));
    // An actor that need not succeed does not.
    let mere = ending(|| Err("fsync".into()));
    let report = stopped_around(&rt, mere, 1).await;
    assert!(report.exit("inner").unwrap().outcome().is_ok());
    report.into_result().unwrap();
}

async fn law_10_an_inner_failure_counts_through_two_groups<R: Runtime>(rt: R) {
    for depth in [2, 3] {
        let report = stopped_around(&rt, syncing(), depth).await;
        let error = report.into_result().unwrap_err();
        assert!(format!("{error:#}").ends_with(": actor `db` failed: fsync"));
    }
}

/// Its own run failed with its cause, as that of any other actor that fails during the stop.
async fn law_10_an_inner_cause_that_merely_fails_is_a_mere_failure<R: Runtime>(rt: R) {
    let mut inner = Group::new();
    inner.add_actor(waiter());
    inner.handle().stop(Err("the inner cause".into()));
    let mut group = Group::new();
    let inner = inner.into_actor(rt.spawner());
    // Its stage is below, so that it exits during the stop.
    group.add_actor(inner.name("inner").ends_group(Ends::Never));
    group.add_actor(waiter().stage(1));
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    let exit = report.exit("inner").unwrap();
    assert!(matches!(exit.outcome(), Outcome::Failed(_)), "{report}");
    report.into_result().unwrap();
}

async fn law_10_an_inner_fault_comes_before_an_inner_straggler<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut slow = Group::new();
    slow.grace(Duration::ZERO);
    slow.add_actor(deaf("deaf", &log));
    let mut syncs = Group::new();
    syncs.add_actor(syncing());
    let mut outer = Group::new();
    outer.add_actor(slow.into_actor(parking(rt.spawner())).name("slow").stage(1));
    outer.add_actor(syncs.into_actor(rt.spawner()).name("syncs"));
    outer.handle().stop(Ok(()));
    let error = outer.run(parking(rt.spawner())).await.unwrap_err();
    assert_eq!(error.actor().unwrap(), &"syncs");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(format!("{error:?}").contains("`deaf`"), "{error:?}");
}

async fn the_exit_of_the_cause_is_found_by_its_name<R: Runtime>(rt: R) {
    let group = |result: rungroup::Result| {
        let mut group = Group::new();
        group.add_actor(waiter().name("other"));
        group.add_actor(Actor::new(async { result }, |_| {}).name("job"));
        group
    };
    let report = group(Ok(())).run_report(rt.spawner()).await;
    let exit = report.exit("job").unwrap();
    assert!(exit.outcome().is_ok() && exit.stopped_in().is_none());
    assert_eq!(report.exits().len(), 2);
    assert!(report.exit("nobody").is_none());

    let error = group(Err("full".into()))
        .run(rt.spawner())
        .await
        .unwrap_err();
    assert!(error.report().exit("job").is_some());
    assert!(error.report().exit("other").is_none());
    // It is told once.
    assert_eq!(format!("{error:?}"), "actor `job` failed: full");
}

async fn a_stop_takes_at_least_as_long_as_each_of_its_exits<R: Runtime>(rt: R) {
    let mut group = Group::new();
    group.extend((0..3).map(|stage| waiter().stage(stage)));
    group.handle().stop(Ok(()));
    let report = group.run_report(rt.spawner()).await;
    let stops = report.exits().iter().filter_map(|exit| exit.stopped_in());
    assert!(report.took() >= stops.sum());
    assert!(report.took() > Duration::ZERO);
}

async fn a_clone_of_a_report_shares_its_errors<R: Runtime>(rt: R) {
    let log = Log::new();
    let mut group = Group::new();
    group.add_actor(Actor::new(async { Err("full".into()) }, |_| {}).name("db"));
    group.add_actor(deaf("deaf", &log).grace(Duration::ZERO));
    let report = group.run_report(parking(rt.spawner())).await;
    let copy = report.clone();
    assert_eq!(report.to_string(), copy.to_string());
    let errors = [&report, &copy].map(|report| {
        let error = report.exit("db").unwrap().outcome().error().unwrap();
        std::ptr::from_ref(error).cast::<()>()
    });
    assert_eq!(errors[0], errors[1]);
    let straggler = copy.stragglers()[0].clone();
    let exit = copy.exits()[0].clone();
    drop((report, copy));
    assert_eq!(*straggler.actor(), *"deaf");
    assert_eq!(exit.outcome().error().unwrap().to_string(), "full");

    let mut group = Group::new();
    group.add(async { std::panic::panic_any(7_u8) }, |_| {});
    let error = group.run(rt.spawner()).await.unwrap_err();
    let copy = error.report().clone().into_result().unwrap_err();
    assert!(error.into_panic().is_some());
    assert!(copy.into_panic().is_none(), "there is one payload");
}

async fn a_status_lists_the_others_after_those_it_waits_for<R: Runtime>(rt: R) {
    let announce = Event::new();
    let announced = announce.clone();
    let mut group = Group::new();
    group.add_actor(waiter().name("other"));
    group.add_actor(
        Actor::with(|ctx| async move {
            announced.wait().await;
            ctx.announce_ready();
            ctx.interrupted().await;
            Ok(())
        })
        .name("cache")
        .announces_ready(),
    );
    group.add_actor(waiter().name("held").stage(1));
    let handle = group.handle();
    let mut run = Box::pin(group.run(rt.spawner()));
    assert!(futures_lite::future::poll_once(&mut run).await.is_none());
    let names = |actors: &[rungroup::ActorStatus]| {
        let names = actors.iter().map(|one| one.actor().to_string());
        names.collect::<Vec<_>>()
    };
    let status = handle.status();
    assert_eq!(names(status.waiting_for()), ["cache"]);
    assert_eq!(names(status.actors()), ["cache", "other"]);
    announce.set();
    during(&mut run, handle.ready()).await.unwrap();
    let status = handle.status();
    assert!(status.waiting_for().is_empty() && !status.forcing());
    assert_eq!(names(status.actors()), ["held", "other", "cache"]);
    handle.stop(Ok(()));
    run.await.unwrap();
    assert!(handle.status().actors().is_empty());
}

async fn a_group_is_made_of_actors<R: Runtime>(rt: R) {
    let mut group: Group = (0..3).map(|_| waiter()).collect();
    group.extend([ending(|| Err("late".into())).name("last").must_succeed()]);
    group.handle().stop(Ok(()));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "late");
}

/// "Control, bidirectional or line-separating characters": in any text, in `Debug` too.
#[test]
fn no_text_lets_a_character_through_that_disturbs_the_others() {
    const EVIL: &str = "a\u{202e}b\u{2028}c\u{2066}d\u{200f}e\u{61c}f\u{7}g";
    let report = |group: Group| futures_lite::future::block_on(group.run_report(rungroup::Threads));
    let mut failing = Group::new();
    failing.add_actor(Actor::new(async { Err(EVIL.into()) }, |_| {}).name(EVIL));
    let mut panicking = Group::new();
    panicking.add_actor(Actor::new(async { crate::support::kaboom(EVIL) }, |_| {}).name(EVIL));
    let mut rash = Group::new();
    rash.add_actor(Actor::new(async { Ok(()) }, |_| crate::support::kaboom(EVIL)).name(EVIL));
    for group in [failing, panicking, rash] {
        let handle = group.handle();
        let status = handle.status();
        let report = report(group);
        let exit = &report.exits()[0];
        let mut texts = vec![
            report.to_string(),
            format!("{report:?}"),
            format!("{exit:?}"),
            format!("{:?} {}", exit.actor(), exit.actor()),
            format!("{:?} {:#}", exit.outcome(), exit.outcome()),
            format!("{status} {status:#} {status:?}"),
        ];
        let cause = report.cause().unwrap();
        texts.push(format!("{cause} {cause:?}"));
        let error = report.into_result().unwrap_err();
        texts.push(format!("{error} {error:#} {error:?}"));
        for text in texts {
            let disturbs = |char: char| {
                char != '\n'
                    && (char.is_control()
                        || "\u{202e}\u{2028}\u{2066}\u{200f}\u{61c}".contains(char))
            };
            assert!(!text.contains(disturbs), "{text:?}");
        }
    }
}
