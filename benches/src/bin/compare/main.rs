//! Measures rungroup against its peers, and writes the results.
//!
//! ```text
//! compare [--quick] [--go PROGRAM] DIRECTORY
//! ```
//!
//! `benches/run.sh` builds all it needs, and calls it.

mod child;
mod go;
mod idle;
mod lives;
mod machine;
mod memory;
mod others;
mod page;
mod plots;
mod race;
mod results;
mod scale;
mod targets;

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use results::Results;
use scale::Scale;

const USAGE: &str = "usage: compare [--quick] [--go PROGRAM] DIRECTORY";

fn main() -> Result<(), Box<dyn Error>> {
    let (mut scale, mut go, mut directory) = (Scale::Full, None, None);
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => scale = Scale::Quick,
            "--go" => go = Some(PathBuf::from(args.next().ok_or(USAGE)?)),
            unknown if unknown.starts_with('-') => return Err(USAGE.into()),
            _ => directory = Some(PathBuf::from(arg)),
        }
    }
    let directory = directory.ok_or(USAGE)?;
    let plots = directory.join("plots");
    fs::create_dir_all(&plots)?;

    let from = Instant::now();
    let results = Results::measure(scale, go.as_deref());
    plots::draw(&results, &plots)?;
    let page = page::page(&results);
    fs::write(directory.join("RESULTS.md"), &page)?;
    println!("{page}");
    eprintln!("measured for {:.0} s", from.elapsed().as_secs_f64());
    Ok(())
}
