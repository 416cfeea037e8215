//! The machine and the versions that were measured.

use std::fs;
use std::process::Command;
use std::thread;

/// The crates whose version a reader wants to know.
const CRATES: [&str; 6] = [
    "rungroup",
    "tokio",
    "tokio-util",
    "tokio-graceful-shutdown",
    "smol",
    "async-std",
];

/// Debian's names of Go's peers.
const GO_PACKAGES: [&str; 3] = [
    "golang-github-oklog-run-dev",
    "golang-golang-x-sync-dev",
    "golang-gopkg-tomb.v2-dev",
];

/// The processor, the system and the versions, a line each. What cannot be found out is left out.
pub fn lines(with_go: bool) -> Vec<String> {
    let mut lines = vec![processor()];
    lines.extend(system());
    lines.extend(output("rustc", &["--version"]));
    lines.push(crates());
    if with_go {
        lines.extend(output("go", &["version"]));
        lines.extend(GO_PACKAGES.iter().filter_map(|package| {
            output(
                "dpkg-query",
                &["--show", "--showformat=${Package} ${Version}", package],
            )
        }));
    }
    lines
}

fn processor() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let model = field("/proc/cpuinfo", "model name");
    let memory = field("/proc/meminfo", "MemTotal").and_then(|total| {
        let kilobytes: f64 = total.split(' ').next()?.parse().ok()?;
        Some(format!(", {:.0} GB of memory", kilobytes / 1e6))
    });
    format!(
        "{}, {cores} cores{}",
        model.as_deref().unwrap_or("a processor"),
        memory.unwrap_or_default()
    )
}

fn system() -> Option<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("Linux {}", release.trim()))
}

fn crates() -> String {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    let version = |name: &str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) = lock.split_once(&entry)?;
        let (version, _) = rest.split_once('"')?;
        Some(format!("{name} {version}"))
    };
    let versions: Vec<String> = CRATES.into_iter().filter_map(version).collect();
    versions.join(", ")
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().into())
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.into())
}
