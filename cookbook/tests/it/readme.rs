//! The README lists every recipe.

use std::fs;

#[test]
fn the_readme_lists_every_recipe() {
    let readme = include_str!("../../README.md");
    let recipes = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin")).unwrap();
    for recipe in recipes {
        let file = recipe.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("(src/bin/{file})")), "{file}");
    }
}
