//! The report as a table with a timeline, 80 columns wide.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};
use std::time::Duration;

use super::Report;
use super::columns::{Fitted, Short, columns, wrap};
use crate::cause::Exit;
use crate::outcome::Outcome;
use crate::phase::ActorState;
use crate::text::Chained;

/// More rows than that cannot be read at a glance. The rest is counted.
const ROWS: usize = 20;
const WIDTH: usize = 80;
const NAME: usize = 22;
const BAR: usize = 23;

pub(super) fn draw(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    match report.cause() {
        Some(cause) => draw_cause(&format!("stopped by: {cause}"), f)?,
        None => return f.write_str("not stopped yet"),
    }
    let rows = rows(report);
    write!(f, "\nthe stop took {}", Short(report.lasted()))?;
    if rows.is_empty() && report.never_started().is_empty() {
        return Ok(());
    }
    let (actor, outcome, ran_for, took) = ("actor", "outcome", "ran for", "stopped in");
    write!(
        f,
        "\n\n  {actor:NAME$}  {outcome:9} {ran_for:>8} {took:>10}"
    )?;
    let shown = select(&rows);
    for row in &shown {
        row.draw(f)?;
    }
    match rows.len() - shown.len() {
        0 => {}
        more => write!(f, "\n  and {more} more")?,
    }
    for actor in report.never_started().iter().take(ROWS) {
        let name = Fitted::new(&actor.short(), NAME).padded();
        write!(f, "\n  {name}  never started")?;
    }
    for (actor, panic) in report.interrupt_panics().iter().take(ROWS) {
        let line = format!("the interrupt of {} panicked: {panic}", actor.quoted());
        draw_wrapped(&line, 2, f)?;
    }
    Ok(())
}

/// On one line if it fits, otherwise on its own lines, because the root cause is at its end.
fn draw_cause(line: &str, f: &mut Formatter<'_>) -> fmt::Result {
    if columns(line) <= WIDTH {
        return f.write_str(line);
    }
    let (label, cause) = line.split_at("stopped by:".len());
    f.write_str(label)?;
    draw_wrapped(cause, 2, f)
}

fn draw_wrapped(text: &str, indent: usize, f: &mut Formatter<'_>) -> fmt::Result {
    for line in wrap(text, WIDTH - indent) {
        write!(f, "\n{:indent$}{line}", "")?;
    }
    Ok(())
}

/// One actor's line.
struct Row<'a> {
    name: String,
    outcome: &'static str,
    exit: Option<&'a Exit>,
    bar: String,
    interest: Interest,
}

/// What is shown first if not all rows can be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Interest {
    /// It returned `Ok`, after a stop of that length.
    Returned(Duration),
    Faulty,
    DidNotStop,
    EndedTheGroup,
}

impl Row<'_> {
    fn draw(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ran_for = self.exit.map(|exit| Short(exit.ran_for()).to_string());
        let stopped_in = self
            .exit
            .and_then(Exit::stopped_in)
            .map(|took| Short(took).to_string());
        write!(
            f,
            "\n  {}  {:9} {:>8} {:>10}  {}",
            Fitted::new(&self.name, NAME).padded(),
            self.outcome,
            ran_for.as_deref().unwrap_or("-"),
            stopped_in.as_deref().unwrap_or("-"),
            self.bar,
        )?;
        match self.exit.and_then(|exit| detail(exit.outcome())) {
            Some(detail) => draw_wrapped(&detail, 4, f),
            None => Ok(()),
        }
    }
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let cause = report.cause().and_then(|cause| cause.exit());
    let cause = cause.map(|exit| Row {
        name: exit.actor().short(),
        outcome: word(exit.outcome()),
        exit: Some(exit),
        bar: "ended the group".into(),
        interest: Interest::EndedTheGroup,
    });
    let exits = report.exits().iter().map(|exit| Row {
        name: exit.actor().short(),
        outcome: word(exit.outcome()),
        exit: Some(exit),
        bar: bar(exit, report.lasted()),
        interest: interest(exit),
    });
    // A parked straggler has an exit: its future was dropped.
    let left = report
        .stragglers()
        .iter()
        .filter(|one| one.state() != ActorState::Parked);
    let left = left.map(|straggler| Row {
        name: straggler.actor().short(),
        outcome: if straggler.state() == ActorState::Polling {
            "polling"
        } else {
            "blocking"
        },
        exit: None,
        bar: "did not stop".into(),
        interest: Interest::DidNotStop,
    });
    cause.into_iter().chain(exits).chain(left).collect()
}

/// The most interesting rows, in their order.
fn select<'a, 'b>(rows: &'a [Row<'b>]) -> Vec<&'a Row<'b>> {
    let mut by_interest: Vec<_> = rows.iter().enumerate().collect();
    by_interest.sort_by_key(|(_, row)| Reverse(row.interest));
    by_interest.truncate(ROWS);
    by_interest.sort_by_key(|&(nth, _)| nth);
    by_interest.into_iter().map(|(_, row)| row).collect()
}

fn interest(exit: &Exit) -> Interest {
    match exit.outcome() {
        Outcome::Returned => Interest::Returned(exit.stopped_in().unwrap_or_default()),
        Outcome::Forced => Interest::DidNotStop,
        _ => Interest::Faulty,
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Returned => "returned",
        Outcome::Failed(_) => "failed",
        Outcome::Panicked(_) => "panicked",
        Outcome::Lost(_) => "lost",
        Outcome::Forced => "forced",
    }
}

fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Panicked(panic) => Some(panic.to_string()),
        _ => outcome.error().map(|error| Chained(error).to_string()),
    }
}

/// `|   ====   |`: nothing before the turn of its stage, `=` from its interrupt to its exit, and
/// `!` where it was forced.
fn bar(exit: &Exit, stop: Duration) -> String {
    let Some(times) = exit.stop else {
        return "left before the stop".into();
    };
    let from = column(times.interrupted, stop);
    let to = column(times.exited, stop).max(from);
    let mut bar = String::with_capacity(BAR);
    bar.push('|');
    for at in 0..BAR - 2 {
        bar.push(match at {
            _ if at == to && matches!(exit.outcome(), Outcome::Forced) => '!',
            _ if at >= from && at <= to => '=',
            _ => ' ',
        });
    }
    bar.push('|');
    bar
}

/// The column of a moment of the stop.
fn column(moment: Duration, stop: Duration) -> usize {
    const LAST: usize = BAR - 3;
    if stop.is_zero() {
        return LAST;
    }
    // The nanoseconds of a stop times a column count are far below the limit of u128.
    let column = moment.as_nanos() * LAST as u128 / stop.as_nanos();
    usize::try_from(column).map_or(LAST, |column| column.min(LAST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{Cause, StopTimes, Trigger};
    use crate::name::Name;
    use crate::report::{Straggler, Weight};

    fn name(text: &'static str) -> Name {
        let mut name = Name::of_caller();
        name.set(text.into());
        name
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// An exit, and when its actor was interrupted and exited in the stop.
    fn exit(actor: &'static str, outcome: Outcome, ran: u64, stop: Option<(u64, u64)>) -> Exit {
        Exit {
            name: name(actor),
            outcome: outcome.into(),
            ran_for: ms(ran),
            stop: stop.map(|(interrupted, exited)| StopTimes {
                interrupted: ms(interrupted),
                exited: ms(exited),
            }),
        }
    }

    fn stopped_by(cause: Exit, stop: u64) -> Report {
        let mut report = Report::of_all();
        report.stopped_by(Cause::new(Trigger::Exit(cause)));
        report.stopped_in(ms(stop));
        report
    }

    fn lines(report: &Report) -> Vec<String> {
        report.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_table_is_the_one_in_the_documentation() {
        let failed = Outcome::Failed("address in use".into());
        let mut report = stopped_by(exit("http", failed, 100, None), 600);
        for (actor, outcome, ran, stop) in [
            ("workers", Outcome::Returned, 300, (0, 200)),
            ("database", Outcome::Returned, 400, (200, 300)),
            ("deaf", Outcome::Forced, 700, (300, 600)),
        ] {
            report.keep(exit(actor, outcome, ran, Some(stop)), Weight::Mere);
        }
        let table = "\
stopped by: actor `http` failed: address in use
the stop took 600ms

  actor                   outcome    ran for stopped in
  http                    failed       100ms          -  ended the group
    address in use
  workers                 returned     300ms      200ms  |=======              |
  database                returned     400ms      100ms  |      =====          |
  deaf                    forced       700ms      300ms  |          ==========!|";
        assert_eq!(report.to_string(), table);
        let source = include_str!("../report.rs");
        for line in table.lines().filter(|line| !line.is_empty()) {
            assert!(source.contains(&format!("/// {line}")), "{line}");
        }
    }

    #[test]
    fn every_outcome_has_a_word_and_some_a_detail() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 1);
        let bomb = || std::panic::resume_unwind(Box::new("kaboom"));
        let panic = crate::panic::catch::<()>(bomb).unwrap_err();
        for (actor, outcome) in [
            ("panicked", Outcome::Panicked(panic)),
            ("lost", Outcome::Lost(None)),
            ("refused", Outcome::Lost(Some("no threads".into()))),
        ] {
            report.keep(exit(actor, outcome, 2, None), Weight::Fault);
        }
        let told = lines(&report);
        let stop = "left before the stop";
        let rows = [
            format!("  panicked                panicked       2ms          -  {stop}"),
            "    kaboom".into(),
            format!("  lost                    lost           2ms          -  {stop}"),
            format!("  refused                 lost           2ms          -  {stop}"),
            "    no threads".into(),
        ];
        assert_eq!(told[5..], rows);
    }

    #[test]
    fn who_did_not_stop_has_a_row_unless_an_exit_tells_of_it() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 1);
        for (actor, state) in [
            ("parked", ActorState::Parked),
            ("polling", ActorState::Polling),
            ("blocking", ActorState::Blocking),
        ] {
            report.straggled(Straggler {
                name: name(actor),
                state,
                waited_for: None,
            });
        }
        report.was_held_back(name("late"));
        report.interrupt_panicked(
            name("rash"),
            crate::panic::catch(|| panic!("rash")).unwrap_err(),
        );
        let told = lines(&report);
        let rows = [
            "  polling                 polling          -          -  did not stop",
            "  blocking                blocking         -          -  did not stop",
            "  late                    never started",
            "  the interrupt of `rash` panicked: rash",
        ];
        assert_eq!(told[5..], rows);
    }

    #[test]
    fn a_stop_without_more_to_tell_has_no_table() {
        let mut report = Report::of_all();
        assert_eq!(report.to_string(), "not stopped yet");
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        assert_eq!(
            report.to_string(),
            "stopped by: no actor left\nthe stop took 0ns"
        );
        report.was_held_back(name("late"));
        assert_eq!(lines(&report).len(), 5);
    }

    #[test]
    fn a_long_cause_is_told_below_its_label() {
        let cause = |length| {
            let error = "x".repeat(length);
            let exit = exit("a", Outcome::Failed(error.into()), 1, None);
            lines(&stopped_by(exit, 1))[0].clone()
        };
        let fits = WIDTH - "stopped by: actor `a` failed: ".len();
        assert_eq!(cause(fits).len(), WIDTH);
        assert_eq!(cause(fits + 1), "stopped by:");

        let words = vec!["x"; 100].join(" ");
        let long = exit("a", Outcome::Failed(words.into()), 1, None);
        let told = lines(&stopped_by(long, 1));
        // Two columns of indent, and a space between any two words.
        assert_eq!(told[1].len(), WIDTH - 1);
    }

    #[test]
    fn the_rows_that_are_shown_are_the_most_interesting_in_their_order() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 100);
        for stop in 0..30 {
            let outcome = match stop {
                3 => Outcome::Forced,
                4 => Outcome::Failed("late".into()),
                _ => Outcome::Returned,
            };
            report.keep(exit("", outcome, stop, Some((0, stop))), Weight::Mere);
        }
        let rows = rows(&report);
        let shown: Vec<_> = select(&rows)
            .into_iter()
            .map(|row| row.exit.unwrap())
            .collect();
        let ran: Vec<_> = shown.iter().map(|exit| exit.ran_for()).collect();
        let expected = [1, 3, 4].into_iter().chain(13..30).map(ms);
        assert_eq!(ran, expected.collect::<Vec<_>>());
        assert_eq!(lines(&report).last().unwrap(), "  and 11 more");
    }

    #[test]
    fn one_that_was_forced_is_more_interesting_than_a_fault() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 100);
        for nth in 0..30 {
            let outcome = match nth {
                29 => Outcome::Forced,
                _ => Outcome::Failed("late".into()),
            };
            report.keep(exit("", outcome, nth, Some((0, 1))), Weight::Mere);
        }
        let rows = rows(&report);
        assert_eq!(select(&rows).pop().unwrap().outcome, "forced");
    }

    #[test]
    fn a_moment_has_its_column() {
        assert_eq!(column(ms(0), ms(100)), 0);
        assert_eq!(column(ms(50), ms(100)), 10);
        assert_eq!(column(ms(100), ms(100)), 20);
        // Not possible, but not worth a panic.
        assert_eq!(column(ms(500), ms(100)), 20);
        assert_eq!(column(ms(0), ms(0)), 20);
    }
}
