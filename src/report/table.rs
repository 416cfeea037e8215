//! The report as a table with a timeline, 80 columns wide.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::{self, Formatter};
use std::time::Duration;

use super::columns::{Fitted, Short, columns, wrap};
use super::{Report, Stragglers};
use crate::cause::{Exit, StopTimes};
use crate::outcome::Outcome;
use crate::phase::ActorState;

/// More rows than that cannot be read at a glance. The rest is counted.
const ROWS: usize = 20;
const WIDTH: usize = 80;
const NAME: usize = 22;
const BAR: usize = 23;

/// The table of the stop: a line about the cause, then a line for each actor with its outcome, the
/// time from its start to its exit, and the time from its interrupt to its exit. A bar shows its part
/// of the stop, from the first interrupt to the end; `!` marks where it was forced. A drain has a line
/// of its own. Equal lines are counted, the table has the 20 most interesting ones (the last to stop
/// is one of them), and what follows tells of the rest and why actors were forced.
///
/// ```text
/// stopped by: actor `http` failed: address in use
/// the stop took 600ms
///
///   actor                   outcome     uptime  stop time
///   http                    failed       100ms          -  ended the group
///     address in use
///   workers                 returned     300ms      200ms  |=======              |
///   database                returned     400ms      100ms  |      =====          |
///   deaf                    forced       700ms      300ms  |          ==========!|
///   `deaf` (parked), forced by the grace after 300ms
/// ```
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        draw(self, f)
    }
}

fn draw(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    match report.cause() {
        Some(cause) => draw_cause(&format!("stopped by: {cause}"), f)?,
        None => return f.write_str("not stopped yet"),
    }
    write!(f, "\nthe stop took {}", Short(report.took()))?;
    draw_rows(report, f)?;
    draw_early(report, f)?;
    for actor in report.never_started().iter().take(ROWS) {
        let name = Fitted::new(&actor.short(), NAME).padded();
        write!(f, "\n  {name}  never started")?;
    }
    for (actor, panic) in report.interrupt_panics().iter().take(ROWS) {
        let line = format!("the interrupt of {} panicked: {panic}", actor.quoted());
        draw_wrapped(&line, 2, f)?;
    }
    let mut lines = Stragglers(report.stragglers()).lines().into_iter();
    lines.try_for_each(|line| draw_wrapped(&line, 2, f))
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

fn draw_rows(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let rows = rows(report);
    if rows.is_empty() && report.never_started().is_empty() {
        return Ok(());
    }
    let (actor, outcome, up, stop) = ("actor", "outcome", "uptime", "stop time");
    write!(f, "\n\n  {actor:NAME$}  {outcome:9} {up:>8}  {stop:>9}")?;
    if !report.drained().is_zero() {
        let (drain, drained) = ("(drain)", Short(report.drained()).to_string());
        write!(f, "\n  {drain:NAME$}  {:9} {drained:>8}", "")?;
    }
    let shown = select(&rows);
    for row in &shown {
        row.draw(f)?;
    }
    let shown: usize = shown.iter().map(|row| row.times).sum();
    match rows.iter().map(|row| row.times).sum::<usize>() - shown {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

/// The exits before the first interrupt, if not all of them have a row.
fn draw_early(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let omitted = report.omitted();
    if omitted == 0 {
        return Ok(());
    }
    let early = report.early();
    let left = [
        (early.before_cause, "before the stop"),
        (early.in_drain, "during the drain"),
    ];
    let mut opening = "\n  ";
    for (count, when) in left.into_iter().filter(|&(count, _)| count > 0) {
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{opening}{} actor{plural} left {when}", Grouped(count))?;
        opening = ", ";
    }
    write!(f, " ({} omitted)", Grouped(omitted))
}

/// A number whose digits are grouped by spaces: "300 001".
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{}", self.0),
            more => write!(f, "{} {:03}", Grouped(more / 1_000), more % 1_000),
        }
    }
}

/// The line of an actor, or of several that only differ in their times.
struct Row<'a> {
    name: String,
    outcome: &'static str,
    exit: Option<&'a Exit>,
    detail: Option<String>,
    bar: String,
    interest: Interest,
    times: usize,
}

/// What is shown first if not all rows can be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Interest {
    /// It returned `Ok`, after a stop of that length.
    Returned(Duration),
    /// It returned `Ok` as the last one, so the stop ended with it.
    Last,
    Faulty,
    DidNotStop,
    EndedTheGroup,
}

impl Row<'_> {
    fn draw(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let uptime = self.exit.map(|exit| Short(exit.ran_for()).to_string());
        let stop_time = self
            .exit
            .and_then(Exit::stopped_in)
            .map(|took| Short(took).to_string());
        write!(
            f,
            "\n  {}  {:9} {:>8}  {:>9}  {}",
            self.label(),
            self.outcome,
            uptime.as_deref().unwrap_or("-"),
            stop_time.as_deref().unwrap_or("-"),
            self.bar,
        )?;
        match &self.detail {
            Some(detail) => draw_wrapped(detail, 4, f),
            None => Ok(()),
        }
    }

    /// The name, and how many actors of that name the row stands for: "peer (x 12)".
    fn label(&self) -> Fitted {
        if self.times == 1 {
            return Fitted::new(&self.name, NAME).padded();
        }
        let times = format!(" (x {})", self.times);
        let name = Fitted::new(&self.name, NAME - times.len());
        Fitted::new(&format!("{name}{times}"), NAME).padded()
    }
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let axis = Axis::new(report);
    let exits = report.exits().iter().enumerate();
    let exits = exits.filter(|&(nth, _)| report.of_cause() != Some(nth));
    let exits = exits.map(|(nth, exit)| {
        let bar = match exit.stop {
            Some(times) => axis.bar(times, matches!(exit.outcome(), Outcome::Forced)),
            None if report.is_of_drain(nth) => "left during the drain".into(),
            None => "left before the stop".into(),
        };
        let is_last = nth + 1 == report.exits().len() && exit.stop.is_some();
        row(exit, bar, interest(exit, is_last))
    });
    // A parked straggler has an exit: its future was dropped.
    let left = report.stragglers().iter();
    let left = left.filter(|one| one.state() != ActorState::Parked);
    let left = left.map(|straggler| Row {
        name: straggler.actor().short(),
        outcome: match straggler.state() {
            ActorState::Polling => "polling",
            _ => "blocking",
        },
        exit: None,
        detail: None,
        bar: "did not stop".into(),
        interest: Interest::DidNotStop,
        times: 1,
    });
    // The exit of the cause comes first, because it tells of the rest.
    let own = report.cause().and_then(|cause| cause.exit());
    let own = own.map(|exit| row(exit, "ended the group".into(), Interest::EndedTheGroup));
    own.into_iter().chain(fold(exits.chain(left))).collect()
}

fn row(exit: &Exit, bar: String, interest: Interest) -> Row<'_> {
    Row {
        name: exit.actor().short(),
        outcome: exit.outcome().word(),
        exit: Some(exit),
        detail: exit.outcome().detail(),
        bar,
        interest,
        times: 1,
    }
}

/// Counts rows that tell the same of actors of one name, at the place of the first. Its times are
/// those of the one that took longest to stop.
fn fold<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<Row<'a>> {
    let mut folded: Vec<Row<'a>> = Vec::new();
    let mut known = HashMap::new();
    for row in rows {
        let key = (
            row.name.clone(),
            row.outcome,
            row.detail.clone(),
            row.exit.map(moment),
        );
        match known.get(&key) {
            None => {
                known.insert(key, folded.len());
                folded.push(row);
            }
            Some(&nth) => {
                let first: &mut Row<'a> = &mut folded[nth];
                let times = first.times + 1;
                let took = |row: &Row<'_>| row.exit.and_then(Exit::stopped_in);
                if took(&row) > took(first) {
                    *first = row;
                }
                first.times = times;
            }
        }
    }
    folded
}

/// Rows of one moment are folded: before the first interrupt, or after it.
fn moment(exit: &Exit) -> bool {
    exit.stop.is_some()
}

/// The most interesting rows, in their order.
fn select<'a, 'b>(rows: &'a [Row<'b>]) -> Vec<&'a Row<'b>> {
    let mut by_interest: Vec<_> = rows.iter().enumerate().collect();
    by_interest.sort_by_key(|(_, row)| Reverse(row.interest));
    by_interest.truncate(ROWS);
    by_interest.sort_by_key(|&(nth, _)| nth);
    by_interest.into_iter().map(|(_, row)| row).collect()
}

fn interest(exit: &Exit, is_last: bool) -> Interest {
    match exit.outcome() {
        Outcome::Returned if is_last => Interest::Last,
        Outcome::Returned => Interest::Returned(exit.stopped_in().unwrap_or_default()),
        Outcome::Forced => Interest::DidNotStop,
        _ => Interest::Faulty,
    }
}

/// What the bars show: from the first interrupt to the end.
struct Axis {
    /// Since the cause, like the times of an exit.
    from: Duration,
    length: Duration,
}

impl Axis {
    fn new(report: &Report) -> Axis {
        Axis {
            from: report.drained(),
            length: report.took().saturating_sub(report.drained()),
        }
    }

    /// `|   ====   |`: nothing before the turn of its stage, `=` from its interrupt to its exit, and
    /// `!` where it was forced.
    fn bar(&self, times: StopTimes, is_forced: bool) -> String {
        let from = self.column(times.interrupted);
        let to = self.column(times.exited).max(from);
        let mut bar = String::with_capacity(BAR);
        bar.push('|');
        for at in 0..BAR - 2 {
            bar.push(match at {
                _ if at == to && is_forced => '!',
                _ if at >= from && at <= to => '=',
                _ => ' ',
            });
        }
        bar.push('|');
        bar
    }

    /// The column of a moment of the stop.
    fn column(&self, moment: Duration) -> usize {
        const LAST: usize = BAR - 3;
        if self.length.is_zero() {
            return LAST;
        }
        // The nanoseconds of a stop times a column count are far below the limit of u128.
        let moment = moment.saturating_sub(self.from);
        let column = moment.as_nanos() * LAST as u128 / self.length.as_nanos();
        usize::try_from(column).map_or(LAST, |column| column.min(LAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{Cause, StopTimes, Trigger};
    use crate::name::Name;
    use crate::report::{ForcedBy, Severity, Straggler};

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
        let mut report = Report::keeping_all();
        report.stopped_by(Cause::new(Trigger::Exit(cause)));
        report.set_took(ms(stop));
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
            report.keep(exit(actor, outcome, ran, Some(stop)), Severity::Kept);
        }
        report.add_straggler(Straggler {
            name: name("deaf"),
            state: ActorState::Parked,
            waited_for: Some(ms(300)),
            reason: ForcedBy::Grace,
        });
        let table = "\
stopped by: actor `http` failed: address in use
the stop took 600ms

  actor                   outcome     uptime  stop time
  http                    failed       100ms          -  ended the group
    address in use
  workers                 returned     300ms      200ms  |=======              |
  database                returned     400ms      100ms  |      =====          |
  deaf                    forced       700ms      300ms  |          ==========!|
  `deaf` (parked), forced by the grace after 300ms";
        assert_eq!(report.to_string(), table);
        let source = include_str!("table.rs");
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
            report.keep(exit(actor, outcome, 2, None), Severity::Kept);
        }
        let told = lines(&report);
        let stop = "left during the drain";
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
            report.add_straggler(Straggler {
                name: name(actor),
                state,
                waited_for: (state != ActorState::Blocking).then_some(ms(50)),
                reason: ForcedBy::Grace,
            });
        }
        report.add_never_started(name("late"));
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
            "  `parked` (parked), forced by the grace after 50ms",
            "  `polling` (polling), forced by the grace after 50ms",
            "  1 more was forced before its turn",
        ];
        assert_eq!(told[5..], rows);
    }

    #[test]
    fn a_stop_without_more_to_tell_has_no_table() {
        let mut report = Report::keeping_all();
        assert_eq!(report.to_string(), "not stopped yet");
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        assert_eq!(
            report.to_string(),
            "stopped by: no actor left\nthe stop took 0ns"
        );
        report.add_never_started(name("late"));
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

    const NAMES: [&str; 30] = [
        "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14",
        "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
    ];

    #[test]
    fn the_rows_that_are_shown_are_the_most_interesting_in_their_order() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 100);
        for stop in 0..30 {
            let outcome = match stop {
                3 => Outcome::Forced,
                4 => Outcome::Failed("late".into()),
                _ => Outcome::Returned,
            };
            let actor = NAMES[usize::try_from(stop).unwrap()];
            report.keep(exit(actor, outcome, stop, Some((0, stop))), Severity::Kept);
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
        for (nth, actor) in NAMES.into_iter().enumerate() {
            let outcome = match nth {
                29 => Outcome::Forced,
                _ => Outcome::Failed("late".into()),
            };
            report.keep(exit(actor, outcome, 1, Some((0, 1))), Severity::Kept);
        }
        let rows = rows(&report);
        assert_eq!(select(&rows).pop().unwrap().outcome, "forced");
    }

    #[test]
    fn equal_rows_of_one_name_are_counted() {
        let mut report = stopped_by(exit("cause", Outcome::Returned, 1, None), 100);
        for stop in [10, 100, 50] {
            let returned = exit("worker", Outcome::Returned, stop, Some((0, stop)));
            report.keep(returned, Severity::Kept);
        }
        let other = Outcome::Failed("late".into());
        report.keep(exit("worker", other, 9, Some((0, 100))), Severity::Kept);
        let bar = "|=====================|";
        let rows = [
            format!("  worker (x 3)            returned     100ms      100ms  {bar}"),
            format!("  worker                  failed         9ms      100ms  {bar}"),
            "    late".into(),
        ];
        assert_eq!(lines(&report)[5..], rows);
        let long = "a name that is as long as can be";
        for _ in 0..12 {
            report.keep(
                exit(long, Outcome::Returned, 1, Some((0, 1))),
                Severity::Kept,
            );
        }
        let told = lines(&report);
        let row = told.last().unwrap();
        assert!(
            row.starts_with("  a name that is… (x 12)  returned"),
            "{row}"
        );
    }

    #[test]
    fn a_drain_is_a_row_and_no_part_of_the_bars() {
        let mut report = Report::keeping_all();
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        let reset = Outcome::Failed("reset".into());
        report.keep(exit("peer", reset, 5, None), Severity::Kept);
        report.set_drained(ms(30_000));
        let stop = Some((30_000, 30_100));
        report.keep(
            exit("http", Outcome::Returned, 40_000, stop),
            Severity::Kept,
        );
        report.set_took(ms(30_200));
        let rows = [
            "  (drain)                             30.00s",
            "  peer                    failed         5ms          -  left during the drain",
            "    reset",
            "  http                    returned    40.00s      100ms  |===========          |",
        ];
        assert_eq!(lines(&report)[4..], rows);
    }

    #[test]
    fn the_actor_that_stopped_last_has_a_row() {
        let mut report = Report::keeping_all();
        for nth in 0..500_u64 {
            let mut stream = exit("", Outcome::Returned, 500, Some((0, 100 + nth)));
            stream.name.set(format!("stream-{nth}").into());
            report.keep(stream, Severity::Kept);
        }
        let archive = exit("archive", Outcome::Returned, 610, Some((600, 610)));
        report.keep(archive, Severity::Kept);
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        let told = lines(&report);
        let [.., last, more] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(last.starts_with("  archive "), "{last}");
        assert_eq!(more, "  and 481 more");
    }

    #[test]
    fn early_exits_without_a_row_are_counted() {
        let mut report = Report::keeping_faults();
        let returned = || exit("peer", Outcome::Returned, 1, None);
        let failed = || exit("peer", Outcome::Failed("reset".into()), 1, None);
        (0..1_200).for_each(|_| report.keep(failed(), Severity::Kept));
        report.keep(returned(), Severity::Kept);
        report.stopped_by(Cause::new(Trigger::NoActorLeft));
        let told = lines(&report);
        let rows = [
            "  peer (x 200)            failed         1ms          -  left before the stop",
            "    reset",
            "  1 201 actors left before the stop (1 001 omitted)",
        ];
        assert_eq!(told[4..], rows);
        report.keep(returned(), Severity::Kept);
        let line =
            "  1 201 actors left before the stop, 1 actor left during the drain (1 002 omitted)";
        assert_eq!(lines(&report).last().unwrap(), line);
        assert_eq!(Grouped(1_000_020).to_string(), "1 000 020");
    }

    #[test]
    fn a_moment_has_its_column() {
        let axis = |from, length| Axis {
            from: ms(from),
            length: ms(length),
        };
        assert_eq!(axis(0, 100).column(ms(0)), 0);
        assert_eq!(axis(0, 100).column(ms(50)), 10);
        assert_eq!(axis(0, 100).column(ms(100)), 20);
        assert_eq!(axis(900, 100).column(ms(950)), 10);
        // Not possible, but not worth a panic.
        assert_eq!(axis(0, 100).column(ms(500)), 20);
        assert_eq!(axis(900, 100).column(ms(0)), 0);
        assert_eq!(axis(0, 0).column(ms(0)), 20);
    }
}
