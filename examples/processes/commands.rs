//! The commands as a group.

use std::error::Error as _;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_signal::{Signal, Signals};
use futures_lite::stream::StreamExt;
use rungroup::{Actor, Error, ErrorKind, Group, Handle};

use crate::ended::Ended;
use crate::job::{self, Job};
use crate::{rest, runtime};

const GRACE: Duration = Duration::from_secs(10);

/// The exit status of a shell that is called with wrong arguments.
const MISUSED: u8 = 2;

pub(crate) fn run(args: impl Iterator<Item = String>) -> ExitCode {
    let Some((grace, commands)) = parse(args) else {
        eprintln!("usage: processes [--grace SECONDS] COMMAND...");
        return ExitCode::from(MISUSED);
    };
    let jobs: Vec<_> = commands.into_iter().map(Job::new).map(Arc::new).collect();
    let group = match group(grace, &jobs) {
        Ok(group) => group,
        Err(error) => {
            eprintln!("cannot set up: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime::run(group);
    rest::kill(&jobs);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            exit_code(&error)
        }
    }
}

fn group(grace: Duration, jobs: &[Arc<Job>]) -> io::Result<Group> {
    let mut group = app(grace, jobs)?;
    group.add_actor(signals(group.handle())?);
    Ok(group)
}

/// What the test runs too: all but the signals, which belong to the process.
fn app(grace: Duration, jobs: &[Arc<Job>]) -> io::Result<Group> {
    let mut group = Group::new();
    group.grace(grace);
    group.add_actor(rest::actor(jobs.to_vec())?);
    for job in jobs {
        group.add_actor(job::actor(Arc::clone(job)));
    }
    Ok(group)
}

fn parse(args: impl Iterator<Item = String>) -> Option<(Duration, Vec<String>)> {
    let mut commands: Vec<String> = args.collect();
    let mut grace = GRACE;
    if commands.first()? == "--grace" {
        grace = Duration::try_from_secs_f64(commands.get(1)?.parse().ok()?).ok()?;
        commands.drain(..2);
    }
    (!commands.is_empty()).then_some((grace, commands))
}

/// Passes on how the first command ended. It ended well if the run failed only because others had
/// to be killed.
fn exit_code(error: &Error) -> ExitCode {
    if error.kind() == ErrorKind::Stragglers {
        return ExitCode::SUCCESS;
    }
    let ended = error.source().and_then(|source| source.downcast_ref());
    ended.map_or(ExitCode::FAILURE, Ended::exit_code)
}

/// Stops the group on a signal, and forces it on the second one. It listens from now on, until all
/// others are gone.
fn signals(group: Handle) -> io::Result<Actor> {
    let mut signals = Signals::new([Signal::Int, Signal::Term, Signal::Hup])?;
    let listen = Actor::with(|ctx| async move {
        let mut received = 0;
        while let Some(signal) = ctx.run_until_interrupted(signals.next()).await.flatten() {
            received += 1;
            match received {
                1 => group.stop(Err(Ended::by(signal?).into())),
                _ => group.force(),
            }
        }
        Ok(())
    });
    Ok(listen.name("signals").background())
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use rungroup::testing::every_stop;

    use super::*;

    /// Kills what a trial has left: one that was forced leaves processes behind.
    #[derive(Default)]
    struct Jobs(Vec<Arc<Job>>);

    impl Drop for Jobs {
        fn drop(&mut self) {
            rest::kill(&self.0);
        }
    }

    #[test]
    fn it_stops_whatever_happens() {
        let mut jobs = Jobs::default();
        let test = every_stop(async || {
            jobs = Jobs::default();
            let sleep = || Arc::new(Job::new("sleep 3600".into()));
            jobs.0 = vec![sleep(), sleep()];
            app(GRACE, &jobs.0).unwrap()
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .check(runtime::spawner());
        runtime::block_on(test);
    }

    /// The shell starts a process after it got its SIGTERM, and then dies of another. It has no trap
    /// by then, which the new process would have too until it is the command.
    #[test]
    fn what_a_terminated_shell_has_left_is_terminated() {
        let path = env::temp_dir().join(format!("processes-{}", process::id()));
        let waits = path.display();
        let leaves = format!(
            "trap 'trap - TERM; sleep 3600 & kill -TERM $$' TERM
             touch {waits}
             while :; do sleep 0.01; done"
        );
        let ends = format!("until [ -e {waits} ]; do sleep 0.01; done; rm {waits}");
        let jobs = Jobs([leaves, ends].map(Job::new).map(Arc::new).into());
        let report = runtime::block_on(app(GRACE, &jobs.0).unwrap().run_report(runtime::spawner()));
        assert!(report.stragglers().is_empty(), "{report}");
    }
}
