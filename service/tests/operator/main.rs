//! An operator's day: what may happen to the service from outside, one after the other. It prints what
//! was counted, and fails if a promise is broken.
//!
//! It is a command, and takes its time: `ci/operator.sh`.

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../process/client.rs"]
mod client;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../process/service.rs"]
mod service;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../process/supervisor.rs"]
mod supervisor;
#[path = "../process/user.rs"]
mod user;

mod case;
mod clients;
mod crowd;
mod ends;
mod shortages;

use std::env;
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

use case::{Case, Counted, HEAD};

type Named = (&'static str, fn() -> Case);

const CASES: &[Named] = &[
    ("a connection for each request", clients::closing),
    ("pools of connections", clients::pooling),
    ("clients with half a head", clients::half_a_head),
    ("clients with half a body", clients::half_a_body),
    ("clients that do not read", clients::unread),
    ("clients that are idle", clients::idle),
    ("all of these clients", clients::all),
    ("nobody reads the log", shortages::log_is_gone),
    ("the log's disk is full", shortages::log_is_full),
    ("the log's reader sleeps", shortages::log_sleeps),
    ("the disk is full", shortages::disk),
    ("the database is locked", shortages::database),
    ("no descriptors for a while", shortages::descriptors),
    (
        "no descriptors, and a stop",
        shortages::descriptors_at_the_end,
    ),
    (
        "no descriptors at the start",
        shortages::descriptors_at_the_start,
    ),
    ("no threads", shortages::threads),
    ("SIGTERM three times", ends::terminated_three_times),
    ("SIGINT twice", ends::interrupted_twice),
    (
        "SIGINT three times, and stuck",
        ends::interrupted_three_times,
    ),
    ("SIGKILL", ends::killed),
    ("process 1: SIGTERM", ends::process_one_terminated),
    (
        "process 1: SIGINT three times",
        ends::process_one_interrupted,
    ),
    ("a restart at a shared socket", ends::restarted),
    ("runsv restarts it", ends::under_runsv),
    ("systemd verifies its units", ends::verified_by_systemd),
];

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some("day") {
        return ExitCode::SUCCESS;
    }
    let wanted = arguments.next().unwrap_or_default();
    let cases = CASES.iter().filter(|(name, _)| name.contains(&wanted));
    say(&format!("{:<32}{HEAD}\n", "case"));
    let (mut good, mut broken, mut skipped) = (0, 0, 0);
    for (name, case) in cases {
        say(&format!("{name:<32}"));
        match catch_unwind(case) {
            Ok(Case::Skipped) => {
                say("skipped\n");
                skipped += 1;
            }
            Ok(Case::Counted(counted)) if tells(&counted) => good += 1,
            Ok(Case::Counted(_)) => broken += 1,
            Err(_) => {
                say("BROKEN: it panicked, see above\n");
                broken += 1;
            }
        }
    }
    say(&format!(
        "{good} good, {broken} broken, {skipped} skipped\n"
    ));
    // A name that is no case must not pass for one that is good.
    if broken > 0 || good + skipped == 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Says what was counted, and whether all promises are kept.
fn tells(counted: &Counted) -> bool {
    if counted.broken.is_empty() {
        say(&format!("{counted}ok\n"));
        return true;
    }
    say(&format!("{counted}BROKEN: {}\n", counted.broken.join(", ")));
    let _ = writeln!(io::stderr(), "{}", counted.log);
    false
}

fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
