//! Texts that people read first: of one line, harmless, and with the root cause.

use futures_lite::future::block_on;
use rungroup::{Actor, Ends, Error, Group, Threads, spawner};

use crate::support::errors::because;
use crate::support::{Held, ending, kaboom, waiter};

/// Breaks lines in each way there is, and clears a terminal.
const EVIL: &str = "left: 1\n right: 2\r\nthird\rfourth\u{1b}[2J\u{85}\u{2028}fifth";

/// The same without the breaks.
const HARMLESS: &str = "left: 1 right: 2 third fourth[2J fifth";

fn assert_one_line(text: &str) {
    assert_eq!(text.lines().count(), 1, "{text:?}");
    let breaks = |char: char| char.is_control() || char == '\u{2028}';
    assert!(!text.contains(breaks), "{text:?}");
}

/// One error of each kind, with texts of `text`.
fn errors(text: &'static str) -> Vec<Error> {
    let fails = || Actor::new(async move { Err(because(text, text)) }, |_| {});
    let panics = || Actor::new(async move { kaboom(text) }, |_| {});
    let interrupts = || Actor::new(async { Ok(()) }, move |_| kaboom(text));
    let drops = || {
        let bomb = crate::support::on_drop(move || kaboom(text));
        Actor::new(async { Ok(()) }, move |_| drop(bomb)).ends_group(Ends::OnError)
    };
    let mut errors = Vec::new();
    for actor in [fails(), panics(), interrupts(), drops()] {
        let mut group = Group::new();
        group.add_actor(actor.name(text));
        errors.push(group.run_blocking(Threads).unwrap_err());
    }
    let mut group = Group::new();
    group.add_actor(waiter());
    group.handle().stop(Err(because(text, text)));
    errors.push(group.run_blocking(Threads).unwrap_err());

    let mut group = Group::new();
    group.add_actor(waiter().name(text));
    let refusing = spawner::from_fn(move |task: rungroup::Task| task.refuse(text));
    errors.push(group.run_blocking(refusing).unwrap_err());

    let mut group = Group::new();
    group.add_actor(waiter().name(text));
    group.handle().force();
    errors.push(group.run_blocking(Held::new()).unwrap_err());

    let mut inner = Group::new();
    inner.add_actor(panics().name(text));
    let mut group = Group::new();
    group.add_actor(inner.into_actor(Threads).name(text));
    errors.push(group.run_blocking(Threads).unwrap_err());
    errors
}

/// "`Error`'s Display is one line whatever names and messages contain."
#[test]
fn an_error_is_one_line_whatever_it_tells() {
    for error in errors(EVIL) {
        assert_one_line(&error.to_string());
        assert_one_line(&format!("{error:#}"));
        assert_one_line(&error.report().cause().unwrap().to_string());
    }
}

/// A report has the same lines, and no other, whatever its names and messages contain.
#[test]
fn a_report_keeps_its_lines_whatever_it_tells() {
    let reports = |text| {
        let errors = errors(text).into_iter();
        errors.map(|error| error.report().to_string())
    };
    for (evil, plain) in reports(EVIL).zip(reports(HARMLESS)) {
        assert!(
            !evil.contains(|char: char| char.is_control() && char != '\n'),
            "{evil:?}"
        );
        assert_eq!(
            evil.lines().count(),
            plain.lines().count(),
            "{evil}\n{plain}"
        );
    }
}

/// Fails three errors deep, two groups deep.
fn deep() -> Group {
    let mut group = Group::new();
    let failing = async { Err(because("write wal", because("flush", "disk full"))) };
    group.add_actor(Actor::new(failing, |_| {}).name("db"));
    let mut outer = Group::new();
    outer.add_actor(group.into_actor(Threads).name("storage"));
    outer
}

/// "`{:#}` of `Error`, the report and the events print the chain, through nested groups too."
#[test]
fn the_root_cause_is_told() {
    let chain = "actor `storage` failed: actor `db` failed: write wal: flush: disk full";
    let error = deep().run_blocking(Threads).unwrap_err();
    assert_eq!(error.to_string(), "actor `storage` failed");
    assert_eq!(format!("{error:#}"), chain);
    let report = error.report().to_string();
    let root = "actor `db` failed: write wal: flush: disk full";
    assert!(report.contains(root), "{report}");
}

#[test]
fn the_root_cause_of_a_later_failure_is_told() {
    let mut group = Group::new();
    group.add_actor(ending(|| Err(because("write wal", "disk full"))).name("db"));
    group.handle().stop(Ok(()));
    let report = block_on(group.run_report(Threads));
    assert!(
        report.to_string().contains("write wal: disk full"),
        "{report}"
    );
}

#[test]
fn the_root_cause_of_a_request_is_told() {
    let mut group = Group::new();
    group.add_actor(waiter());
    let error = because("reload", because("read config", "no such file"));
    group.handle().stop(Err(error));
    let error = group.run_blocking(Threads).unwrap_err();
    let chain = "reload: read config: no such file";
    assert!(format!("{error:#}").ends_with(chain), "{error:#}");
    assert!(error.report().to_string().contains(chain));
}

/// "stop requested: stop requested: SIGTERM" says it once, however deep the group.
#[test]
fn an_inner_cause_says_once_what_was_requested() {
    let (told, causes) = std::sync::mpsc::channel();
    let mut group = Group::new();
    group.add_actor(Actor::with(move |ctx| async move {
        ctx.interrupted().await;
        told.send(ctx.cause().unwrap().to_string())?;
        Ok(())
    }));
    for _ in 0..3 {
        let mut outer = Group::new();
        outer.add_actor(group.into_actor(Threads));
        group = outer;
    }
    group.handle().stop(Err("SIGTERM".into()));
    group.run_blocking(Threads).unwrap_err();
    assert_eq!(causes.recv().unwrap(), "stop requested: SIGTERM");
}

/// A line of 80 columns ends with a word, or in a text that is not its own.
#[test]
fn a_report_cuts_no_word_of_its_own() {
    const WORDS: &str = "was lost by its spawner";
    for length in 1..80 {
        let mut group = Group::new();
        group.add_actor(waiter().name("x".repeat(length)));
        let losing = spawner::from_fn(drop::<rungroup::Task>);
        let error = group.run_blocking(losing).unwrap_err();
        let report = error.report().to_string();
        for line in report.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            let Some(cut) = line.strip_suffix('…') else {
                continue;
            };
            let inside_a_word = |at: &usize| {
                let (before, after) = WORDS.split_at(*at);
                !before.ends_with(' ') && !after.starts_with(' ') && cut.ends_with(before)
            };
            assert_eq!((4..WORDS.len()).find(inside_a_word), None, "{line}");
        }
    }
}
