//! `docs/laws.md` and the sources agree: every law has a test, every law and test that is cited
//! exists, and each law says which change of the library breaks it.
//!
//! `RUNGROUP_LIST_TESTS=1 cargo test --test laws` writes the lists of tests in `docs/laws.md` anew.
//! `ci/breaks.sh` makes each change, and runs the test that must fail.

#![allow(clippy::pedantic)]

mod breaks;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where laws are tested or cited.
const SOURCES: [&str; 4] = ["src", "tests", "examples", "docs"];

#[test]
fn every_law_has_a_test() {
    let tests = tests();
    for number in laws().keys() {
        let prefix = format!("law_{number:02}_");
        assert!(
            tests.iter().any(|test| test.starts_with(&prefix)),
            "law {number} has no test `{prefix}…`"
        );
    }
}

#[test]
fn every_law_names_its_tests() {
    for (number, cited) in laws() {
        let prefix = format!("law_{number:02}_");
        assert!(
            cited.iter().any(|test| test.starts_with(&prefix)),
            "docs/laws.md names no test `{prefix}…` of law {number}"
        );
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = tests();
    for (number, cited) in laws() {
        for test in cited {
            assert!(
                tests.contains(&test),
                "law {number} names `{test}`, which does not exist"
            );
        }
    }
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
        fs::write(
            root().join("docs/laws.md"),
            with_lists(&text_of_laws(), &tests()),
        )
        .unwrap();
    }
}

#[test]
fn lists_are_written_below_their_laws() {
    let text =
        "# A\n\n## 7. Seven\n\nRule.\n\nHeld by:\n\n- `old`\n\n# B\n\n## 8. Eight\n\nHeld by:\n";
    let tests = ["law_07_a", "law_07_b", "law_08_c"].map(str::to_owned);
    assert_eq!(
        with_lists(text, &tests.into()),
        "# A\n\n## 7. Seven\n\nRule.\n\nHeld by:\n\n- `law_07_a`\n- `law_07_b`\n\n# B\n\n## 8. Eight\n\nHeld by:\n\n- `law_08_c`\n"
    );
}

/// The text with the tests of each law below its "Held by:".
fn with_lists(text: &str, tests: &BTreeSet<String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut law = String::new();
    for line in text.lines().filter(|line| !line.starts_with("- `")) {
        if let Some((number, _)) = line.strip_prefix("## ").and_then(|it| it.split_once(". ")) {
            law = format!("law_{number:0>2}_");
        }
        // The blank lines around a list that is gone.
        if !(line.is_empty() && lines.last().is_some_and(String::is_empty)) {
            lines.push(line.to_owned());
        }
        if line == "Held by:" {
            lines.push(String::new());
            let held_by = tests.iter().filter(|test| test.starts_with(&law));
            lines.extend(held_by.map(|test| format!("- `{test}`")));
            lines.push(String::new());
        }
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

fn text_of_laws() -> String {
    fs::read_to_string(root().join("docs/laws.md")).unwrap()
}

/// Each law of `docs/laws.md` with the tests that its section names.
fn laws() -> BTreeMap<usize, Vec<String>> {
    let text = text_of_laws();
    let mut laws = BTreeMap::new();
    let sections = text.split("\n## ").skip(1);
    for (section, expected) in sections.zip(1..) {
        let (number, _) = section.split_once(". ").expect("a numbered heading");
        assert_eq!(
            number.parse(),
            Ok(expected),
            "the laws are numbered without a gap"
        );
        let named = section.split('`').filter(|word| word.starts_with("law_"));
        laws.insert(expected, named.map(str::to_owned).collect());
    }
    laws
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
    // This file cites laws that are not there, to test itself.
    sources.retain(|(file, _)| !file.ends_with("tests/laws/main.rs"));
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
