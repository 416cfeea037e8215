//! One trial alone, as a finding says.

use std::process::Command;

use futures_lite::future::{block_on, yield_now};
use rungroup::testing::{Findings, every_stop};
use rungroup::{Actor, Group, Threads};

use super::{Fresh, SHORT};

/// Loses an interrupt that comes before its second poll.
async fn findings() -> Findings {
    let rests = Fresh::default();
    let build = async || {
        let rests = rests.renew();
        let stop = std::sync::Arc::new(tokio::sync::Notify::new());
        let interrupt = std::sync::Arc::clone(&stop);
        let execute = async move {
            yield_now().await;
            let stopped = stop.notified();
            rests.set();
            stopped.await;
            Ok(())
        };
        let actor = Actor::new(execute, move |_| interrupt.notify_waiters());
        let mut group = Group::new();
        group.add_actor(actor.name("the cat's"));
        group
    };
    every_stop(build)
        .meanwhile(async |_| rests.wait().await)
        .limit(SHORT)
        .run(Threads)
        .await
}

#[test]
fn law_36_a_finding_is_found_again_alone() {
    let line = "RUNGROUP_TRIAL='stop-first:2:the cat'\\''s'";
    let all = block_on(findings());
    assert!(all.trials() > 1);
    let text = all.to_string();
    assert!(text.contains(line), "{text}");
    let said = alone("stop-first:2:the cat's");
    assert!(said.contains("1 finding in 1 trial"), "{said}");
    assert!(said.contains(line), "{said}");
}

#[test]
fn a_moment_that_is_not_reached_is_undisturbed() {
    let said = alone("lost:99:the cat's");
    assert!(said.contains("0 findings in 1 trial"), "{said}");
    let why = "undisturbed, as `the cat's` had no poll 99 this time";
    assert!(said.contains(why), "{said}");
}

#[test]
fn the_undisturbed_trial_runs_alone() {
    let said = alone("stop:0:");
    assert!(said.contains("0 findings in 1 trial"), "{said}");
}

#[test]
fn what_is_no_trial_panics() {
    let said = alone("nonsense");
    assert!(said.contains("RUNGROUP_TRIAL is `nonsense`"), "{said}");
}

/// What [`prints_its_findings`] prints with this trial in its environment.
fn alone(trial: &str) -> String {
    let test = "testing::alone::prints_its_findings";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", test])
        .env("RUNGROUP_TRIAL", trial)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    format!("{text}{}", String::from_utf8_lossy(&output.stderr))
}

#[test]
#[ignore = "a process of its own"]
fn prints_its_findings() {
    println!("{}", block_on(findings()));
}
