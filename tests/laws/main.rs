//! `docs/laws.md`, its tests and the sources agree: every law has a test and says where it is shown,
//! every law and test that is cited exists, and for each law there is a change of the library that
//! breaks it.
//!
//! `RUNGROUP_LIST_TESTS=1 cargo test --test laws` writes `laws.toml` anew. `ci/breaks.sh` makes each
//! change of `breaks`, and runs the test that must fail.

#![allow(clippy::pedantic)]

mod breaks;
mod list;
mod page;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use page::laws;

/// Where laws are tested or cited.
const SOURCES: [&str; 4] = ["src", "tests", "examples", "docs"];

#[test]
fn every_law_has_a_test() {
    let tests = tests();
    let without = laws().into_keys().filter(|number| {
        let prefix = format!("law_{number:02}_");
        !tests.iter().any(|test| test.starts_with(&prefix))
    });
    let without: Vec<_> = without.collect();
    assert!(without.is_empty(), "laws without a test: {without:?}");
}

#[test]
fn every_law_is_shown_where_it_says() {
    let mut wrong = Vec::new();
    for (number, shown_in) in laws() {
        if shown_in.is_empty() {
            wrong.push(format!("law {number} does not say where it is shown"));
        }
        for file in shown_in {
            let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
            if !text.contains(&format!("fn law_{number:02}_")) {
                wrong.push(format!("law {number} is not shown in {file}"));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/laws.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_test_that_is_listed_exists() {
    let lost: Vec<_> = list::read().difference(&tests()).cloned().collect();
    assert!(
        lost.is_empty(),
        "in laws.toml, but gone: {}",
        lost.join(", ")
    );
}

#[test]
fn every_law_that_is_cited_exists() {
    let laws = laws();
    for (file, text) in sources() {
        let by_name = tests_in(&text).into_iter().map(|test| number_of(&test));
        for number in by_name.chain(cited_in(&text)) {
            assert!(
                laws.contains_key(&number),
                "{} cites law {number}, which docs/laws.md does not have",
                file.display()
            );
        }
    }
}

#[test]
fn citations_are_found() {
    let found = |text: &str| cited_in(text);
    assert_eq!(found("see law 7."), [7]);
    assert_eq!(found("Laws 9, 11 and 14 hold"), [9, 11, 14]);
    assert_eq!(found("laws 5 to 19 and\n// 24: two"), [5, 19, 24]);
    assert_eq!(found("/// law\n/// 16, and 3 more"), [16]);
    assert_eq!(found("a flaw 3, a law of 4, lawn 5, 2 laws"), [0; 0]);
}

#[test]
fn tests_are_listed_on_demand() {
    if env::var_os("RUNGROUP_LIST_TESTS").is_some() {
        list::write(&tests());
    }
}

/// The names of all tests of a law.
fn tests() -> BTreeSet<String> {
    sources()
        .iter()
        .flat_map(|(_, text)| tests_in(text))
        .collect()
}

fn tests_in(text: &str) -> Vec<String> {
    let functions = text.split("fn law_").skip(1);
    let names = functions.map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        format!("law_{}", &rest[..end.unwrap_or(rest.len())])
    });
    names
        .filter(|name| name.as_bytes()[4].is_ascii_digit())
        .collect()
}

fn number_of(test: &str) -> usize {
    test[4..6]
        .parse()
        .unwrap_or_else(|_| panic!("`{test}` has no number of two digits"))
}

/// The numbers in "law 7", "laws 9, 11 and 14" and "laws 5 to 19".
fn cited_in(text: &str) -> Vec<usize> {
    let mut words = text
        .split(|c: char| c.is_whitespace() || "/!*()`\"".contains(c))
        .filter(|word| !word.is_empty())
        .peekable();
    let mut cited = Vec::new();
    while let Some(word) = words.next() {
        let many = word.eq_ignore_ascii_case("laws");
        if !many && !word.eq_ignore_ascii_case("law") {
            continue;
        }
        while let Some((number, goes_on)) = words.peek().and_then(|word| number_in(word)) {
            cited.push(number);
            words.next();
            if !many || !goes_on && !matches!(words.peek(), Some(&("and" | "to"))) {
                break;
            }
            words.next_if(|word| matches!(*word, "and" | "to"));
        }
    }
    cited
}

/// A number at the head of a word, and whether a comma after it promises more.
fn number_in(word: &str) -> Option<(usize, bool)> {
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    let number = word[..end].parse().ok()?;
    Some((number, &word[end..] == ","))
}

/// Every Rust and Markdown file with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    for directory in SOURCES {
        collect(&root().join(directory), &mut sources);
    }
    // These files cite laws that are not there, to test themselves.
    sources.retain(|(file, _)| !file.starts_with(root().join("tests/laws")));
    sources
}

fn collect(directory: &Path, sources: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path
            .extension()
            .is_some_and(|end| end == "rs" || end == "md")
        {
            let text = fs::read_to_string(&path).unwrap();
            sources.push((path, text));
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
