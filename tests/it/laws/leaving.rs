//! Law 7: an actor that leaves while the group stops keeps nothing in memory.

use rungroup::{Actor, Ends, Group};

use crate::runtime::Runtime;
use crate::support::{Event, Log, during};

on_every_runtime! {
    law_07_one_that_leaves_during_the_stop_of_higher_stages_drops_its_interrupt,
    law_07_one_that_ends_out_of_turn_and_did_not_leave_is_interrupted_in_its_turn,
}

/// An actor of stage 1 that ends once `release` is there, and logs "high interrupted".
fn high(log: &Log, release: &Event) -> Actor {
    let (log, release) = (log.clone(), release.clone());
    let execute = async move {
        release.wait().await;
        Ok(())
    };
    Actor::new(execute, move |_| log.add("high interrupted")).stage(1)
}

/// An actor of stage 0 that exits once the higher stage is interrupted.
fn low(fails: bool, log: &Log) -> Actor {
    let (seen, called, dropped) = (log.clone(), log.clone(), log.on_drop("interrupt dropped"));
    let exited = log.on_drop("low exited");
    let execute = async move {
        let _exited = exited;
        seen.until("high interrupted").await;
        if fails { Err("failure".into()) } else { Ok(()) }
    };
    Actor::new(execute, move |_| {
        let _dropped = dropped;
        called.add("low interrupted");
    })
}

/// "An actor that leaves before its stage's turn has its interrupt dropped uncalled at its exit."
async fn law_07_one_that_leaves_during_the_stop_of_higher_stages_drops_its_interrupt<R: Runtime>(
    rt: R,
) {
    for (ends, fails) in [
        (Ends::OnError, false),
        (Ends::Never, false),
        (Ends::Never, true),
    ] {
        let (log, release) = (Log::new(), Event::new());
        let mut group = Group::new();
        group.add_actor(low(fails, &log).ends_group(ends));
        group.add_actor(high(&log, &release));
        group.handle().stop(Ok(()));
        let mut run = Box::pin(group.run(rt.spawner()));
        during(&mut run, log.until("interrupt dropped")).await;
        let entries = ["high interrupted", "low exited", "interrupt dropped"];
        assert_eq!(log.entries(), entries, "{ends:?}");
        release.set();
        run.await.unwrap();
        assert_eq!(log.entries(), entries, "{ends:?}");
    }
}

/// "… in its stage's turn, whether or not it has exited by then."
async fn law_07_one_that_ends_out_of_turn_and_did_not_leave_is_interrupted_in_its_turn<
    R: Runtime,
>(
    rt: R,
) {
    for (ends, fails) in [
        (Ends::OnExit, false),
        (Ends::OnExit, true),
        (Ends::OnError, true),
    ] {
        let (log, release) = (Log::new(), Event::new());
        let mut group = Group::new();
        group.add_actor(low(fails, &log).ends_group(ends));
        group.add_actor(high(&log, &release));
        group.handle().stop(Ok(()));
        let mut run = Box::pin(group.run(rt.spawner()));
        during(&mut run, log.until("low exited")).await;
        release.set();
        run.await.unwrap();
        let entries = [
            "high interrupted",
            "low exited",
            "low interrupted",
            "interrupt dropped",
        ];
        assert_eq!(log.entries(), entries, "{ends:?}");
    }
}
