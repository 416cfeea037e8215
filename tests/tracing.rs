//! What the group tells `tracing`. It is a program of its own, because its subscriber is for all
//! threads.

#![allow(clippy::pedantic)] // nobody's API

#[allow(
    dead_code,
    unreachable_pub,
    reason = "a part of `it`, which uses all of it"
)]
#[path = "it/support/clock.rs"]
mod clock;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on, yield_now, zip};
use rungroup::{Actor, Ends, Group, Threads};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// All that was logged so far, by any test: each names its actors after itself.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn of_all() -> &'static Log {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Log::default();
            let format = tracing_subscriber::fmt().without_time().with_ansi(false);
            format
                .with_max_level(Level::DEBUG)
                .with_writer(log.clone())
                .init();
            log
        })
    }

    /// The lines that have `part`, each without the spaces before it.
    fn lines(&self, part: &str) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().filter(|line| line.contains(part));
        lines.map(|line| line.trim_start().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[test]
fn polls_are_in_the_span_of_their_actor() {
    let log = Log::of_all();
    let mut group = Group::new();
    let actor = Actor::new(
        async {
            tracing::info!("at work");
            Ok(())
        },
        |_| {},
    );
    group.add_actor(actor.name("spanned").stage(7));
    group.run_blocking(Threads).unwrap();
    let own = log.lines("at work");
    assert_eq!(own, ["INFO actor{actor=spanned stage=7}: tracing: at work"]);
}

#[test]
fn a_life_is_told_from_the_start_to_the_exit() {
    let log = Log::of_all();
    let mut group = Group::new();
    let fails = Actor::with(|ctx| async move {
        ctx.announce_ready();
        Err("no more disk".into())
    });
    group.add_actor(fails.announces_ready().name("told-failing").stage(4711));
    let stops = Actor::cancellable(std::future::pending());
    group.add_actor(stops.name("told-stopping").stage(4711));
    group.run_blocking(Threads).unwrap_err();

    let failing = log.lines("told-failing");
    assert_eq!(
        failing[0],
        "DEBUG rungroup: actor started actor=told-failing stage=4711"
    );
    assert!(failing[1].ends_with("rungroup: actor ready actor=told-failing stage=4711"));
    assert!(failing[2].starts_with("DEBUG rungroup: actor exited actor=told-failing"));
    assert!(failing[2].contains("no more disk"));
    assert!(failing[3].starts_with("ERROR rungroup: group stopping"));
    assert!(failing[3].contains("cause=actor `told-failing` failed: no more disk"));

    assert_eq!(
        log.lines("interrupting stage stage=4711"),
        ["INFO rungroup: interrupting stage stage=4711"]
    );
    let stopping = log.lines("told-stopping");
    assert_eq!(
        stopping[1],
        "DEBUG rungroup: interrupting actor actor=told-stopping stage=4711"
    );
    assert!(stopping[2].starts_with("DEBUG rungroup: actor exited actor=told-stopping"));
    assert!(stopping[2].contains("outcome=returned ran_for_ms="));
    assert!(stopping[2].contains(" stopped_in_ms="));
    assert_eq!(stopping.len(), 3);
    let events = failing.iter().chain(&stopping);
    for line in events {
        assert!(!line.contains("Some(") && !line.contains("None"), "{line}");
    }
}

/// The failure that is the cause is the group's own error. Any other one is a warning.
#[test]
fn a_failure_that_ends_nothing_is_a_warning() {
    let log = Log::of_all();
    let fails = || async { Err("no more disk".into()) };
    let mut group = Group::new();
    let before = Actor::new(fails(), |_| {}).ends_group(Ends::Never);
    group.add_actor(before.name("told-before"));
    let during = Actor::with(move |ctx| async move {
        ctx.interrupted().await;
        fails().await
    });
    group.add_actor(during.name("told-during"));
    block_on(async {
        let handle = group.handle();
        let before_is_gone = async {
            while handle.status().actors().len() > 1 {
                yield_now().await;
            }
            handle.stop(Ok(()));
        };
        let (result, ()) = zip(group.run(Threads), before_is_gone).await;
        result.unwrap();
    });
    for actor in ["told-before", "told-during"] {
        let exited = log.lines(&format!("actor exited actor={actor} "));
        assert_eq!(exited.len(), 1);
        assert!(exited[0].starts_with("WARN rungroup: "), "{exited:?}");
    }
}

#[test]
fn who_did_not_stop_is_told() {
    let log = Log::of_all();
    let mut group = Group::new();
    group.grace(Duration::ZERO);
    group.add_actor(Actor::new(std::future::pending(), |_| {}).name("told-deaf"));
    group.handle().stop(Ok(()));
    group.run_blocking(Threads).unwrap_err();
    let forced = log.lines("WARN rungroup: what remained was forced");
    assert!(
        forced.iter().any(|line| line.contains("grace")),
        "{forced:?}"
    );
    let told = log.lines("actor did not stop actor=told-deaf");
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("WARN") && told[0].contains(" state=parked reason="),
        "{told:?}"
    );
}

/// Law 15: "with `tracing` it warns after 5 s of a turn, then each time twice as late, whom it waits
/// for".
#[test]
fn law_15_a_turn_without_a_limit_is_warned_of() {
    let log = Log::of_all();
    let (clock, alarms) = clock::manual(Threads);
    let (release, released) = async_channel::bounded::<()>(1);
    let mut group = Group::new();
    let slow = async move {
        let _ = released.recv().await;
        Ok(())
    };
    group.add_actor(Actor::new(slow, |_| {}).name("told-slow"));
    group.handle().stop(Ok(()));
    let running = thread::spawn(|| group.run_blocking(clock));

    let mut warned = Vec::new();
    for (sleeps, after) in [(5, 5), (5, 10), (10, 20), (20, 40)] {
        let alarm = block_on(alarms.next());
        assert_eq!(alarm.duration, Duration::from_secs(sleeps));
        assert_eq!(log.lines("waiting_for=`told-slow`"), warned);
        warned.push(format!(
            "WARN rungroup: the stop waits for actors, and has no limit after_ms={after}000 \
             waiting_for=`told-slow` (parked)"
        ));
        alarm.ring();
    }
    let last = block_on(alarms.next());
    assert_eq!(log.lines("waiting_for=`told-slow`"), warned);

    drop(release);
    running.join().unwrap().unwrap();
    assert!(last.is_let_go() && alarms.are_all_taken());
}

/// What has a limit says in the end whom it did not wait for.
#[test]
fn a_turn_with_a_limit_is_not_warned_of() {
    let _ = Log::of_all();
    let (clock, alarms) = clock::manual(Threads);
    let mut group = Group::new();
    group.grace(Duration::from_secs(4711));
    group.add_actor(Actor::new(std::future::pending(), |_| {}));
    group.handle().stop(Ok(()));
    let running = thread::spawn(|| group.run_blocking(clock));
    let grace = block_on(alarms.next());
    assert!(grace.is_for(Duration::from_secs(4711)));
    grace.ring();
    running.join().unwrap().unwrap_err();
    assert!(alarms.are_all_taken());
}

/// Law 26: "An actor that exits without having announced, or that has no context to announce with,
/// is named in an event."
#[test]
fn law_26_who_will_not_be_ready_is_told() {
    let log = Log::of_all();
    let mut group = Group::new();
    let silent = Actor::with(|_| async { Ok(()) });
    group.add_actor(silent.announces_ready().name("told-silent"));
    let mute = Actor::new(std::future::pending(), |_| {});
    group.add_actor(mute.announces_ready().name("told-mute"));
    group.grace(Duration::ZERO);
    group.run_blocking(Threads).unwrap_err();
    for actor in ["told-silent", "told-mute"] {
        let told = log.lines(&format!("actor={actor} "));
        let warned = told
            .iter()
            .any(|line| line.starts_with("WARN") && line.contains("ready"));
        assert!(warned, "{told:#?}");
    }
}

/// One that announced in time is not.
#[test]
fn law_26_who_was_ready_is_not_warned_of() {
    let log = Log::of_all();
    let mut group = Group::new();
    let ready = Actor::with(|ctx| async move {
        ctx.announce_ready();
        Ok(())
    });
    group.add_actor(ready.announces_ready().name("told-ready"));
    group.run_blocking(Threads).unwrap();
    let told = log.lines("actor=told-ready ");
    assert!(
        !told.iter().any(|line| line.starts_with("WARN")),
        "{told:#?}"
    );
}

/// Law 8: "… each named by an event before it is called."
#[test]
fn law_08_each_interrupt_is_named_before_it_is_called() {
    let log = Log::of_all();
    let mut group = Group::new();
    for name in ["told-order-a", "told-order-b", "told-order-c"] {
        let actor = Actor::new(async { Ok(()) }, move |_| {
            tracing::info!("{name} is called")
        });
        group.add_actor(actor.name(name).stage(815));
    }
    group.run_blocking(Threads).unwrap();
    let told = log.lines("told-order-");
    let order: Vec<_> = told
        .iter()
        .filter(|line| line.contains("interrupting actor") || line.ends_with("is called"))
        .collect();
    assert_eq!(order.len(), 6, "{told:#?}");
    for (nth, name) in ["a", "b", "c"].iter().enumerate() {
        assert!(order[2 * nth].contains(&format!("actor=told-order-{name} stage=815")));
        assert!(order[2 * nth + 1].ends_with(&format!("told-order-{name} is called")));
    }
}

/// "A last event says that the group has stopped, how, and how long it took."
#[test]
fn the_end_is_told() {
    let log = Log::of_all();
    let mut group = Group::new();
    let fails = Actor::new(async { Err("told-end".into()) }, |_| {});
    group.add_actor(fails.name("told-ending"));
    group.run_blocking(Threads).unwrap_err();
    let told = log.lines("told-ending");
    let last = told.last().unwrap();
    assert!(
        last.starts_with("INFO rungroup: group stopped"),
        "{told:#?}"
    );
    assert!(last.contains("actor `told-ending` failed: told-end"));
    assert!(last.contains(" took_ms="), "{last}");

    let mut group = Group::new();
    group.add_actor(Actor::new(async { Ok(()) }, |_| {}));
    group.run_blocking(Threads).unwrap();
    let told = log.lines("INFO rungroup: group stopped");
    assert!(
        told.iter().any(|line| line.contains(" took_ms=")),
        "{told:#?}"
    );
}

/// Law 27: "A drain that is not shorter than the grace is warned of at the start."
#[test]
fn law_27_a_drain_as_long_as_the_grace_is_warned_of() {
    let log = Log::of_all();
    for (millis, is_warned_of) in [(4711, false), (4712, true), (4713, true)] {
        let mut group = Group::new();
        group.grace(Duration::from_millis(4712));
        group.drain(Duration::from_millis(millis));
        group.add_actor(Actor::new(async { Ok(()) }, |_| {}));
        group.run_blocking(Threads).unwrap();
        let told = log.lines(&format!("drain_ms={millis} "));
        let warned = told.iter().filter(|line| line.starts_with("WARN")).count();
        assert_eq!(warned, usize::from(is_warned_of), "{told:#?}");
    }
}

/// A name and a message of several lines make no lines that look like others.
#[test]
fn an_event_is_one_line_whatever_it_tells() {
    let log = Log::of_all();
    let mut group = Group::new();
    let fails = Actor::new(async { Err("one\ntold-forged two".into()) }, |_| {});
    group.add_actor(fails.name("three\r\ntold-forged four"));
    group.run_blocking(Threads).unwrap_err();
    let told = log.lines("told-forged");
    assert!(told.len() > 3);
    for line in told {
        assert!(!line.starts_with("told-forged"), "{line}");
    }
}

/// "`{:#}` of `Error`, the report and the events print the chain."
#[test]
fn the_root_cause_is_told() {
    #[derive(Debug)]
    struct Wal(io::Error);

    impl std::fmt::Display for Wal {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("write wal")
        }
    }

    impl std::error::Error for Wal {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let log = Log::of_all();
    let fails = async { Err(Wal(io::Error::other("told-root")).into()) };
    let mut inner = Group::new();
    inner.add_actor(Actor::new(fails, |_| {}).name("db"));
    let mut group = Group::new();
    group.add_actor(inner.into_actor(Threads).name("told-storage"));
    group.run_blocking(Threads).unwrap_err();
    let chain = "actor `db` failed: write wal: told-root";
    let told = log.lines("actor `told-storage` failed: ");
    for event in [
        "ERROR rungroup: group stopping",
        "INFO rungroup: group stopped",
    ] {
        let event = told.iter().find(|line| line.starts_with(event)).unwrap();
        assert!(event.contains(chain), "{event}");
    }
    // What a group inside says is for the outer one to tell.
    let inner = log.lines("cause=actor `db` failed: write wal: told-root");
    let is_told = inner[0].contains("rungroup: inner group stopping");
    assert!(is_told && inner[0].starts_with("DEBUG"), "{inner:?}");
    let exited = log.lines("actor exited actor=told-storage ");
    assert!(exited[0].contains(chain), "{exited:?}");
}

/// Law 32: an error that cannot be formatted, and a subscriber that formats all there is.
#[test]
fn law_32_an_unspeakable_error_is_told_as_well_as_can_be() {
    #[derive(Clone, Copy)]
    struct Unspeakable(bool);

    impl std::fmt::Debug for Unspeakable {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Display::fmt(self, f)
        }
    }

    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            if self.0 {
                std::panic::resume_unwind(Box::new("unspeakable"));
            }
            Err(std::fmt::Error)
        }
    }

    impl std::error::Error for Unspeakable {}

    let log = Log::of_all();
    for panics in [true, false] {
        let mut group = Group::new();
        for _ in 0..2 {
            let fails = Actor::with(move |ctx| async move {
                ctx.interrupted().await;
                Err(Unspeakable(panics).into())
            });
            group.add_actor(fails.name("told-mute-later"));
        }
        let fails = Actor::new(async move { Err(Unspeakable(panics).into()) }, |_| {});
        group.add_actor(fails.name("told-mute-cause"));
        let error = group.run_blocking(Threads).unwrap_err();
        assert_eq!(error.actor().unwrap().as_str(), Some("told-mute-cause"));
        assert_eq!(error.report().exits().len(), 3);
    }
    assert!(!log.lines("told-mute-cause").is_empty());
}

/// A group that drains, and one of whose interrupts panics.
#[test]
fn a_stop_is_told_step_by_step() {
    let log = Log::of_all();
    let mut group = Group::new();
    // Nobody else drains so long. It ends as soon as it is told.
    const DRAINING: &str = "group draining delay_ms=4719000";
    group.drain(Duration::from_secs(4719));
    let stop = Actor::new(std::future::pending(), |_| panic!("told-rash"));
    group.add_actor(stop.name("told-rash-one").grace(Duration::ZERO));
    let handle = group.handle();
    group.add_actor(Actor::with(move |ctx| async move {
        handle.ready().await.unwrap();
        handle.stop(Ok(()));
        while log.lines(DRAINING).is_empty() {
            std::thread::yield_now();
        }
        handle.skip_drain();
        ctx.interrupted().await;
        Ok(())
    }));
    let ready = log.lines("INFO rungroup: group ready").len();
    group.run_blocking(Threads).unwrap_err();
    assert!(log.lines("INFO rungroup: group ready").len() > ready);
    let draining = log.lines(DRAINING);
    assert_eq!(draining.len(), 1);
    assert!(draining[0].starts_with("INFO rungroup: group draining delay_ms=4719000"));
    let panicked = log.lines("interrupt panicked actor=told-rash-one");
    let told = "WARN rungroup: interrupt panicked actor=told-rash-one stage=0 panic=told-rash";
    assert_eq!(panicked, [told]);
}

/// One that readiness held back until the stop.
#[test]
fn who_never_started_is_told() {
    let log = Log::of_all();
    let mut group = Group::new();
    let holds_back = Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Ok(())
    });
    group.add_actor(holds_back.announces_ready());
    let held = Actor::cancellable(std::future::pending()).stage(1);
    group.add_actor(held.name("told-held"));
    group.handle().stop(Ok(()));
    group.run_blocking(Threads).unwrap();
    let told = log.lines("told-held");
    assert_eq!(
        told,
        ["WARN rungroup: actor never started actor=told-held stage=1"]
    );
}
