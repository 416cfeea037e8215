//! The changes that break the laws, as `docs/laws.md` shows them:
//!
//! ````text
//! Broken in `src/file.rs`:
//!
//! ```diff
//! -a line that is there once +what stands there instead
//! ```
//!
//! Then `law_07_name_of_a_test` fails.
//! ````
//!
//! Lines are compared without their indentation.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{laws, root, tests, text_of_laws};

struct Break {
    law: usize,
    file: String,
    old: Vec<String>,
    new: Vec<String>,
    test: String,
}

#[test]
fn every_law_says_what_breaks_it() {
    let breaks = breaks();
    for number in laws().keys() {
        assert!(
            breaks.iter().any(|it| it.law == *number),
            "docs/laws.md does not say what breaks law {number}"
        );
    }
}

#[test]
fn every_break_fits_the_source() {
    let tests = tests();
    for it in breaks() {
        let text = fs::read_to_string(root().join(&it.file)).unwrap();
        assert_eq!(
            it.places_in(&text).len(),
            1,
            "law {}: {} must have these lines once:\n{}",
            it.law,
            it.file,
            it.old.join("\n")
        );
        assert!(tests.contains(&it.test), "`{}` does not exist", it.test);
    }
}

/// Breaks the law of `RUNGROUP_BREAK`, or one after the other, in a copy of the sources.
#[test]
#[ignore = "takes minutes: ci/breaks.sh runs it"]
fn every_break_is_found() {
    let only: Option<usize> = env::var("RUNGROUP_BREAK")
        .ok()
        .map(|it| it.parse().unwrap());
    let copy = Copy::of_sources();
    let mut missed = Vec::new();
    for it in breaks() {
        if only.is_some_and(|law| law != it.law) {
            continue;
        }
        let found = copy.finds(&it);
        println!("law {}: {} ({found:?})", it.law, it.test);
        if found != Found::Failed {
            missed.push((it.law, it.test, found));
        }
    }
    assert!(missed.is_empty(), "these were not found: {missed:?}");
}

fn breaks() -> Vec<Break> {
    let text = text_of_laws();
    let sections = text.split("\n## ").skip(1).zip(1..);
    sections
        .flat_map(|(section, law)| {
            let breaks = section.split("\nBroken in `").skip(1);
            breaks.map(move |text| Break::parse(law, text))
        })
        .collect()
}

impl Break {
    fn parse(law: usize, text: &str) -> Break {
        let (file, rest) = text.split_once('`').expect("a file in backticks");
        let (_, rest) = rest.split_once("```diff\n").expect("a diff");
        let (diff, rest) = rest.split_once("```").expect("the end of the diff");
        let (_, rest) = rest.split_once("Then `").expect("the test that fails");
        let (test, _) = rest.split_once('`').expect("the end of its name");
        let lines = |sign: char| {
            let lines = diff.lines().filter_map(|line| line.strip_prefix(sign));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        Break {
            law,
            file: file.to_owned(),
            old: lines('-'),
            new: lines('+'),
            test: test.to_owned(),
        }
    }

    /// Where its lines stand.
    fn places_in(&self, text: &str) -> Vec<usize> {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let places = lines.windows(self.old.len()).enumerate();
        places
            .filter(|(_, lines)| *lines == self.old)
            .map(|(at, _)| at)
            .collect()
    }

    fn applied_to(&self, text: &str) -> String {
        let at = self.places_in(text)[0];
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.splice(at..at + self.old.len(), self.new.iter().cloned());
        lines.join("\n") + "\n"
    }
}

#[derive(Debug, PartialEq)]
enum Found {
    Failed,
    Passed,
    DidNotCompile,
}

/// A copy of the sources with a target of its own.
struct Copy(PathBuf);

impl Copy {
    fn of_sources() -> Copy {
        let target = env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
        let copy = target.join("breaks/sources");
        let _ = fs::remove_dir_all(&copy);
        copy_folder(root(), &copy);
        Copy(copy)
    }

    fn finds(&self, it: &Break) -> Found {
        let file = self.0.join(&it.file);
        let whole = fs::read_to_string(&file).unwrap();
        fs::write(&file, it.applied_to(&whole)).unwrap();
        let found = self.test(&it.test);
        fs::write(&file, whole).unwrap();
        found
    }

    fn test(&self, name: &str) -> Found {
        let output = Command::new(env!("CARGO"))
            // On threads alone: one runtime is enough to see it, and builds in a fifth of the time.
            .args(["test", "--features", "signal", "--test", "it", name])
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.with_file_name("target"))
            // What a change leaves unused is no matter.
            .env("RUSTFLAGS", "--cap-lints allow")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        match output.status.success() {
            true => Found::Passed,
            // One that aborts the process prints no result.
            false if said.contains("test result: FAILED") || said.contains("\nrunning ") => {
                Found::Failed
            }
            false => Found::DidNotCompile,
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "target" || name == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}
