//! `RESULTS.md`.

use std::fmt::Write;

use rungroup_benches::{Contestant, Runtime};

use crate::go::{Go, Side};
use crate::lives::{STOPPED, Size, Stops};
use crate::machine;
use crate::others;
use crate::race::Race;
use crate::results::Results;
use crate::scale::Scale;
use crate::targets::{Target, targets};

pub fn page(results: &Results) -> String {
    let sections = [
        head(results),
        target_table(results),
        life_tables(results),
        stop_tables(results),
        memory_tables(results),
        growth_table(results),
        other_tables(results),
        idle_table(results),
        results
            .go
            .as_ref()
            .map_or(NO_GO.into(), |go| go_tables(go, results.scale)),
        AGAIN.into(),
    ];
    sections.join("\n")
}

fn head(results: &Results) -> String {
    let mut page = String::from(HEAD);
    if results.scale == Scale::Quick {
        page += "\n**A quick run, to see that all works. Its numbers say nothing.**\n";
    }
    page += "\n## Machine and versions\n\n";
    for line in machine::lines(results.go.is_some()) {
        page += &format!("- {line}\n");
    }
    page + WHAT
}

const HEAD: &str = "\
# How fast rungroup is

Made by `benches/run.sh`; do not edit. [PROFILE.md](PROFILE.md) says where the rest of the time goes.
";

const WHAT: &str = "
## What was measured

**The work.** N actors wait until they are interrupted; one more returns at once, and so ends the
group. A *life* lasts from the making of the group and its first `add` to the return of `run`: all
actors are made, started, interrupted, awaited and freed. Every contestant does just that.

| contestant | how it does it |
| --- | --- |
| rungroup, pair | `Group::add(execute, interrupt)`. All executes wait for clones of one `CancellationToken`, which each interrupt cancels: the same wait as that of the peers below. |
| rungroup, pair, one cancels | The same, but only one interrupt cancels the token; the others do nothing. |
| rungroup, pair with a channel each | `Group::add(execute, interrupt)`. Each execute waits for a oneshot channel of its own, which its interrupt closes: as Go's users write it. |
| rungroup, `Actor::with` | Each actor waits for `ctx.interrupted()`. |
| `JoinSet` + token | Tokio's `JoinSet`; the tasks wait for clones of one `CancellationToken`, which is cancelled when `join_next` gives the first exit; then all are joined. |
| `TaskTracker` + token | tokio-util's `TaskTracker`, which keeps no results: the one that returns cancels the token itself; then `wait`. |
| bare spawn + countdown | The floor: the runtime's `spawn`, one token, an atomic count of those left. No outcome, no panic is seen. |
| tokio-graceful-shutdown | A subsystem for each actor, and one that requests the shutdown. Left out where N is above 10000: it would take too long. |

**The numbers.** All contestants are measured in turns: in each round, each of them once, in an order
that changes. A *ratio* is the median of the ratios of each round, so that a slow moment of the
machine weighs on both sides. Times are medians. Small groups live many times in a row for one
measurement. The optimised build, with the system's allocator.

Tokio's runtimes are as `#[tokio::main]` makes them, and `run` is awaited on the main thread. smol's
global executor has its one thread.
";

fn target_table(results: &Results) -> String {
    let mut table = String::from(
        "## Targets\n\nAll are ratios, but the last. Below 1 is faster, or smaller, than the peer.\n\n\
         | what | at most | measured | met |\n| --- | --- | --- | --- |\n",
    );
    for target in targets(results) {
        table += &target_row(&target);
    }
    table
}

fn target_row(target: &Target) -> String {
    let number =
        |number: &Option<f64>| number.map_or("–".into(), |number| format!("{number:.2}"));
    let measured = target
        .measured
        .iter()
        .map(|(of, ratio)| format!("{} ({of})", number(ratio)));
    let measured: Vec<String> = measured.collect();
    let met = match target.is_met() {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "not measured",
    };
    format!(
        "| {} | {} | {} | {met} |\n",
        target.what,
        target.limit,
        measured.join(", ")
    )
}

fn life_tables(results: &Results) -> String {
    let mut tables = String::from(
        "## Whole life\n\nNanoseconds an actor, and in brackets the ratio to `JoinSet` + token, where \
         it runs; elsewhere to bare spawn + countdown. At N = 10, what a group costs at all is most \
         of it.\n",
    );
    for runtime in Runtime::ALL {
        tables += &life_table(results, runtime);
    }
    for runtime in Runtime::TOKIO {
        let _ = write!(
            tables,
            "\n![Time an actor takes, by the size of the group, on {}](plots/life-{}.svg)\n",
            runtime.title(),
            runtime.id()
        );
    }
    tables
}

fn life_table(results: &Results, runtime: Runtime) -> String {
    let base = if runtime.is_tokio() {
        Contestant::JoinSet
    } else {
        Contestant::Bare
    };
    let runs = Contestant::ALL
        .into_iter()
        .filter(|one| one.runs_on(runtime));
    let rows = runs.map(|contestant| {
        let cells = results
            .lives_on(runtime)
            .map(|lives| an_actor(&lives.times, contestant, base, lives.actors));
        (contestant.title(), cells.collect())
    });
    let sizes = results
        .lives_on(runtime)
        .map(|lives| format!("N = {}", lives.actors));
    table(runtime.title(), sizes.collect(), rows.collect())
}

/// A cell: the time an actor takes, and its ratio.
fn an_actor<L: Copy + PartialEq>(times: &Race<L>, lane: L, base: L, actors: usize) -> String {
    let actors = actors as f64;
    match (times.median(lane), times.ratio(lane, base)) {
        (Some(time), Some(ratio)) => format!("{:.0} ({ratio:.2})", time / actors),
        _ => "–".into(),
    }
}

fn stop_tables(results: &Results) -> String {
    let mut tables = format!(
        "## Stop alone\n\nN = {STOPPED} actors, all of which wait when the first exits; from that \
         exit to the return of `run`, in microseconds. In brackets, the ratio to `JoinSet` + token: \
         of the medians, the median of the ratios of each round; of the 99th percentiles, their \
         ratio. {} stops each.\n",
        results.scale.stops()
    );
    for stops in &results.stops {
        tables += &stop_table(stops);
    }
    tables
}

fn stop_table(Stops { runtime, times }: &Stops) -> String {
    let cells = |lane| {
        let late = |lane| times.percentile(lane, 0.99).unwrap_or(f64::NAN);
        let median = times.median(lane).unwrap_or(f64::NAN);
        let ratio = times.ratio(lane, Contestant::JoinSet).unwrap_or(f64::NAN);
        let ratio_of_late = late(lane) / late(Contestant::JoinSet);
        vec![
            format!("{:.0} ({ratio:.2})", median / 1e3),
            format!("{:.0} ({ratio_of_late:.2})", late(lane) / 1e3),
        ]
    };
    let rows = times.lanes().map(|lane| (lane.title(), cells(lane)));
    let columns = vec!["median".into(), "99th percentile".into()];
    table(runtime.title(), columns, rows.collect())
}

fn memory_tables(results: &Results) -> String {
    let mut tables = format!(
        "## Memory\n\nN = {}. *Peak*: of the resident memory of a process that lives once, less that \
         of one that starts the runtime and does not; the median of {} processes each, in bytes an \
         actor. *Held*: the bytes that are allocated while all actors wait, an actor's share; \
         *allocations*: of the whole life, with reallocations, an actor's share; both counted by the \
         global allocator, in a process of its own, where each actor holds some 24 bytes more to \
         tell that it waits.\n",
        results.scale.most_actors(),
        results.scale.processes()
    );
    for (runtime, memory) in &results.memory {
        let rows = memory.iter().map(|memory| {
            let allocations = memory.allocations.as_ref();
            let cells = vec![
                whole(memory.peak),
                whole(allocations.map(|all| all.held)),
                allocations.map_or("–".into(), |all| format!("{:.2}", all.count)),
            ];
            (memory.contestant.title(), cells)
        });
        let columns = ["peak", "held", "allocations"].map(String::from);
        tables += &table(runtime.title(), columns.into(), rows.collect());
    }
    tables + "\n![Bytes an actor takes](plots/memory.svg)\n"
}

fn growth_table(results: &Results) -> String {
    let huge = results.scale.huge();
    let mut tables = format!(
        "## Huge groups\n\nNanoseconds an actor, in a group of {huge} and in groups of 1000, in \
         turns; the ratio says whether the cost is linear.\n"
    );
    for growth in &results.growth {
        let small = growth
            .times
            .lanes()
            .filter(|(_, size)| *size == Size::Small);
        let rows = small.map(|(contestant, _)| {
            let (huge, small) = ((contestant, Size::Huge), (contestant, Size::Small));
            let ratio = growth.times.ratio(huge, small).unwrap_or(f64::NAN);
            let cells = vec![
                whole(growth.times.median(small)),
                whole(growth.times.median(huge)),
                format!("{ratio:.2}"),
            ];
            (contestant.title(), cells)
        });
        let columns = vec!["N = 1000".into(), format!("N = {huge}"), "ratio".into()];
        tables += &table(growth.runtime.title(), columns, rows.collect());
    }
    tables
}

fn other_tables(results: &Results) -> String {
    let mut tables = format!(
        "## Other lives\n\nNanoseconds an actor. *Added late*: one actor adds {0} others through a \
         handle, and returns. *Come and go*: {0} short actors, one after the other. *Nested*: {1} \
         groups, each inside the one before, of {0} actors each.\n",
        others::ACTORS,
        others::DEPTH,
    );
    for others in &results.others {
        let title = format!("{}, {}", others.kind.title(), others.runtime.title());
        let rows = others.times.lanes().map(|contestant| {
            let time = others.times.median(contestant);
            (contestant.title(), vec![whole(time)])
        });
        tables += &table(&title, vec!["time".into()], rows.collect());
    }
    tables
}

fn idle_table(results: &Results) -> String {
    let mut page = format!(
        "## Idle groups\n\nN = {}, all waiting, on Tokio runtimes without a clock, where a timer would \
         panic. The threads of the process, without the one that counts; and how often any of them \
         woke up in a second (their voluntary context switches). The bare one shows what is the \
         runtime's own.\n\n| | | threads | wake-ups |\n| --- | --- | --- | --- |\n",
        crate::idle::ACTORS
    );
    for idle in &results.idle {
        let (runtime, contestant) = (idle.runtime.title(), idle.contestant.title());
        let _ = writeln!(
            page,
            "| {runtime} | {contestant} | {} | {} |",
            idle.threads, idle.wake_ups
        );
    }
    page
}

const NO_GO: &str = "\
## Go

Not measured: Go was not installed.
";

fn go_tables(go: &Go, scale: Scale) -> String {
    let most = scale.most_actors();
    let mut page = format!(
        "## Go\n\nThe same work in Go: a channel for each actor of oklog/run, which its interrupt \
         closes; errgroup's context; tomb's `Dying`. Each contestant is a process; ours run on Tokio \
         multi-thread, Go as it comes. Nanoseconds an actor, and in brackets the ratio to Go's \
         oklog/run. *Warm*: processes that live again and again, in turns. *Fresh*: a process for \
         each life, {} of each, at N = {most}. *Peak*: bytes an actor, as above.\n",
        scale.processes(),
    );
    let rows = Side::ALL.into_iter().map(|side| {
        let warm = go.warm.iter();
        let mut cells: Vec<String> = warm
            .map(|(actors, times)| an_actor(times, side, Side::RUN_GROUP, *actors))
            .collect();
        cells.push(an_actor(&go.fresh, side, Side::RUN_GROUP, most));
        cells.push(whole(
            go.peaks
                .iter()
                .find_map(|(one, peak)| (*one == side).then_some(*peak)?),
        ));
        (side.title(), cells)
    });
    let mut columns: Vec<String> = go
        .warm
        .iter()
        .map(|(n, _)| format!("warm, N = {n}"))
        .collect();
    columns.push("fresh".into());
    columns.push("peak".into());
    page += &table("", columns, rows.collect());
    page
}

const AGAIN: &str = "\
## Again

`benches/run.sh` measures all of this, in some minutes, and writes this page and its plots. For Go's
part, it wants Go and three packages, and does without where they are not: on Debian, `apt-get install
golang-go golang-github-oklog-run-dev golang-golang-x-sync-dev golang-gopkg-tomb.v2-dev`. `benches/run.sh
--quick` takes seconds, and writes to `target/bench-quick`.
";

fn table(title: &str, columns: Vec<String>, rows: Vec<(&str, Vec<String>)>) -> String {
    let mut table = format!("\n| {title} | {} |\n", columns.join(" | "));
    table += &format!("| --- |{}\n", " ---: |".repeat(columns.len()));
    for (title, cells) in rows {
        table += &format!("| {title} | {} |\n", cells.join(" | "));
    }
    table
}

fn whole(number: Option<f64>) -> String {
    number.map_or("–".into(), |number| format!("{number:.0}"))
}
