//! The README's programs are `quickstart` and `orders`, and print what the README says they print.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use rustix::process::Signal;

use crate::example::{ANY_PORT, Example, directory, fifo, hold};

const README: &str = include_str!("../../README.md");
const PROGRAMS: [&str; 2] = [
    include_str!("../quickstart.rs"),
    include_str!("../orders.rs"),
];

/// How many orders the queue holds easily.
const CUSTOMERS: usize = 5;

#[test]
fn the_readme_shows_the_sources_of_its_programs() {
    // Without the head, which says how to run it.
    let programs = PROGRAMS.map(|program| program.split_once("\n\n").unwrap().1);
    let shown: Vec<_> = blocks("rust").collect();
    assert_eq!(shown, programs);
}

#[test]
fn the_first_program_fits_the_first_screen() {
    assert!(blocks("rust").next().unwrap().lines().count() <= 15);
}

/// It does not say when it watches the signal. It unblocks it then.
#[test]
fn the_readme_shows_what_ctrl_c_does() {
    hold(|| {
        let quickstart = Example::start_signalled(Signal::INT, "quickstart");
        let ended = quickstart.end();
        ended.assert_code(0);
        let printed = ended.lines.join("\n");
        assert_eq!(normal(&printed), normal(output("stopped by", 0)));
    });
}

#[test]
fn the_readme_shows_the_report_of_a_good_stop() {
    hold(|| {
        let directory = directory("the_readme_shows_the_report_of_a_good_stop");
        let mut orders = start(&directory);
        sell(orders.address());
        orders.signal(Signal::TERM);
        let ended = orders.end();
        assert_eq!(normal(&ended.stderr), normal(output("stopped by", 1)));
        ended.assert_code(0);
        let stored = fs::read_to_string(directory.join("orders.log")).unwrap();
        let sold: Vec<_> = (1..=CUSTOMERS).map(|nth| format!("order {nth}")).collect();
        assert_eq!(stored.lines().collect::<Vec<_>>(), sold);
    });
}

/// The server stops waiting for it. Nothing else fails for it.
#[test]
fn a_client_with_half_a_request_does_not_decide_how_the_program_ends() {
    hold(|| {
        let directory = directory("a_client_with_half_a_request");
        let mut orders = start(&directory);
        let address = orders.address();
        let _half = [
            "POST / HTTP/1.1\r\nHo",
            "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nor",
        ]
        .map(|half| {
            let mut customer = TcpStream::connect(address).unwrap();
            customer.write_all(half.as_bytes()).unwrap();
            customer
        });
        sell(address); // the server accepts these after those
        orders.signal(Signal::TERM);
        let ended = orders.end();
        ended.assert_code(0);
        ended.assert_stderr("warning: clients that did not end were cut off\nstopped by");
        let stored = fs::read_to_string(directory.join("orders.log")).unwrap();
        assert_eq!(stored.lines().count(), CUSTOMERS);
    });
}

/// Opening a named pipe takes until somebody reads it, which nobody does.
#[test]
fn the_readme_shows_the_status_and_the_report_of_a_database_that_hangs() {
    hold(|| {
        let directory = directory("the_readme_shows_the_status_and_the_report");
        fifo(&directory, "orders.log");
        let mut orders = start(&directory);
        let address = orders.address();
        sell(address);
        orders.signal(Signal::TERM);
        // From then on it stops, and every status is one of the stop.
        while TcpStream::connect(address).is_ok() {}
        let status = loop {
            let status = ask(&mut orders);
            // What closes the port exits a moment later.
            if !status.contains("server") {
                break status;
            }
        };
        assert_eq!(normal(&status), normal(output("stopping for", 0)));

        let ended = orders.end();
        assert_eq!(normal(&ended.stderr), normal(output("stopped by", 2)));
        ended.assert_code(1);
    });
}

fn start(directory: &Path) -> Example {
    Example::start_in(directory, "orders", ANY_PORT[0])
}

/// Has an order of each customer accepted, one after the other.
fn sell(address: SocketAddr) {
    for order in 1..=CUSTOMERS {
        let mut customer = TcpStream::connect(address).unwrap();
        let order = format!("order {order}");
        let length = order.len();
        write!(
            customer,
            "POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{order}"
        )
        .unwrap();
        let mut answer = String::new();
        customer.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 202 Accepted"), "{answer}");
    }
}

/// Asks for the status, which ends with the actor that prints it.
fn ask(orders: &mut Example) -> String {
    orders.signal(Signal::USR1);
    let mut status = String::new();
    loop {
        let line = orders.complaint();
        assert!(!line.is_empty(), "it ended after {status}");
        status += &line;
        if line.starts_with("  status ") {
            return status;
        }
    }
}

/// The code blocks of the README that have this mark.
fn blocks(mark: &str) -> impl Iterator<Item = &'static str> {
    README
        .split("```")
        .skip(1)
        .step_by(2)
        .filter_map(move |block| {
            let (first, block) = block.split_once('\n')?;
            (first == mark).then_some(block)
        })
}

/// The nth output of the README that begins with these words.
fn output(begin: &str, nth: usize) -> &'static str {
    let mut outputs = blocks("text").filter(|block| block.starts_with(begin));
    outputs.nth(nth).unwrap()
}

/// The lines without times and bars, and the background actors, which exit at the same time, in the
/// order of their names.
fn normal(output: &str) -> Vec<String> {
    let mut lines: Vec<String> = output.lines().map(timeless).collect();
    let is_background = |line: &String| {
        let name = line.split_whitespace().next();
        matches!(name, Some("status" | "termination"))
    };
    if let Some(first) = lines.iter().position(is_background) {
        let last = lines.iter().rposition(is_background).unwrap_or(first);
        lines[first..=last].sort();
    }
    lines
}

/// A line whose times are all the same, each with the spaces that fill its column, and whose bar
/// only shows whether the actor was forced.
fn timeless(line: &str) -> String {
    let (columns, bar) = line.split_once('|').unwrap_or((line, ""));
    let mut timeless = String::new();
    for (nth, word) in columns.split(' ').enumerate() {
        let time = word.trim_end_matches([':', ';']);
        if is_time(time) {
            timeless.truncate(timeless.trim_end().len());
            timeless += " TIME";
            timeless += &word[time.len()..];
        } else {
            timeless += if nth > 0 { " " } else { "" };
            timeless += word;
        }
    }
    match (bar.is_empty(), bar.contains('!')) {
        (true, _) => timeless,
        (false, true) => timeless + "|!|",
        (false, false) => timeless + "|=|",
    }
}

/// Whether it is one, as "1.25s", "350ms" or "0ns".
fn is_time(word: &str) -> bool {
    let number = word.trim_end_matches(['n', 'µ', 'm', 's']);
    number.len() < word.len() && number.parse::<f64>().is_ok()
}
