//! `docs/laws.md`, as far as a machine reads it:
//!
//! ```text
//! ## 7. Title
//!
//! …
//!
//! Shown in `tests/it/laws/stop.rs`, `tests/memory.rs`.
//! ```

use std::collections::BTreeMap;
use std::fs;

use super::root;

/// The files that each law says it is shown in.
pub(super) fn laws() -> BTreeMap<usize, Vec<String>> {
    parse(&fs::read_to_string(root().join("docs/laws.md")).unwrap())
}

fn parse(page: &str) -> BTreeMap<usize, Vec<String>> {
    let mut laws = BTreeMap::new();
    for (section, expected) in page.split("\n## ").skip(1).zip(1..) {
        let (number, _) = section.split_once(". ").expect("a numbered heading");
        assert_eq!(
            number.parse(),
            Ok(expected),
            "the laws are numbered without a gap"
        );
        laws.insert(expected, shown_in(section));
    }
    laws
}

fn shown_in(section: &str) -> Vec<String> {
    let Some((_, rest)) = section.split_once("\nShown in ") else {
        return Vec::new();
    };
    let paragraph = rest.split("\n\n").next().unwrap_or(rest);
    let quoted = paragraph.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

#[test]
fn laws_are_parsed() {
    let page = "# A\n\n## 1. One\n\n`Rule`.\n\nShown in `a.rs`,\n`b.rs`.\n\n## 2. Two\n\nRule.\n";
    let laws = parse(page);
    assert_eq!(laws[&1], ["a.rs", "b.rs"]);
    assert_eq!(laws[&2], [""; 0]);
}
