//! `laws.toml`: the tests of each law, so that one that is lost is seen in a diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use super::{number_of, root};

const HEAD: &str = "\
# The tests of each law. Written by `RUNGROUP_LIST_TESTS=1 cargo test --test laws`.
";

fn path() -> PathBuf {
    root().join("tests/laws/laws.toml")
}

pub(super) fn read() -> BTreeSet<String> {
    parse(&fs::read_to_string(path()).unwrap())
}

pub(super) fn write(tests: &BTreeSet<String>) {
    fs::write(path(), show(tests)).unwrap();
}

fn parse(list: &str) -> BTreeSet<String> {
    let quoted = list
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"'));
    quoted
        .map(|line| line.trim_end_matches([',', '"']).to_owned())
        .collect()
}

fn show(tests: &BTreeSet<String>) -> String {
    let mut laws: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
    for test in tests {
        laws.entry(number_of(test)).or_default().push(test);
    }
    let mut list = HEAD.to_owned();
    for (number, tests) in laws {
        let _ = writeln!(list, "\n[{number}]\ntests = [");
        for test in tests {
            let _ = writeln!(list, "    \"{test}\",");
        }
        list.push_str("]\n");
    }
    list
}

#[test]
fn a_list_is_read_as_it_was_written() {
    let tests: BTreeSet<_> = ["law_07_a", "law_07_b", "law_12_c"]
        .map(str::to_owned)
        .into();
    let list = show(&tests);
    assert!(list.contains("\n[7]\ntests = [\n    \"law_07_a\",\n    \"law_07_b\",\n]\n"));
    assert_eq!(parse(&list), tests);
}
