//! The changes that break the laws, one in each file of `breaks`, which begins with the number of its
//! law:
//!
//! ```text
//! What the change does.
//! Fails: law_07_name_of_a_test
//! Run: --features tokio --test ends      (if it is no test of `it` on threads)
//!
//! --- a/src/file.rs
//! +++ b/src/file.rs
//! @@
//! -a line that is there once
//! +what stands there instead
//! ```
//!
//! Lines are compared without their indentation, and there is no context: the change still fits when
//! its surroundings move.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{laws, root, tests};

struct Break {
    law: usize,
    /// Its own name, in `breaks`.
    name: String,
    file: String,
    old: Vec<String>,
    new: Vec<String>,
    test: String,
    /// What cargo is told besides the name of the test.
    run: Vec<String>,
}

/// On threads alone: one runtime is enough to see most breaks, and builds in a fifth of the time.
const ON_THREADS: &str = "--features signal --test it";

#[test]
fn every_law_has_a_change_that_breaks_it() {
    let broken: BTreeSet<_> = breaks().iter().map(|it| it.law).collect();
    let without: Vec<_> = laws()
        .into_keys()
        .filter(|law| !broken.contains(law))
        .collect();
    assert!(
        without.is_empty(),
        "laws without a change in tests/laws/breaks: {without:?}"
    );
}

#[test]
fn every_break_fits_the_source() {
    let tests = tests();
    let mut wrong = Vec::new();
    for it in breaks() {
        wrong.extend(it.misfit(root()));
        if !tests.contains(&it.test) {
            wrong.push(format!("{}: there is no test {}", it.name, it.test));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} to be written anew, in tests/laws/breaks:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Breaks the law of `RUNGROUP_BREAK`, or one after the other, in a copy of the sources.
#[test]
#[ignore = "takes minutes: ci/breaks.sh runs it"]
fn every_break_is_found() {
    let only: Option<usize> = env::var("RUNGROUP_BREAK")
        .ok()
        .map(|it| it.parse().unwrap());
    let breaks = breaks()
        .into_iter()
        .filter(|it| only.is_none_or(|law| law == it.law));
    let copy = Copy::of_sources();
    let mut missed = Vec::new();
    let mut made = 0;
    for it in breaks {
        made += 1;
        let found = copy.finds(&it);
        println!("{}: {} ({found:?})", it.name, it.test);
        if found != Found::Failed {
            missed.push(format!("{}: {} ({found:?})", it.name, it.test));
        }
    }
    assert!(made > 0, "no change breaks law {only:?}");
    assert!(
        missed.is_empty(),
        "{} of {made} were not found:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

fn breaks() -> Vec<Break> {
    let mut breaks: Vec<_> = fs::read_dir(root().join("tests/laws/breaks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| Break::parse(&path))
        .collect();
    breaks.sort_by(|one, other| one.name.cmp(&other.name));
    breaks
}

impl Break {
    fn parse(path: &Path) -> Break {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(path).unwrap();
        let find = |head: &str| text.lines().find_map(|line| line.strip_prefix(head));
        let after = |head: &str| {
            find(head)
                .unwrap_or_else(|| panic!("{name} has no line `{head}…`"))
                .to_owned()
        };
        let run = find("Run: ").unwrap_or(ON_THREADS);
        let (_, diff) = text
            .split_once("\n@@\n")
            .unwrap_or_else(|| panic!("{name} has no line `@@`"));
        let lines = |sign: char| {
            let lines = diff.lines().filter_map(|line| line.strip_prefix(sign));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        Break {
            law: name[..2].parse().expect("the number of a law"),
            file: after("--- a/"),
            old: lines('-'),
            new: lines('+'),
            test: after("Fails: "),
            run: run.split_whitespace().map(str::to_owned).collect(),
            name: name.clone(),
        }
    }

    /// Why it no longer fits the source, if it does not.
    fn misfit(&self, sources: &Path) -> Option<String> {
        let Ok(text) = fs::read_to_string(sources.join(&self.file)) else {
            return Some(format!("{}: {} is gone", self.name, self.file));
        };
        let places = self.places_in(&text).len();
        (places != 1).then(|| {
            format!(
                "{}: {} must have these lines once, and has them {places} times:\n    {}",
                self.name,
                self.file,
                self.old.join("\n    ")
            )
        })
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
    DoesNotFit,
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
        if it.misfit(&self.0).is_some() {
            return Found::DoesNotFit;
        }
        let file = self.0.join(&it.file);
        let whole = fs::read_to_string(&file).unwrap();
        fs::write(&file, it.applied_to(&whole)).unwrap();
        let found = self.test(it);
        fs::write(&file, whole).unwrap();
        found
    }

    fn test(&self, it: &Break) -> Found {
        let output = Command::new(env!("CARGO"))
            .arg("test")
            .args(&it.run)
            .arg(&it.test)
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
